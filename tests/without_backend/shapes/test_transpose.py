import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.shapes import TransposedWindow, Window

_spec = importlib.util.spec_from_file_location(
    "definition", Path(__file__).parent / "definition.py"
)
definition = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(definition)

small = st.integers(1, 6)


@given(st.integers(1, 12), small, small, st.integers(1, 3), st.sampled_from(["valid", "same"]))
def test_it_is_the_forward_window_turned_around(size, kernel, strides, rate, padding):
    described = TransposedWindow(size, kernel, strides, rate, padding)
    forward = definition.transposed(size, kernel, strides, rate, padding, described.output_size)
    assert forward is not None, "the forward window from this output has another length"
    _, positions = forward
    written = [described.cells(position) for position in range(size)]
    inside = [tuple(c for c in cells if 0 <= c < described.output_size) for cells in positions]
    if padding == "valid" or kernel * rate > 1 + strides or strides == 1:
        assert written == inside
    seen = {cell for cells in written for cell in cells}
    assert set(described.unwritten) == set(range(described.output_size)) - seen


@pytest.mark.parametrize(
    ("described", "output_size", "pads"),
    [
        (TransposedWindow(3, 3, 2, padding="same"), 6, (0, 1)),
        (TransposedWindow(3, 3, 2, padding="same", output_padding=0), 5, (1, 1)),
        (TransposedWindow(3, 3, 2, padding="same", output_padding=1), 6, (0, 1)),
        (TransposedWindow(3, 3, 2), 7, (0, 0)),
        (TransposedWindow(3, 3, 2, output_padding=1), 8, (0, 0)),
        (TransposedWindow(3, 2, 4), 12, (0, 0)),
        (TransposedWindow(3, 2, 4, output_padding=0), 10, (0, 0)),
        (TransposedWindow(3, 2, padding="same", output_padding=0), 2, (1, 1)),
        (TransposedWindow(4, 3, dilation_rate=2, padding="same"), 4, (2, 2)),
        (TransposedWindow(16, 5, 2, padding="same"), 32, (1, 2)),
    ],
)
def test_transposed_windows_worked_out_by_hand(described, output_size, pads):
    assert (described.output_size, described.pads) == (output_size, pads)


@given(st.integers(1, 12), small, small)
def test_the_forward_window_leads_back_to_the_input_size(size, kernel, strides):
    described = TransposedWindow(size, kernel, strides, padding="same")
    assert Window(described.output_size, kernel, strides, padding="same").output_size == size


def test_strides_above_the_kernel_leave_cells_unwritten():
    assert TransposedWindow(3, kernel_size=1, strides=2).unwritten == (1, 3, 5)


def test_an_unknown_size_stays_unknown():
    described = TransposedWindow(None, 3, 2, padding="same")
    assert (described.output_size, described.pads, described.unwritten) == (None, (0, 1), None)
    assert described.span(1) == (2, 4)


def test_output_padding_must_stay_below_the_strides():
    with pytest.raises(ValueError, match=r"output_padding=1 reaches strides=1, .* Use a smaller"):
        TransposedWindow(4, 3, strides=1, output_padding=1)


def test_an_empty_output_is_refused_with_the_remedy():
    with pytest.raises(
        ValueError, match=r"leave no output cell\. Use output_padding=None, an odd ker"
    ):
        TransposedWindow(1, kernel_size=2, padding="same", output_padding=0)


def test_a_transposed_window_refuses_causal_padding():
    with pytest.raises(
        ValueError, match="padding='causal' is unknown; choose from 'valid', 'same'"
    ):
        TransposedWindow(4, 3, padding="causal")


@pytest.mark.parametrize("position", [-1, 3])
def test_positions_that_do_not_exist_are_refused(position):
    with pytest.raises(
        IndexError, match=f"^position={position} doesn't exist: the input has 3 cells"
    ):
        TransposedWindow(3, 3).span(position)
