from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from kcore.shapes import (
    AdaptiveWindow,
    ReceptiveField,
    TransposedWindow,
    Window,
    global_window,
)

windows = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 2))


@given(st.lists(windows, min_size=1, max_size=3))
def test_it_is_the_set_of_cells_that_reach_one_output(stack):
    size, layers, field = 200, [], ReceptiveField()
    for kernel, strides, rate in stack:
        layers.append(Window(size, kernel, strides, rate))
        size = layers[-1].output_size
        field = field.through(layers[-1])
    reached = [cells_behind(layers, position) for position in (0, 1)]
    assert reached[0][-1] - reached[0][0] + 1 == field.size
    assert reached[1][0] - reached[0][0] == field.step


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 2))
def test_a_transposed_window_is_counted_from_its_writers(kernel, strides, rate):
    described = TransposedWindow(20, kernel, strides, rate)
    writers = {}
    for position in range(20):
        for cell in described.cells(position):
            writers.setdefault(cell, []).append(position)
    widest = max(found[-1] - found[0] + 1 for found in writers.values())
    field = ReceptiveField().through(described)
    assert (field.size, field.step) == (widest, Fraction(1, strides))


def cells_behind(layers, position):
    cells = {position}
    for layer in reversed(layers):
        cells = {below for cell in cells for below in layer.cells(cell)}
    return sorted(cells)


def test_the_usual_stack_of_convolutions_and_pools():
    field = ReceptiveField()
    for _ in range(3):
        field = field.through(Window(100, 3)).through(Window(100, 2, 2))
    assert (field.size, field.step) == (22, 8)


def test_global_and_adaptive_pools_see_what_they_cover():
    assert ReceptiveField().through(Window(9, 3)).through(global_window(7)).size == 9
    assert ReceptiveField().through(AdaptiveWindow(7, 3)) == ReceptiveField(3, Fraction(7, 3))


def test_unknown_sizes_stay_unknown():
    unknown = ReceptiveField().through(global_window(None))
    assert unknown == ReceptiveField(None, None)
    assert unknown.through(Window(9, 3)) == ReceptiveField(None, None)
    assert ReceptiveField().union(unknown) == ReceptiveField(None, None)
    assert ReceptiveField().through(AdaptiveWindow(None, 3)).size is None


def test_branches_join_to_the_wider_field():
    wide, narrow = ReceptiveField(9, Fraction(2)), ReceptiveField(5, Fraction(2))
    assert wide.union(narrow) == narrow.union(wide) == wide
