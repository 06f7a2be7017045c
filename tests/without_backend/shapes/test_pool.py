from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.shapes import AdaptiveWindow, Window, global_window, pool_window


def test_strides_default_to_the_pool():
    assert pool_window(7, 3) == Window(7, 3, 3)
    assert pool_window(7, 3, strides=1) == Window(7, 3, 1)


def test_a_pool_refuses_causal_padding():
    with pytest.raises(ValueError, match="padding='causal' is unknown"):
        pool_window(7, 3, padding="causal")


def test_a_pool_wider_than_the_input_is_refused():
    with pytest.raises(
        ValueError, match=r"^pool_size=20 doesn't fit into size=5 .* smaller pool_size"
    ):
        pool_window(5, 20)


def test_a_global_pool_reads_every_cell_once():
    described = global_window(7)
    assert (described.output_size, described.span(0), described.dropped) == (1, (0, 6), range(7, 7))
    unknown = global_window(None)
    assert (unknown.output_size, unknown.pads, unknown.dropped, unknown.skipped) == (
        1,
        (0, 0),
        range(0),
        (),
    )


def test_the_span_of_a_global_pool_over_an_unknown_size():
    with pytest.raises(ValueError, match="size=None: the span of a window over all cells"):
        global_window(None).span(0)


@given(st.integers(1, 300), st.integers(1, 40))
def test_adaptive_windows_follow_the_exact_fractions(size, output_size):
    described = AdaptiveWindow(size, output_size)
    for position in range(output_size):
        first = floor(Fraction(position * size, output_size))
        stop = ceil(Fraction((position + 1) * size, output_size))
        assert described.cells(position) == tuple(range(first, stop))
    covered = {cell for position in range(output_size) for cell in described.cells(position)}
    assert covered == set(range(size))
    assert (described.pads, described.dropped, described.skipped) == ((0, 0), range(0), ())


@pytest.mark.parametrize("size", [7, 14, 28, 224])
def test_seven_equal_windows_where_the_size_is_a_multiple(size):
    described = AdaptiveWindow(size, 7)
    assert {len(described.cells(position)) for position in range(7)} == {size // 7}
    assert described.widest == size // 7


def test_an_adaptive_window_of_unknown_size():
    described = AdaptiveWindow(None, 3)
    assert (described.output_size, described.widest) == (3, None)
    with pytest.raises(ValueError, match="depends on the size"):
        described.span(0)


def test_adaptive_positions_that_do_not_exist_are_refused():
    with pytest.raises(IndexError, match=r"^position=3 doesn't exist: there are 3"):
        AdaptiveWindow(7, 3).span(3)
