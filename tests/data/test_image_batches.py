import threading

import keras
import numpy as np
import pytest
from oracles.image_trees import write_tree

from kcore.data import from_arrays, from_directory, from_files, scan

X = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1) * np.ones((1, 2, 2, 3), np.uint8)
Y = np.arange(10)


def labels_of(dataset):
    return [labels.tolist() for _, labels in dataset]


def test_arrays_in_batches():
    weight = np.linspace(0, 1, 10, dtype="float32")
    dataset = from_arrays(X, Y, sample_weight=weight, batch_size=4, shuffle=False)
    assert isinstance(dataset, keras.utils.PyDataset)
    assert len(dataset) == dataset.num_batches == 3
    x, y, w = dataset[2]
    np.testing.assert_array_equal(x, X[8:])
    assert x.dtype == np.uint8
    np.testing.assert_array_equal(y, [8, 9])
    np.testing.assert_array_equal(w, weight[8:])
    assert dataset[-1][1].tolist() == [8, 9]
    assert repr(from_arrays(X, seed=3)) == (
        "<ImageBatches: 10 images of 2x2x3, 1 batch of 32, seed 3>"
    )


@pytest.mark.parametrize("number", [3, -4, 1.0])
def test_there_is_no_other_batch(number):
    for ask in (from_arrays(X, batch_size=4).__getitem__, from_arrays(X, batch_size=4).indices):
        with pytest.raises(IndexError, match=f"There is no batch {number}: there are 3"):
            ask(number)


def test_images_of_a_batch_belong_to_their_targets():
    for x, y in from_arrays(X, Y, batch_size=3, seed=1):
        np.testing.assert_array_equal(x[:, 0, 0, 0], y)


@pytest.mark.parametrize("num_threads", [1, 2, 5])
def test_content_and_order_do_not_depend_on_threads(num_threads):
    dataset = from_arrays(X, Y, batch_size=3, seed=1, num_threads=num_threads)
    expected = [dataset.indices(number).tolist() for number in range(4)]
    assert labels_of(dataset) == expected
    assert [dataset[number][1].tolist() for number in (2, 0, 3, 1)] == [
        expected[number] for number in (2, 0, 3, 1)
    ]


def test_a_seed_repeats_and_none_draws_one_that_can_be_used():
    drawn = from_arrays(X, Y)
    again = from_arrays(X, Y, seed=drawn.seed)
    assert labels_of(drawn) == labels_of(again)
    assert from_arrays(X).seed != from_arrays(X).seed


def test_transform_gets_images_indices_and_epoch():
    seen = []

    def transform(images, indices, epoch):
        seen.append((images.dtype, indices.dtype, epoch))
        np.testing.assert_array_equal(images[:, 0, 0, 0], indices)
        return images * np.float32(0.5) + epoch

    dataset = from_arrays(X, Y, batch_size=4, seed=1, transform=transform)
    dataset.epoch = 3
    for x, y in dataset:
        np.testing.assert_array_equal(x[:, 0, 0, 0], y / 2 + 3)
    assert seen == [(np.uint8, np.int64, 3)] * 3


def test_a_transform_may_change_its_argument_and_runs_once_at_a_time():
    running = threading.Lock()

    def transform(images, indices, epoch):
        assert running.acquire(blocking=False)
        images += 1
        running.release()
        return images

    dataset = from_arrays(X, Y, batch_size=1, num_threads=8, transform=transform)
    for _ in range(3):
        for x, y in dataset:
            assert x[0, 0, 0, 0] == y[0] + 1


def test_an_image_can_be_replayed():
    def transform(images, indices, epoch):
        return images + 10 * epoch + indices[:, None, None, None]

    dataset = from_arrays(X, Y, batch_size=4, seed=1, transform=transform)
    dataset.epoch = 2
    for x, y in dataset:
        for image, index in zip(x, y, strict=True):
            np.testing.assert_array_equal(dataset.image(index, epoch=2), image)
            np.testing.assert_array_equal(dataset.image(index), X[index])
    for index in (10, -1, 1.5):
        with pytest.raises(IndexError, match=f"index={index} is outside of 0 to 9"):
            dataset.image(index)
    for ask in (dataset.image, dataset.indices):
        with pytest.raises(ValueError, match="epoch=-1 must be an integer of at least 0"):
            ask(0, epoch=-1)


def test_inputs_as_targets_are_those_that_the_model_receives():
    x, y = from_arrays(X, "input", transform=lambda images, indices, epoch: images / 2)[0]
    assert not np.shares_memory(x, y)
    np.testing.assert_array_equal(x, y)


def test_an_object_can_give_the_targets():
    class Names:
        def __getitem__(self, indices):
            return {"name": indices * 2}

    _, y = from_arrays(X, Names(), batch_size=4, shuffle=False)[1]
    assert y["name"].tolist() == [8, 10, 12, 14]


