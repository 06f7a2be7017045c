"""No text in a cell is a formula, and each can be read back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kcore._spreadsheets import text_cell

STARTS = "=+-@\t\r\n＝＋－＠"


@given(st.text() | st.text(st.sampled_from(STARTS + "'a")))
@example("=cmd|' /C calc'!A0")
@example("'=1+1")
def test_no_cell_is_a_formula_and_each_can_be_read_back(text):
    cell = text_cell(text)
    assert not cell.startswith(tuple(STARTS))
    assert cell.removeprefix("'") == text


@pytest.mark.parametrize("text", ["", "cats/1.png", "a=1", "1-2", " x"])
def test_other_texts_are_unchanged(text):
    assert text_cell(text) == text
