import os
from pathlib import Path

import numpy as np
import pytest

from kcore._arguments import (
    check_choice,
    check_finite,
    check_fraction,
    check_instance,
    check_integer,
    check_integers,
    check_names,
    check_path,
    check_shape,
    check_switch,
    check_text,
)


def test_numbers_of_any_kind_are_accepted():
    assert check_integer("n", np.int64(3)) == 3
    assert type(check_integer("n", np.int64(3))) is int
    assert check_finite("x", np.float32(0.5)) == 0.5
    assert check_fraction("x", 0) == 0.0
    assert check_shape([np.int32(4), 5], ("height", "width")) == (4, 5)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "3", None, [3]])
def test_only_integers_are_accepted(value):
    with pytest.raises(ValueError, match=r"n=.* must be an integer of at least 1\."):
        check_integer("n", value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None, True, 1j, 10**400])
def test_only_finite_numbers_are_accepted(value):
    with pytest.raises(ValueError, match=r"x=.* must be a finite number\."):
        check_finite("x", value)


@pytest.mark.parametrize("value", [1, -0.1, 20, float("nan"), "0.5", True, 10**400])
def test_only_fractions_are_accepted(value):
    with pytest.raises(ValueError, match=r"x=.* must be a fraction: 0 <= x < 1\."):
        check_fraction("x", value)


@pytest.mark.parametrize("shape", [None, 28, "28", {28}])
def test_shapes_are_sequences(shape):
    with pytest.raises(ValueError, match=r"must be a tuple \(features,\), without the batch axis"):
        check_shape(shape, ("features",))


def test_only_bools_are_accepted_as_switches():
    assert [check_switch("x", value) for value in (True, False, np.bool_(True))] == [1, 0, 1]
    assert type(check_switch("x", np.bool_(True))) is bool
    for value in (1, 0, "no", None, np.ones(1, bool)):
        with pytest.raises(ValueError, match=r"x=.* must be True or False\."):
            check_switch("x", value)


def test_paths_of_any_kind_are_accepted(tmp_path):
    (tmp_path / "a").touch()
    (entry,) = os.scandir(os.fsencode(tmp_path))
    given = ("photos", Path("photos"), Path(), entry, "caf\udce9")  # the last is not UTF-8 on disk
    wanted = ["photos", "photos", ".", str(tmp_path / "a"), "caf\udce9"]
    assert [check_path("path", path) for path in given] == [Path(path) for path in wanted]


@pytest.mark.parametrize("path", [None, 5, b"photos", ["photos"]])
def test_what_is_not_a_path_is_refused(path):
    with pytest.raises(TypeError, match=r"^path=.* must be the name of a directory\.$"):
        check_path("path", path, "directory")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "names no file"),
        ("a\0b", "contains a NUL character"),
        (Path("a\0b"), "contains a NUL character"),
        ("a\ud800", "doesn't allow in the name of a file"),
    ],
)
def test_paths_that_name_nothing_are_refused(path, reason):
    with pytest.raises(ValueError, match=rf"^path='.*{reason}") as info:
        check_path("path", path)
    assert str(info.value).isprintable()


def test_an_empty_name_of_a_directory_gets_a_hint():
    with pytest.raises(ValueError, match=r"use '\.' for the current one"):
        check_path("directory", "", "directory")


@pytest.mark.parametrize("value", ["c", None, 1, b"a", ["a"], np.array([]), np.zeros((2, 2)), {}])
def test_unknown_choices_are_refused(value):
    check_choice("x", "a", ("a", "b"))
    check_choice("x", np.str_("a"), ("a", "b"))
    check_choice("x", None, ("a", None))
    with pytest.raises(ValueError, match=r"(?s)x=.* is unknown: use one of 'a', 'b'\."):
        check_choice("x", value, ("a", "b"))


def test_only_strings_are_accepted_as_text():
    assert check_text("x", "") == ""
    with pytest.raises(TypeError, match=r"x=b'a' must be a string\."):
        check_text("x", b"a")


@pytest.mark.parametrize("value", [["a", "b"], ("a", "b"), np.array(["a", "b"])])
def test_names_in_any_sequence_are_accepted(value):
    names = check_names("x", value)
    assert names == ("a", "b")
    assert [type(each) for each in names] == [str, str]


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        ("ab", TypeError, "x='ab' must be a sequence of strings"),
        (b"ab", TypeError, "must be a sequence of strings"),
        ({"a", "b"}, TypeError, "must be a sequence of strings"),
        (np.array("a"), TypeError, "must be a sequence of strings"),
        (None, TypeError, "x=None must be a sequence of strings"),
        (["a", 1], TypeError, r"x\[1\]=1 must be a string"),
        (["a", "b", "a"], ValueError, "x holds 'a' twice"),
    ],
)
def test_only_distinct_names_are_accepted(value, error, words):
    with pytest.raises(error, match=words):
        check_names("x", value)


def test_objects_of_another_class_are_refused():
    assert check_instance("x", Path("a"), Path) == Path("a")
    with pytest.raises(TypeError, match="x is of type str: give a pathlib Path"):
        check_instance("x", "a", Path)


@pytest.mark.parametrize("value", ["12", b"12", 3, None, {1, 2}])
def test_only_sequences_of_integers_are_accepted(value):
    with pytest.raises(ValueError, match=r"^x=.* must be a sequence"):
        check_integers("x", value)