def test_shards_have_blocks_of_the_batches():
    shards = [from_arrays(X, Y, batch_size=6, seed=4, shard=(n, 3)) for n in range(3)]
    (first, last) = labels_of(from_arrays(X, Y, batch_size=6, seed=4))
    blocks = zip(*map(labels_of, shards), strict=True)
    assert [[*a, *b, *c] for a, b, c in blocks] == [first, last[:3]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size=0 must be an integer of at least 1"),
        ({"seed": -1}, r"seed=-1 must be an integer, 0 <= seed < 2\*\*64"),
        ({"seed": 2**64}, "seed=18446744073709551616 must be an integer"),
        ({"shard": (2, 2)}, r"shard=\(2, 2\) must be \(index, count\), two int"),
        ({"num_threads": 0}, "num_threads=0 must be an integer"),
        ({"drop_remainder": True}, "10 samples, batch_size=32, shard=.* leave no batch"),
        ({"sample_weight": np.ones(3)}, r"sample_weight with shape \(3,\) must have one"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        from_arrays(X, Y, **options)


def test_y_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"y with shape \(9,\) must have one entry for each of 10"):
        from_arrays(X, Y[:9])


def test_the_queue_of_keras_is_refused():
    dataset = from_arrays(X)
    assert (dataset.workers, dataset.use_multiprocessing) == (1, False)
    dataset.workers = 1
    with pytest.raises(ValueError, match="workers=4: this dataset makes batches ahead by threads"):
        dataset.workers = 4
    with pytest.raises(ValueError, match="use_multiprocessing=True"):
        dataset.use_multiprocessing = True


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"cat": 6, "dog": 4})


def test_a_folder_tells_what_legacy_keras_told(tree):
    dataset = from_directory(tree, image_size=(8, 8), verbose=False)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.class_indices == {"cat": 0, "dog": 1}
    assert dataset.num_classes == 2
    assert dataset.samples == 10
    assert dataset.classes.tolist() == [0] * 6 + [1] * 4
    assert dataset.filenames[6] == "dog/000.png"
    arrays = from_arrays(X)
    assert (arrays.class_names, arrays.class_indices, arrays.filenames) == ((), {}, [])
    assert (arrays.classes, arrays.audit) == (None, None)


def test_channels_first(tree):
    last = from_directory(tree, image_size=(8, 6), seed=1, verbose=False)
    first = from_directory(
        tree, image_size=(8, 6), seed=1, data_format="channels_first", verbose=False
    )
    assert first[0][0].shape == (10, 3, 8, 6)
    np.testing.assert_array_equal(np.moveaxis(first[0][0], 1, -1), last[0][0])
    assert first[0][0].flags.c_contiguous
    assert first.image(0).shape == (3, 8, 6)


def test_files_with_targets_of_their_own(tree):
    ages = np.linspace(0, 9, 10)
    dataset = from_files(scan(tree), ages, image_size=(8, 8), batch_size=3, seed=5)
    for number, (_, y) in enumerate(dataset):
        np.testing.assert_array_equal(y, ages[dataset.indices(number)])


def test_verbose_prints_counts_and_seed(tree, capsys):
    dataset = from_directory(tree, cache="memory", image_size=(300, 300))
    assert capsys.readouterr().out.splitlines() == [
        f"10 images, 2 classes, seed {dataset.seed}",
        "  cat          6",
        "  dog          4",
        "  cache: 2.7 MB in memory",
    ]


def test_both_parts_of_one_scan(tree, capsys):
    training, validation = from_directory(
        tree, image_size=(8, 8), batch_size=4, validation_split=0.5, subset="both",
        transform=lambda images, indices, epoch: images * 0.0,
    )  # fmt: skip
    assert capsys.readouterr().out.startswith("Training: 5 images, 2 classes, seed ")
    assert sorted(training.filenames + validation.filenames) == scan(tree).filenames
    assert training.files.counts() == {"cat": 3, "dog": 2}
    assert not np.any(training[0][0])
    assert np.any(validation[0][0]), "validation images are not transformed"
    assert [validation.indices(n).tolist() for n in range(2)] == [[0, 1, 2, 3], [4]]


def test_parts_of_two_calls_are_those_of_one(tree):
    options = {"validation_split": 0.3, "seed": 5, "verbose": False}
    both = from_directory(tree, subset="both", **options)
    for name, part in zip(("training", "validation"), both, strict=True):
        assert from_directory(tree, subset=name, **options).filenames == part.filenames


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation_split": 0.2}, "validation_split=0.2 needs subset='training', 'validation'"),
        ({"subset": "both"}, "subset='both' needs a validation_split above 0"),
        ({"subset": "test", "validation_split": 0.2}, "subset='test' is unknown"),
        ({"subset": "training", "validation_split": 0.2}, "needs a seed, the same for both parts"),
    ],
)
def test_wrong_splits_are_refused(tree, options, message):
    with pytest.raises(ValueError, match=message):
        from_directory(tree, **options)


def test_lists_of_targets_and_weights_are_taken():
    dataset = from_arrays(
        np.zeros((3, 2)), [5, 6, 7], sample_weight=[1, 2, 3], batch_size=2, shuffle=False
    )
    assert [(y.tolist(), weight.tolist()) for _, y, weight in dataset] == [
        ([5, 6], [1, 2]),
        ([7], [3]),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": [1, 2]}, r"y with shape \(2,\) must have one entry for each of 3 samples"),
        ({"y": "sparse"}, "y='sparse' must be an array, 'input' or None"),
        ({"sample_weight": [1, 2, 3]}, "there are none: give both"),
    ],
)
def test_targets_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        from_arrays(np.zeros((3, 2)), **options)


@pytest.mark.parametrize("epoch", [-1, 2**32, 1.0])
def test_an_epoch_that_has_no_order_is_refused_when_it_is_set(epoch):
    dataset = from_arrays(X)
    with pytest.raises(ValueError, match=f"epoch={epoch} must be an integer of at least 0"):
        dataset.epoch = epoch
    assert dataset.epoch == 0
