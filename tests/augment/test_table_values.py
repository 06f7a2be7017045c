"""Columns of a table as arrays and as classes, for whatever values there are."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.augment._dataframe_classes import row_classes
from kcore.augment._dataframe_values import column_values

NUMBERS = st.one_of(st.booleans(), st.integers(-(2**31), 2**31), st.floats(width=32))
TEXTS = st.text("abc", max_size=3)


def kind(value):
    return "text" if isinstance(value, str) else None if value is None else "number"


@given(st.lists(st.one_of(NUMBERS, TEXTS, st.none()), min_size=1, max_size=6))
def test_values_of_one_kind_are_an_array_and_others_are_named(values):
    wrong = [
        row for row, value in enumerate(values) if value is None or kind(value) != kind(values[0])
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if wrong:
            with pytest.raises(TypeError, match=rf"in row {wrong[0]}\b"):
                column_values("y", values, lambda row: f"row {row}")
            return
        array = column_values("y", values, lambda row: f"row {row}")
    np.testing.assert_array_equal(array, np.array(values))
    assert array.dtype.kind == ("U" if isinstance(values[0], str) else np.array(values).dtype.kind)


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=2), min_size=1, max_size=5))
def test_values_of_one_shape_are_an_array(values):
    wrong = [row for row, value in enumerate(values) if len(value) != len(values[0])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if wrong:
            with pytest.raises(ValueError, match=rf"in row {wrong[0]}, of shape"):
                column_values("y", values, lambda row: f"row {row}")
        else:
            array = column_values("y", values, lambda row: f"row {row}")
            np.testing.assert_array_equal(array, np.array(values))


@given(
    st.lists(st.lists(st.sampled_from("abcd"), max_size=4), min_size=1, max_size=6),
    st.one_of(st.none(), st.lists(st.sampled_from("abce"), min_size=1, unique=True)),
)
def test_a_row_has_a_one_for_each_class_that_it_names(rows, wanted):
    classes = row_classes(rows, "y", wanted, "categorical")
    names = wanted or sorted({name for row in rows for name in row})
    assert list(classes.names) == names
    kept = [i for i, row in enumerate(rows) if not row or set(row) & set(names)]
    assert [i for i, codes in enumerate(classes.codes) if codes is not None] == kept
    expected = [[name in rows[i] for name in names] for i in kept]
    np.testing.assert_array_equal(
        classes.multi_hot(kept), np.reshape(expected, (len(kept), len(names)))
    )
