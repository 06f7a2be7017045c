import numpy as np
import pytest

from kcore.arguments import (
    check_choice,
    check_finite,
    check_fraction,
    check_shape,
    check_switch,
    check_whole,
    check_wholes,
)


def test_numbers_of_any_kind_are_taken():
    assert check_whole("n", np.int64(3)) == 3
    assert type(check_whole("n", np.int64(3))) is int
    assert check_finite("x", np.float32(0.5)) == 0.5
    assert check_fraction("x", 0) == 0.0
    assert check_shape([np.int32(4), 5], ("height", "width")) == (4, 5)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "3", None, [3]])
def test_whole_numbers_only(value):
    with pytest.raises(ValueError, match=r"n=.* must be a whole number of at least 1\."):
        check_whole("n", value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None, True, 1j])
def test_finite_numbers_only(value):
    with pytest.raises(ValueError, match=r"x=.* must be a finite number\."):
        check_finite("x", value)


@pytest.mark.parametrize("value", [1, -0.1, 20, float("nan"), "0.5", True])
def test_fractions_only(value):
    with pytest.raises(ValueError, match=r"x=.* must be a fraction: 0 <= x < 1\."):
        check_fraction("x", value)


@pytest.mark.parametrize("shape", [None, 28, "28", {28}])
def test_shapes_are_sequences(shape):
    with pytest.raises(ValueError, match=r"must be a tuple \(features,\), without the batch axis"):
        check_shape(shape, ("features",))


def test_switches_only():
    assert [check_switch("x", value) for value in (True, False, np.bool_(True))] == [1, 0, 1]
    assert type(check_switch("x", np.bool_(True))) is bool
    for value in (1, 0, "no", None, np.ones(1, bool)):
        with pytest.raises(ValueError, match=r"x=.* must be True or False\."):
            check_switch("x", value)


@pytest.mark.parametrize("value", [np.array(["a"]), np.array(["a", "b"]), ["a"], None, 3])
def test_choices_are_texts(value):
    with pytest.raises(ValueError, match=r"^x=.* is unknown: use one of 'a', 'b'\."):
        check_choice("x", value, ("a", "b"))


@pytest.mark.parametrize("value", ["12", b"12", 3, None, {1, 2}])
def test_sequences_of_whole_numbers_only(value):
    with pytest.raises(ValueError, match=r"^x=.* must be a sequence"):
        check_wholes("x", value)
