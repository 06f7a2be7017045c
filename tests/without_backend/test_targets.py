"""Labels that don't fit a loss are refused by name before they spoil a model."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore._targets import check_labels


@given(
    st.lists(
        st.one_of(st.integers(-3, 8), st.floats(-3, 8, width=32), st.just(np.nan)), max_size=9
    ),
    st.integers(2, 6),
    st.sampled_from(["sparse", "binary"]),
    st.booleans(),
)
def test_the_first_invalid_label_is_named(labels, classes, kind, is_column):
    allowed = set(range(2 if kind == "binary" else classes))
    bad = [index for index, label in enumerate(labels) if label not in allowed]
    array = np.array(labels, "float64").reshape(-1, 1) if is_column else labels
    if not bad:
        np.testing.assert_array_equal(check_labels("y", array, classes, kind), np.asarray(array))
        return
    index = bad[0]
    label = float(labels[index]) if any(isinstance(one, float) for one in labels) else labels[index]
    written = repr(float(label)) if is_column else repr(label)
    refused(array, classes, kind, f"y[{index}]={written} is not one of the {len(allowed)} classes")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float16", "float32"])
def test_every_real_dtype_is_accepted_and_kept(dtype):
    labels = np.array([0, 1, 1], dtype)
    for kind in ("sparse", "binary"):
        assert check_labels("y", labels, 2, kind) is labels


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([3, 7, 9], 5, "y[1]=7 is not one of the 5 classes: labels must be integers from 0 to 4."),
        ([3, 7, 9], 5, " This affects 2 of 3 labels."),
        ([0, -1], 3, "y[1]=-1 is not one of the 3 classes"),
        ([0, 0.5], 3, "y[1]=0.5 is not one of the 3 classes"),
        ([1, 2, 3], 3, "They count from 1: subtract 1."),
        ([0, np.inf], 4, "y[1]=inf is not one of the 4 classes"),
        ([0, np.nan], 4, "Leave out samples whose label is unknown."),
        (np.eye(3), 3, "y has shape (3, 3), which looks like one-hot rows: give the integers, "),
        (np.eye(3), 3, "y.argmax(axis=-1)."),
        (np.full((3, 3), 0.5), 3, "y has shape (3, 3): give one integer for each sample"),
        (3, 5, "y has shape (): give one integer for each sample, shape (samples,)."),
        (["cat", "dog"], 2, "y holds text: labels must be integers"),
        ([None, 1], 2, "y holds values of dtype object"),
        ([1j], 2, "y holds complex numbers"),
    ],
)
def test_integers_that_are_refused(labels, classes, message):
    refused(labels, classes, "sparse", message)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [1, 2],
            "y[1]=2 is not one of the 2 classes: labels must be 0 or 1, as for every sigmoid.",
        ),
        ([1, 2], "They count from 1: subtract 1."),
        ([-1, 1], "Give (labels + 1) // 2 for -1 and 1."),
        ([0, 0.25], "y[1]=0.25 is not one of the 2 classes"),
        ([0, np.nan], "y[1]=nan is not one of the 2 classes"),
        (np.eye(2), "which looks like one-hot rows"),
    ],
)
def test_labels_of_a_sigmoid_that_are_refused(labels, message):
    refused(labels, 1, "binary", message)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], "y has shape (2,), but rows of 2 classes are needed, (samples, 2): integer"),
        ([0, 1], "keras.utils.to_categorical(y, 2) converts them"),
        (np.eye(4), "y has shape (4, 4), but rows of 2 classes are needed"),
        ([[1, 0], [1, 1]], "y[1] sums to 2: each row must hold the probabilities of 2 classes"),
        ([[1, 0], [0, 0]], "y[1] sums to 0"),
        ([[1, 0], [2, -1]], "y[1] has 2 for class 0"),
        ([[1, 0], [0, np.nan]], "y[1] has nan for class 1"),
    ],
)
def test_rows_that_are_refused(labels, message):
    refused(labels, 2, "categorical", message)


def test_an_unknown_kind_is_refused():
    refused([0], 2, "one-hot", "kind='one-hot' is unknown: use one of 'sparse', 'binary', 'cate")


def refused(labels, classes, kind, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check_labels("y", labels, classes, kind)


def test_rows_of_probabilities_are_accepted():
    rows = np.array([[0.9, 0.1], [0, 1]], "float32")
    assert check_labels("y", rows, 2, "categorical") is rows


def test_an_empty_array_of_labels_is_accepted():
    assert check_labels("y", [], 5).shape == (0,)
