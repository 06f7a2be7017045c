"""Arguments of a wrong kind are refused, where Python would take them for something else."""

import numpy as np
import pytest
from oracles.image_trees import write_tree

from kcore.data import ImageFiles, from_arrays, from_directory, scan, split

IMAGES = np.zeros((4, 3, 3, 1), np.uint8)


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"a": 2, "b": 2})


@pytest.mark.parametrize("name", ["verbose", "shuffle", "draft", "follow_links", "drop_remainder"])
@pytest.mark.parametrize("value", ["False", "", 0, None, np.array([])])
def test_a_switch_is_true_or_false(tree, name, value):
    with pytest.raises(ValueError, match=f"{name}=.* must be True or False"):
        from_directory(tree, **{name: value})


@pytest.mark.parametrize("value", ["", False, [], np.array(0.5), float("nan")])
def test_a_split_is_a_fraction(tree, value):
    with pytest.raises(ValueError, match=r"validation_split=.* must be a fraction"):
        from_directory(tree, validation_split=value)
    with pytest.raises(ValueError, match=r"validation_split=.* must be a fraction"):
        split(scan(tree), value, seed=1)


@pytest.mark.parametrize("read", [from_directory, scan])
def test_an_empty_name_is_no_folder(tree, monkeypatch, read):
    monkeypatch.chdir(tree)
    with pytest.raises(ValueError, match=r"directory='' names no directory: use '\.' for"):
        read("")
    assert len(scan(".")) == 4


@pytest.mark.parametrize("name", ["directory", "cache"])
def test_a_name_with_nul_is_refused(tree, name):
    with pytest.raises(ValueError, match=rf"{name}='a\\x00b' contains a NUL"):
        from_directory(**{"directory": tree, name: "a\0b"})


def test_letters_are_no_class_names(tree):
    with pytest.raises(TypeError, match="class_names='ab' must be a sequence of strings"):
        ImageFiles.from_paths(["1.png", "2.png"], [0, 1], "ab")
    with pytest.raises(ValueError, match="class_names='ab' must be a list of names"):
        scan(tree, class_names="ab")


def test_classes_have_different_names(tree):
    with pytest.raises(ValueError, match="class_names holds 'a' twice"):
        ImageFiles.from_paths(["1.png", "2.png"], [0, 1], ["a", "a"])
    with pytest.raises(ValueError, match=r"class_names=\['a', 'b', 'a'\] must be distinct names"):
        scan(tree, class_names=["a", "b", "a"])


@pytest.mark.parametrize("index", [True, None, "0", 1.0, np.array([0])])
def test_an_index_is_an_integer(tree, index):
    files = scan(tree)
    for look in (files.row, files.filename, files.path, files.class_name):
        with pytest.raises(IndexError, match=r"index=.* is outside of 0 to 3"):
            look(index)
    with pytest.raises(IndexError, match=r"index=.* is outside of 0 to 3"):
        from_arrays(IMAGES, seed=1).image(index)
    with pytest.raises(IndexError, match=r"There is no batch .* \(argument number\)"):
        from_arrays(IMAGES, seed=1).indices(index)


@pytest.mark.parametrize("paths", [["a\0b"], ["a", "\ud800"], ["a", 3], [["a"]]])
def test_a_list_of_paths_holds_paths(paths):
    last = len(paths) - 1
    with pytest.raises((TypeError, ValueError), match=rf"paths\[{last}\]="):
        ImageFiles.from_paths(paths)


@pytest.mark.parametrize("x", [[], np.zeros((0, 3, 3, 1)), ["a"], np.array([None])])
def test_images_are_numbers_and_not_none(x):
    with pytest.raises(ValueError, match=r"x (holds no images|has dtype)"):
        from_arrays(x)


@pytest.mark.parametrize("y", ["", "inputs", "False"])
def test_a_word_is_no_target(y):
    with pytest.raises(ValueError, match=r"y=.* must be an array, 'input' or None"):
        from_arrays(IMAGES, y)


@pytest.mark.parametrize("values", [[[1], [2, 3], [4], [5]], {}, np.dtype("float32"), list])
def test_weights_are_an_array(values):
    with pytest.raises((TypeError, ValueError), match="sample_weight"):
        from_arrays(IMAGES, np.arange(4), sample_weight=values)
