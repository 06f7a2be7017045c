import numpy as np
import pytest
from keras.src.legacy.preprocessing.image import ImageDataGenerator  # the course's, an oracle
from oracles.image_trees import write_tree

from kcore.data import from_directory


@pytest.mark.parametrize("class_mode", ["binary", "categorical", "sparse", "input", None])
def test_targets_are_those_of_legacy_keras(tmp_path, class_mode):
    write_tree(tmp_path, {"a": 3, "b": 2})
    options = {"class_mode": class_mode, "target_size": (8, 8), "shuffle": False}
    theirs = ImageDataGenerator().flow_from_directory(tmp_path, **options)[0]
    ours = from_directory(tmp_path, **options, verbose=False)[0]
    if class_mode is None:
        np.testing.assert_array_equal(ours, theirs)
    else:
        for mine, legacy in zip(ours, theirs, strict=True):
            assert mine.shape == legacy.shape
            np.testing.assert_array_equal(mine, legacy)


@pytest.mark.parametrize(
    ("class_mode", "dtype"),
    [("binary", "float32"), ("categorical", "float32"), ("sparse", "int32")],
)
def test_dtypes(tmp_path, class_mode, dtype):
    dataset = from_directory(
        write_tree(tmp_path, {"a": 1, "b": 1}), class_mode=class_mode, verbose=False
    )
    assert dataset[0][1].dtype == dtype


def test_binary_needs_two_classes(tmp_path):
    write_tree(tmp_path, dict.fromkeys("abc", 1))
    with pytest.raises(ValueError, match="needs two classes, and there are 3: 'a', 'b', 'c'"):
        from_directory(tmp_path, class_mode="binary")


def test_classes_need_sub_directories(tmp_path):
    write_tree(tmp_path, {"a": 2})
    with pytest.raises(ValueError, match="class_mode='sparse' needs classes, and the images have"):
        from_directory(tmp_path / "a", class_mode="sparse")
    flat = from_directory(tmp_path / "a", class_mode=None, verbose=False)
    assert flat[0].shape == (2, 256, 256, 3)


def test_other_modes_are_refused(tmp_path):
    write_tree(tmp_path, {"a": 1, "b": 1})
    with pytest.raises(ValueError, match="class_mode='int' is unknown: use one of 'binary'"):
        from_directory(tmp_path, class_mode="int")
