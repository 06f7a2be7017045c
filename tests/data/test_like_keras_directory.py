"""`from_directory` does with a folder what `keras.utils.image_dataset_from_directory` does."""

import keras
import numpy as np
import pytest
from oracles.image_trees import pixels, write_tree
from PIL import Image

from kcore.data import from_arrays, from_directory, from_files, scan

SIZE = {"height": 9, "width": 7}
OPTIONS = {"image_size": (9, 7), "shuffle": False, "seed": 1, "verbose": False, "batch_size": 4}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("like_keras")
    write_tree(root / "tree", {"cat": 3, "dog": 4, "eel": 2}, **SIZE)
    (root / "tree" / "dog" / "deeper").mkdir()
    Image.fromarray(pixels(99, **SIZE)).save(root / "tree" / "dog" / "deeper" / "a.png")
    return root / "tree"


def of_keras(folder, **options):
    """Every image of Keras's dataset, and every label if it has labels, in its order."""
    dataset = keras.utils.image_dataset_from_directory(
        folder, image_size=(9, 7), shuffle=False, verbose=False, format="grain", batch_size=4,
        data_format="channels_last", **options,
    )  # fmt: skip
    return [np.asarray(part) for part in joined(dataset)]


def joined(dataset):
    batches = [batch if isinstance(batch, tuple) else (batch,) for batch in dataset]
    return [
        np.concatenate([np.asarray(value) for value in part]) for part in zip(*batches, strict=True)
    ]


def of_kcore(folder, **options):
    return joined(from_directory(folder, data_format="channels_last", **OPTIONS, **options))


@pytest.mark.parametrize("label_mode", ["int", "categorical", None])
def test_images_and_labels_in_their_order(tree, label_mode):
    expected, found = of_keras(tree, label_mode=label_mode), of_kcore(tree, label_mode=label_mode)
    assert len(expected) == len(found)
    assert len(expected[0]) == 10
    # Keras lists the files of a class before those of directories in it, kcore sorts them together.
    order = [np.lexsort(side[0].reshape(10, -1).T) for side in (expected, found)]
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one[order[0]], other[order[1]])
    assert found[0].dtype == np.uint8


def test_two_classes(tree):
    names = ["eel", "cat"]
    x, y = of_keras(tree, label_mode="binary", class_names=names)
    images, labels = of_kcore(tree, label_mode="binary", class_names=names)
    assert labels.dtype == y.dtype == np.float32
    np.testing.assert_array_equal(labels, y)
    np.testing.assert_array_equal(images, x)


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
def test_color_modes(tree, color_mode):
    names = ["cat", "eel"]
    x, _ = of_keras(tree, color_mode=color_mode, class_names=names)
    images, _ = of_kcore(tree, color_mode=color_mode, class_names=names)
    # Decoders weigh gray alike but for the last bit.
    np.testing.assert_allclose(images, x, atol=1 if color_mode == "grayscale" else 0)


def test_without_label_mode_files_beside_the_classes_are_left_out_with_a_warning(tree, tmp_path):
    write_tree(tmp_path, {"tree": 1})
    write_tree(tmp_path / "tree", {"cat": 2})
    with pytest.warns(UserWarning, match="1 image files beside the class directories are left ou"):
        dataset = from_directory(tmp_path / "tree", label_mode=None, **OPTIONS)
    assert dataset.samples == 2
    assert from_directory(tmp_path / "tree", labels=None, **OPTIONS).samples == 3


def test_targets_instead_of_labels(tree):
    files = scan(tree, class_names=["cat", "eel"])
    dataset = from_files(
        files, [5, 6, 7, 8, 9], **{k: v for k, v in OPTIONS.items() if k != "verbose"}
    )
    assert joined(dataset)[1].tolist() == [5, 6, 7, 8, 9]
    with pytest.raises(ValueError, match=r"targets with shape \(2,\) must have one entry for each"):
        from_files(files, [1, 2])


def test_both_parts_of_a_split_are_all_files_once(tree):
    parts = from_directory(
        tree, **{**OPTIONS, "shuffle": True}, validation_split=0.3, subset="both"
    )
    names = [name for part in parts for name in part.filenames]
    assert sorted(names) == sorted(scan(tree).filenames)
    for part in parts:
        assert set(part.classes) == {0, 1, 2}


def test_links_inside_a_class(tree, tmp_path):
    (tmp_path / "tree" / "cat").mkdir(parents=True)
    (tmp_path / "tree" / "cat" / "link").symlink_to(tree / "dog")
    Image.fromarray(pixels(1, **SIZE)).save(tmp_path / "tree" / "cat" / "own.png")
    for follow_links in (True, False):
        expected = of_keras(tmp_path / "tree", follow_links=follow_links)
        assert len(of_kcore(tmp_path / "tree", follow_links=follow_links)[0]) == len(expected[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_mode": "sparse"}, "label_mode='sparse' is unknown: use 'int'"),
        ({"label_mode": "binary"}, "label_mode='binary' needs two classes, and there are 3"),
        ({"color_mode": "other"}, "color_mode='other' is unknown"),
        ({"validation_split": 2, "subset": "both"}, "validation_split=2 must be a fraction"),
        ({"validation_split": 0.2}, "needs subset='training'"),
        ({"subset": "training"}, "needs a validation_split above 0"),
    ],
    ids=str,
)
def test_what_is_refused(tree, options, message):
    with pytest.raises(ValueError, match=message):
        from_directory(tree, **{**OPTIONS, **options})


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "cat").mkdir()
    with pytest.raises(ValueError, match=r"[Nn]o image"):
        from_directory(tmp_path, **OPTIONS)


def test_single_samples(tree):
    """Keras's `batch_size=None`: here samples are asked for by their index."""
    with pytest.raises(ValueError, match="batch_size=None: a dataset of kcore serves batches"):
        from_directory(tree, **{**OPTIONS, "batch_size": None})
    dataset = from_directory(tree, label_mode="int", data_format="channels_last", **OPTIONS)
    x, _ = joined(dataset)
    for index in range(10):
        np.testing.assert_array_equal(dataset.image(index), x[index])
    assert [len(labels) for _, labels in from_arrays(x, np.arange(10), batch_size=1)] == [1] * 10


@pytest.mark.parametrize("number", [3, -4, 10**9, 0.5, None])
def test_a_batch_number_out_of_range(tree, number):
    dataset = from_directory(tree, **OPTIONS)
    with pytest.raises(IndexError, match=f"There is no batch {number}: there are 3"):
        dataset[number]
    assert len(dataset[-1][0]) == len(dataset[2][0]) == 2


def test_shuffling_is_seeded_and_keeps_every_image(tree):
    def order(seed, epoch=0):
        dataset = from_directory(tree, **{**OPTIONS, "shuffle": True, "seed": seed})
        return np.concatenate([dataset.indices(n, epoch) for n in range(3)]).tolist()

    assert order(1) == order(1)
    assert len({str(order(seed)) for seed in range(5)}) == 5
    assert order(1, 0) != order(1, 1)
    assert sorted(order(4, 7)) == list(range(10))
