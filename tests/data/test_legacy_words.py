"""Names and values of `ImageDataGenerator` are refused elsewhere with those of Keras 3."""

import inspect

import keras
import pytest
from oracles.image_trees import write_tree

from kcore.data import from_arrays, from_directory, from_files, scan

NAMES = {
    "target_size": "image_size",
    "class_mode": "label_mode",
    "keep_aspect_ratio": "crop_to_aspect_ratio",
}


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"a": 2, "b": 2})


@pytest.mark.parametrize(("old", "new"), [*NAMES.items(), ("classes", "class_names")])
def test_of_a_directory(tree, old, new):
    with pytest.raises(TypeError, match=rf"^from_directory\(\) has no argument '{old}': use {new}"):
        from_directory(tree, **{old: None})


@pytest.mark.parametrize(("old", "new"), NAMES.items())
def test_of_files(tree, old, new):
    with pytest.raises(TypeError, match=rf"^from_files\(\) has no argument '{old}': use {new}"):
        from_files(scan(tree), **{old: None})


def test_of_a_scan(tree):
    with pytest.raises(TypeError, match=r"^scan\(\) has no argument 'classes': use class_names"):
        scan(tree, classes=["a"])


def test_the_format_that_only_keras_has(tree):
    with pytest.raises(TypeError, match="'format': leave it out, as batches are NumPy arrays on"):
        from_directory(tree, format="grain")


def test_sparse_is_int(tree):
    for make in (from_directory, lambda tree, **options: from_files(scan(tree), **options)):
        with pytest.raises(ValueError, match=r"^label_mode='sparse' is unknown: use 'int'\.$"):
            make(tree, label_mode="sparse")


@pytest.mark.parametrize("function", [from_directory, from_files, from_arrays, scan])
def test_no_argument_hides_from_an_editor(function):
    kinds = {parameter.kind for parameter in inspect.signature(function).parameters.values()}
    assert not kinds & {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}


def test_names_order_and_defaults_are_those_of_keras():
    theirs = dict(inspect.signature(keras.utils.image_dataset_from_directory).parameters)
    del theirs["format"]
    ours = {
        name: parameter
        for name, parameter in inspect.signature(from_directory).parameters.items()
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    }
    assert list(ours) == list(theirs)
    assert [its.default for its in ours.values()] == [its.default for its in theirs.values()]


@pytest.mark.parametrize("function", [from_files, from_arrays, scan])
def test_shared_arguments_have_the_same_defaults_everywhere(function):
    reference = inspect.signature(from_directory).parameters
    shared = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name in reference
    }
    assert len(shared) > 4
    assert shared == {name: reference[name].default for name in shared}
