import numpy as np
import pytest
from keras.src.legacy.preprocessing.image import ImageDataGenerator as LegacyGenerator
from oracles.image_trees import write_tree

from kcore.augment import ImageDataGenerator
from kcore.data import from_directory


@pytest.mark.parametrize("class_mode", ["binary", "categorical", "sparse", "input", None])
def test_labels_are_those_of_legacy_keras(tmp_path, class_mode):
    write_tree(tmp_path, {"a": 3, "b": 2})
    options = {"class_mode": class_mode, "target_size": (8, 8), "shuffle": False}
    theirs = LegacyGenerator().flow_from_directory(tmp_path, **options)[0]
    label_mode = "int" if class_mode == "sparse" else class_mode
    ours = from_directory(
        tmp_path, label_mode=label_mode, image_size=8, shuffle=False, verbose=False,
        interpolation="nearest",
    )[0]  # fmt: skip
    ours_legacy = ImageDataGenerator().flow_from_directory(tmp_path, **options)[0]
    if class_mode is None:
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(ours_legacy, theirs)
        return
    for mine, generated, legacy in zip(ours, ours_legacy, theirs, strict=True):
        # Labels of two classes are of shape (n, 1) in Keras 3.
        shape = (5, 1) if class_mode == "binary" and legacy.ndim == 1 else legacy.shape
        assert mine.shape == shape
        np.testing.assert_array_equal(mine, legacy.reshape(shape))
        assert generated.shape == legacy.shape
        np.testing.assert_array_equal(generated, legacy)


@pytest.mark.parametrize(
    ("label_mode", "dtype"),
    [("binary", "float32"), ("categorical", "float32"), ("int", "int32")],
)
def test_dtypes(tmp_path, label_mode, dtype):
    dataset = from_directory(
        write_tree(tmp_path, {"a": 1, "b": 1}), label_mode=label_mode, verbose=False
    )
    assert dataset[0][1].dtype == dtype


def test_binary_needs_two_classes(tmp_path):
    write_tree(tmp_path, dict.fromkeys("abc", 1))
    with pytest.raises(ValueError, match="needs two classes, and there are 3: 'a', 'b', 'c'"):
        from_directory(tmp_path, label_mode="binary")


def test_classes_need_sub_directories(tmp_path):
    write_tree(tmp_path, {"a": 2})
    with pytest.raises(ValueError, match="label_mode='int' needs classes, and the images have"):
        from_directory(tmp_path / "a", label_mode="int")
    flat = from_directory(tmp_path / "a", label_mode=None, verbose=False)
    assert flat[0].shape == (2, 256, 256, 3)


def test_other_modes_are_refused(tmp_path):
    write_tree(tmp_path, {"a": 1, "b": 1})
    for value in ("raw", ["int"], 0, np.zeros((2, 2))):
        with pytest.raises(
            ValueError, match=r"(?s)label_mode=.* is unknown: use one of 'int', 'categ"
        ):
            from_directory(tmp_path, label_mode=value)
