from pathlib import Path

import numpy as np
import pytest

from kcore.data import ImageFiles, split


@pytest.fixture
def files():
    return ImageFiles.from_paths(["x/c.png", "a.png", "b.png"], [1, 0, 1], ["cat", "dog"])


def test_a_list_keeps_its_order(files):
    assert files.filenames == ["x/c.png", "a.png", "b.png"]
    assert [files.path(index) for index in range(3)] == files.filenames
    assert files.labels.tolist() == [1, 0, 1]
    assert files.class_name(0) == "dog"
    assert repr(files) == "<ImageFiles: 3 files, 2 classes>"


def test_selecting_renumbers(files):
    chosen = files.select([2, 0]).select([1])
    assert chosen.filenames == ["x/c.png"]
    assert chosen.labels.tolist() == [1]
    assert chosen.row(0) == 0
    assert chosen.audit is files.audit


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_other_index(files, index):
    with pytest.raises(IndexError, match=f"index={index} is outside of 0 to 2"):
        files.path(index)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0], r"labels has shape \(1,\): 2 paths need shape \(2,\)"),
        ([0, 2], "labels must be integers from 0 to 1, positions in class_names"),
        ([0, -1], "labels must be integers from 0 to 1"),
        ([0.0, 1.0], "labels must be integers from 0 to 1"),
    ],
)
def test_wrong_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        ImageFiles.from_paths(["a", "b"], labels, ["cat", "dog"])


def test_labels_need_names():
    with pytest.raises(ValueError, match="labels are given without class_names: name the classes"):
        ImageFiles.from_paths(["a", "b"], [0, 1])


@pytest.mark.parametrize("paths", ["abc.png", Path("abc.png"), b"abc.png"])
def test_one_path_is_no_list_of_paths(paths):
    with pytest.raises(ValueError, match=r"paths=.* is one name: give a list of them, \[.*'\]"):
        ImageFiles.from_paths(paths)


def test_a_mask_selects_what_is_true(files):
    assert files.select([True, False, True]).filenames == [files.filename(0), files.filename(2)]
    assert files.select(np.array([], bool)[:0].astype(int)).filenames == []
    assert files.select([]).filenames == []


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([0, 3], IndexError, "indices holds 3, which is outside of 0 to 2"),
        ([-1], IndexError, "indices holds -1, which is outside of 0 to 2"),
        (
            [0.7],
            ValueError,
            r"indices with shape \(1,\) and dtype float64 must be integers on",
        ),
        ([True], ValueError, r"indices with shape \(1,\) and dtype bool must be .* a mask of 3"),
        (1, ValueError, r"indices with shape \(\) and dtype int64 must be integers"),
    ],
)
def test_what_selects_nothing_is_refused(files, indices, error, message):
    with pytest.raises(error, match=message):
        files.select(indices)


def test_a_list_cannot_be_split():
    with pytest.raises(TypeError, match=r"files is of type list: use what kcore\.data\.scan finds"):
        split(["a.png"], 0.5, 1)
