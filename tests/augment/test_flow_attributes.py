"""What a flow tells of itself by the names of the legacy iterators, and the hints it prints."""

import pickle
import threading

import numpy as np
import pytest
from oracles.image_trees import write_tree

from kcore.augment import ImageDataGenerator
from kcore.data import pure

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 6, 4, 3)).astype("uint8")


def generator(**options):
    return ImageDataGenerator(data_format="channels_last", **options)


@pytest.fixture(autouse=True)
def no_hint_given(monkeypatch):
    monkeypatch.setattr("kcore.data._legacy_hints._given", set())


def test_a_flow_of_a_folder_tells_its_arguments(tmp_path):
    folder = write_tree(tmp_path / "tree", {"cat": 3, "dog": 2})
    batches = generator(validation_split=0.4).flow_from_directory(
        folder,
        target_size=(6, 4),
        color_mode="grayscale",
        class_mode="binary",
        batch_size=2,
        interpolation="bilinear",
        subset="training",
        save_to_dir=tmp_path / "saved",
        save_prefix="a",
        save_format="jpeg",
        seed=1,
    )
    told = {
        "directory": folder,
        "target_size": (6, 4),
        "image_shape": (6, 4, 1),
        "color_mode": "grayscale",
        "class_mode": "binary",
        "interpolation": "bilinear",
        "subset": "training",
        "save_to_dir": tmp_path / "saved",
        "save_prefix": "a",
        "save_format": "jpeg",
        "data_format": "channels_last",
        "dtype": "float32",
        "shuffle": True,
        "n": 4,
        "samples": 4,
        "batch_size": 2,
        "num_classes": 2,
        "class_indices": {"cat": 0, "dog": 1},
    }
    assert {name: getattr(batches, name) for name in told} == told
    assert set(told) <= set(dir(batches))
    assert batches.filepaths == [str(folder / name) for name in batches.filenames]
    np.testing.assert_array_equal(batches.labels, batches.classes)
    np.testing.assert_array_equal(
        batches.index_array, np.concatenate([batches.indices(0), batches.indices(1)])
    )


def test_a_flow_of_arrays_tells_its_targets():
    batches = generator().flow(IMAGES, np.arange(5), sample_weight=np.ones(5), seed=1)
    np.testing.assert_array_equal(batches.labels, np.arange(5))
    np.testing.assert_array_equal(batches.sample_weight, np.ones(5))
    assert (batches.target_size, batches.directory, batches.filepaths) == ((6, 4), None, [])
    assert (batches.save_to_dir, batches.class_mode) == (None, None)
    with pytest.raises(AttributeError, match="'ImageBatches' object has no attribute 'x'"):
        _ = batches.x


def test_batches_are_counted():
    batches = generator().flow(IMAGES, batch_size=2, seed=1)
    next(batches)
    assert (batches.batch_index, batches.total_batches_seen) == (1, 1)
    batches.next()
    batches.next()
    assert (batches.batch_index, batches.total_batches_seen) == (0, 3)
    assert len(batches[1]) == 2
    assert batches.total_batches_seen == 4
    batches.next()
    batches.reset()
    assert batches.batch_index == 0


def test_repeated_loops_are_augmented_anew():
    batches = generator(rotation_range=40).flow(IMAGES, shuffle=False, seed=1)
    first, second = (np.concatenate(list(batches)) for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(second, batches[0])
    assert batches.epoch == 1


def test_the_same_batch_asked_for_twice_gives_a_hint_once(capsys):
    batches = generator(rotation_range=40).flow(IMAGES, seed=1)
    for _ in range(3):
        assert batches[0].shape == (5, 6, 4, 3)
    assert capsys.readouterr().out.count("flow[0] is the same each time within an epoch") == 1
    plain = generator().flow(IMAGES, seed=1)
    assert (plain[0] == plain[0]).all()
    assert not capsys.readouterr().out


def test_a_loop_over_one_batch_gives_a_hint_once(capsys):
    batches = generator(rotation_range=40).flow(IMAGES[:1], batch_size=1, seed=1)
    assert [len(list(batches)) for _ in range(2)] == [1, 1]
    assert capsys.readouterr().out.count("A loop over a flow ends with the epoch") == 1


def test_a_preprocessing_function_may_ask_for_index_and_epoch():
    def stamp(image, epoch, index):
        return image * 0 + 10 * epoch + index

    batches = generator(preprocessing_function=stamp).flow(IMAGES, batch_size=2, seed=1)
    batches.epoch = 3
    for number in range(3):
        expected = 30 + batches.indices(number)
        np.testing.assert_array_equal(batches[number][:, 0, 0, 0], expected)
    np.testing.assert_array_equal(batches.replay(4, epoch=2)[0], np.full((6, 4, 3), 24))


def test_a_preprocessing_function_with_a_state_repeats():
    def run():
        drawn = np.random.RandomState(0)

        def noisy(image):
            return image + drawn.normal(size=image.shape)

        flow_ = generator(preprocessing_function=noisy).flow(IMAGES, batch_size=1, seed=1)
        return np.concatenate([batch for _ in range(3) for batch in flow_])

    expected = run()
    for _ in range(4):
        np.testing.assert_array_equal(run(), expected)


def test_a_pure_function_is_called_ahead():
    calls, has_second = [], threading.Event()

    @pure
    def noted(image):
        calls.append(1)
        if len(calls) > 1:
            has_second.set()
        return image

    batches = generator(preprocessing_function=noted).flow(IMAGES, batch_size=1, seed=1)
    loop = iter(batches)
    next(loop)
    assert has_second.wait(60)
    loop.close()


@pytest.mark.parametrize("function", [3, len])
def test_what_cannot_be_marked_as_pure(function):
    with pytest.raises(TypeError, match=f"function={function!r}"):
        pure(function)


def test_a_flow_can_be_pickled():
    batches = generator(rotation_range=40).flow(IMAGES, np.arange(5), batch_size=2, seed=1)
    batches.epoch = 2
    copy = pickle.loads(pickle.dumps(batches))
    assert (copy.epoch, copy.seed, len(copy)) == (2, 1, 3)
    for one, other in zip(batches, copy, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
