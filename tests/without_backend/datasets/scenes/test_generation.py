import numpy as np
import pytest

from kcore.datasets import scenes
from kcore.datasets.scenes import CLASS_NAMES, load_data, scene
from kcore.datasets.scenes import _generation as generation


def test_a_scene_depends_only_on_its_key():
    first = scene(17, image_size=(40, 56), seed=3, split="validation")
    scene(18), load_data(2, 1)  # other scenes in between
    again = scene(17, image_size=(40, 56), seed=3, split="validation")
    np.testing.assert_array_equal(first.image, again.image)
    assert (first.label, first.box) == (again.label, again.box)


@pytest.mark.parametrize(
    "other", [{"index": 10}, {"seed": 1}, {"split": "test"}, {"split": "validation"}]
)
def test_every_part_of_the_key_matters(other):
    same_class = scene(0, image_size=(32, 32)).image.astype(int)
    changed = scene(**{"index": 0, "image_size": (32, 32), **other}).image
    assert np.abs(same_class - changed).mean() > 10


def test_arrays_hold_the_scenes_in_order():
    (x_train, y_train), (x_test, y_test) = load_data(12, 5, image_size=(20, 30), seed=9)
    for split, images, labels in (("train", x_train, y_train), ("test", x_test, y_test)):
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            made = scene(index, image_size=(20, 30), seed=9, split=split)
            np.testing.assert_array_equal(image, made.image)
            assert label == made.label


def test_shapes_and_types():
    (x_train, y_train), (x_test, y_test) = load_data(30, 20, image_size=(24, 36))
    assert (x_train.shape, y_train.shape) == ((30, 24, 36, 3), (30,))
    assert (x_test.shape, y_test.shape) == ((20, 24, 36, 3), (20,))
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}


def test_more_scenes_begin_with_the_same_ones():
    (few, _), _ = load_data(4, 0, image_size=(16, 16))
    (many, _), _ = load_data(9, 3, image_size=(16, 16))
    np.testing.assert_array_equal(few, many[:4])


def test_training_and_test_scenes_differ():
    (x_train, _), (x_test, _) = load_data(40, 40, image_size=(16, 16))
    distances = np.abs(x_train[:, None].astype(int) - x_test[None]).mean(axis=(2, 3, 4))
    assert distances.min() > 3


@pytest.mark.parametrize("count", [10, 25, 100])
@pytest.mark.parametrize("classes", [CLASS_NAMES, ("heart", "bolt"), ("ring",)])
def test_classes_are_balanced(count, classes):
    (_, labels), _ = load_data(count, 0, image_size=(8, 8), classes=classes)
    counts = np.bincount(labels, minlength=len(classes))
    assert len(counts) == len(classes)
    assert counts.max() - counts.min() <= 1


def test_there_may_be_no_scenes():
    (x_train, y_train), (x_test, y_test) = load_data(0, 0)
    assert x_train.shape == x_test.shape == (0, 64, 64, 3)
    assert y_train.shape == y_test.shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train": -1}, "train=-1 must be an integer of at least 0."),
        ({"test": 2.5}, "test=2.5 must be an integer of at least 0."),
        ({"train": 0, "test": 0, "image_size": (4, 4)}, "image_size=(4, 4) must be at least 8"),
        ({"train": 0, "test": 0, "classes": ("dog",)}, "classes=('dog',) must be a sequence"),
    ],
)
def test_refuses_with_a_reason(arguments, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 -- the message is compared below
        load_data(**arguments)
    assert str(caught.value).startswith(message)


def test_quick_work_is_silent_and_slow_work_reports(monkeypatch, capsys):
    load_data(3, 2, image_size=(8, 8))
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(generation, "PROGRESS_DELAY", 0.0)
    load_data(3, 2, image_size=(8, 8))
    last = capsys.readouterr().err.rpartition("\r")[2]
    assert last.startswith("Drawing scenes: 100%|")
    assert "| 5/5 [" in last


def test_the_package_exposes_its_parts():
    for name in scenes.__all__:
        assert hasattr(scenes, name)
