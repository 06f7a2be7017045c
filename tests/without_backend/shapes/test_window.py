import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.shapes import Window

_spec = importlib.util.spec_from_file_location(
    "definition", Path(__file__).parent / "definition.py"
)
definition = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(definition)

small = st.integers(1, 6)


@given(
    st.integers(1, 30),
    small,
    small,
    st.integers(1, 4),
    st.sampled_from(["valid", "same", "causal"]),
)
def test_a_window_agrees_with_its_cells_laid_out_one_by_one(size, kernel, strides, rate, padding):
    pads, positions = definition.forward(size, kernel, strides, rate, padding)
    if not positions:
        with pytest.raises(ValueError, match="doesn't fit"):
            Window(size, kernel, strides, rate, padding)
        return
    described = Window(size, kernel, strides, rate, padding)
    assert described.output_size == len(positions)
    if padding != "same" or strides == 1:
        assert described.pads == pads
    spans = [described.span(position) for position in range(len(positions))]
    assert spans == [(cells[0], cells[-1]) for cells in positions]
    inside = [tuple(cell for cell in cells if 0 <= cell < size) for cells in positions]
    assert [described.cells(position) for position in range(len(positions))] == inside
    seen = {cell for cells in inside for cell in cells}
    unseen = [cell for cell in range(size) if cell not in seen]
    assert [*described.skipped, *described.dropped] == unseen


@pytest.mark.parametrize(
    ("padding", "positions", "pads", "dropped"),
    [("valid", 2, (0, 0), range(11, 13)), ("same", 3, (1, 2), range(13, 13))],
)
def test_the_window_of_the_course(padding, positions, pads, dropped):
    described = Window(13, kernel_size=6, strides=5, padding=padding)
    assert (described.output_size, described.pads, described.dropped) == (positions, pads, dropped)


@pytest.mark.parametrize(
    ("arguments", "output_size", "pads"),
    [
        ({"size": 224, "kernel_size": 7, "strides": 2, "padding": "same"}, 112, (2, 3)),
        ({"size": 5, "kernel_size": 2, "padding": "same"}, 5, (0, 1)),
        ({"size": 8, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, 2, (0, 0)),
        ({"size": 4, "kernel_size": 1, "strides": 3, "padding": "same"}, 2, (0, 0)),
        ({"size": 6, "kernel_size": 3, "dilation_rate": 2, "padding": "causal"}, 6, (4, 0)),
        ({"size": 1, "kernel_size": 6, "strides": 5, "padding": "same"}, 1, (2, 3)),
    ],
)
def test_windows_worked_out_by_hand(arguments, output_size, pads):
    described = Window(**arguments)
    assert (described.output_size, described.pads) == (output_size, pads)


def test_padding_may_be_in_upper_case():
    assert Window(13, 6, 5, padding="SAME") == Window(13, 6, 5, padding="same")


def test_strides_above_the_kernel_skip_cells_between_positions():
    assert Window(11, kernel_size=2, strides=4).skipped == (2, 3, 6, 7)


def test_strides_that_share_a_factor_with_the_dilation_skip_every_other_cell():
    assert Window(9, kernel_size=3, strides=2, dilation_rate=2).skipped == (1, 3, 5, 7)


def test_what_does_not_depend_on_an_unknown_size_is_known():
    strided = Window(None, 3, strides=2, padding="same")
    assert (strided.output_size, strided.pads, strided.dropped) == (None, None, None)
    assert (strided.skipped, Window(None, 2, strides=3).skipped) == ((), None)
    even = Window(None, 4, padding="same")
    assert (even.output_size, even.pads, even.dropped) == (None, (1, 2), range(0))
    assert Window(None, 3, strides=2).pads == (0, 0)
    assert Window(None, 3, strides=2).span(1) == (2, 4)


def test_a_span_that_depends_on_an_unknown_size_is_refused():
    with pytest.raises(ValueError, match=r"size=None: with strides=2 the pads depend on the size"):
        Window(None, 3, strides=2, padding="same").span(0)


@pytest.mark.parametrize("position", [-1, 2])
def test_positions_that_do_not_exist_are_refused(position):
    with pytest.raises(
        IndexError, match=f"^position={position} doesn't exist: there are 2, counted from 0"
    ):
        Window(13, 6, 5).span(position)


@pytest.mark.parametrize("name", ["size", "kernel_size", "strides", "dilation_rate"])
@pytest.mark.parametrize("value", [0, -3])
def test_numbers_below_one_are_refused_by_name(name, value):
    arguments = {"size": 9, "kernel_size": 2, "strides": 1, "dilation_rate": 1} | {name: value}
    with pytest.raises(ValueError, match=f"^{name}={value} is below 1; give 1 or more.$"):
        Window(**arguments)


@pytest.mark.parametrize("value", [2.0, "2", True])
def test_only_integers_are_accepted(value):
    with pytest.raises(TypeError, match=r"kernel_size=.* is a .*; give an integer"):
        Window(9, kernel_size=value)


def test_unknown_padding_is_refused_with_the_choices():
    with pytest.raises(
        ValueError, match=r"padding='full' is unknown; choose from 'valid', 'same', 'c"
    ):
        Window(9, 2, padding="full")


def test_a_window_that_does_not_fit_names_sizes_and_remedy():
    with pytest.raises(ValueError, match="doesn't fit") as caught:
        Window(3, kernel_size=2, dilation_rate=10)
    assert str(caught.value) == (
        "kernel_size=2 with dilation_rate=10 covers 11 cells and doesn't fit into size=3 with "
        "padding='valid'. Use padding='same', an input of at least 11 cells, or a smaller "
        "kernel_size."
    )
