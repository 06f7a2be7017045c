"""No public constructor makes a meaningless window, and none runs without end."""

from dataclasses import FrozenInstanceError
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore import shapes
from kcore.shapes import (
    AdaptiveWindow,
    ReceptiveField,
    TransposedWindow,
    Window,
    Windows,
)

REFUSED = {
    "a window that doesn't fit": (lambda: Window(2, 3), "kernel_size=3 doesn't fit into size=2"),
    "a negative size": (lambda: Window(-3, 2), "^size=-3 is below 1"),
    "strides of 0": (lambda: Window(5, 3, strides=0), "^strides=0 is below 1"),
    "a kernel of 0": (lambda: Window(5, 0), "^kernel_size=0 is below 1"),
    "no kernel on a known size": (lambda: Window(5, None), "^kernel_size=None with size=5"),
    "no strides of a kernel": (lambda: Window(None, 3, None), "^strides=None with kernel_size=3"),
    "an unknown padding": (lambda: Window(5, 3, padding="full"), "^padding='full' is unknown"),
    "a dilation of 0": (lambda: Window(5, 3, 1, 0), "^dilation_rate=0 is below 1"),
    "transposed strides of 0": (lambda: TransposedWindow(5, 3, 0), "^strides=0 is below 1"),
    "a transposed size of 0": (lambda: TransposedWindow(0, 3), "^size=0 is below 1"),
    "an output padding of the strides": (
        lambda: TransposedWindow(5, 3, 2, output_padding=2),
        "^output_padding=2 reaches strides=2",
    ),
    "a negative output padding": (
        lambda: TransposedWindow(5, 3, 2, output_padding=-1),
        "^output_padding=-1 is below 0",
    ),
    "no output": (
        lambda: TransposedWindow(1, 2, padding="SAME", output_padding=0),
        "leave no output cell",
    ),
    "no adaptive output": (lambda: AdaptiveWindow(5, 0), "^output_size=0 is below 1"),
    "an adaptive size of 0": (lambda: AdaptiveWindow(0, 5), "^size=0 is below 1"),
    "no axes": (lambda: Windows(()), r"^axes=\(\) is empty"),
    "a field of no cell": (lambda: ReceptiveField(0), "^size=0 is below 1"),
    "a negative step": (lambda: ReceptiveField(1, Fraction(-1, 2)), "^step=-1/2 is below 0"),
    "no sizes": (lambda: shapes.conv_windows((), 3), r"^sizes=\(\) is empty"),
    "a kernel size of 0": (lambda: shapes.conv_windows((9, 9), (3, 0)), r"^kernel_size\[1\]=0 is"),
    "a pool size of 0": (lambda: shapes.pool_windows((9, 9), 0), "^pool_size=0 is below 1"),
    "a pool of 0": (lambda: shapes.pool_window(9, 0), "^pool_size=0 is below 1"),
    "a negative batch": (
        lambda: shapes.conv_windows((9,), 3).output_shape(-1, 3),
        "^batch=-1 is below 0",
    ),
}
WRONG_TYPES = {
    "a size of a float": (lambda: Window(5.0, 3), r"^size=5\.0 is a float"),
    "a kernel of text": (lambda: Window(5, "3"), "^kernel_size='3' is a str"),
    "sizes as one number": (lambda: shapes.conv_windows(10, 3), "^sizes=10 is a int"),
    "sizes as text": (lambda: shapes.pool_windows("12", 3), "^sizes='12' is a str"),
    "sizes of text": (lambda: shapes.global_pool_windows(("a",)), r"^sizes\[0\]='a' is a str"),
    "a kernel size of 1.5": (lambda: shapes.conv_windows((9, 9), 1.5), r"^kernel_size=1\.5 is a f"),
    "a kernel size of none": (lambda: shapes.conv_windows((9,), None), "^kernel_size=None is a N"),
    "strides of floats": (lambda: shapes.conv_windows((9,), 3, [1.5]), r"^strides\[0\]=1\.5 is a"),
    "a shape as one number": (lambda: shapes.spatial_sizes(3), "^shape=3 is a int"),
    "axes of numbers": (lambda: Windows((1, 2)), r"^axes\[0\]=1 is a int; give one of Window"),
    "axes of one window": (lambda: Windows(Window(5, 3)), "^axes=.* is a Window; give a sequence"),
    "through a number": (lambda: ReceptiveField().through(3), "^window=3 is a int"),
    "a union with a number": (lambda: ReceptiveField().union(3), "^other=3 is a int"),
    "a step of a float": (lambda: ReceptiveField(1, 1.5), r"^step=1\.5 is a float"),
    "a position between two": (lambda: Window(9, 3).span(0.5), r"^position=0\.5 is a float"),
    "a position of text": (lambda: TransposedWindow(9, 3).span("1"), "^position='1' is a str"),
    "no position": (lambda: AdaptiveWindow(9, 3).span(None), "^position=None is a N"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_meaningless_numbers_are_refused(name):
    call, said = REFUSED[name]
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize("name", WRONG_TYPES)
def test_wrong_types_are_refused_by_name(name):
    call, said = WRONG_TYPES[name]
    with pytest.raises(TypeError, match=said):
        call()


def test_constructors_normalize_their_arguments():
    assert Window(5, 3, padding="SAME") == Window(5, 3, padding="same")
    assert TransposedWindow(5, 3, padding="SAME").padding == "same"
    assert Windows([Window(5, 3)]).axes == (Window(5, 3),)
    assert ReceptiveField(1, 2).step == Fraction(2)


FAR = 10**12


@pytest.mark.timeout(30)
def test_huge_numbers_are_described_quickly():
    for described in (
        Window(FAR, 3),
        Window(FAR, 3, FAR),
        Window(9, FAR, 2, padding="same"),
        Window(9, 3, 1, FAR, padding="same"),
        Window(FAR, FAR, 7, padding="causal"),
        TransposedWindow(FAR, 3, 2, padding="same"),
        TransposedWindow(9, FAR, 1, 2),
        TransposedWindow(9, 3, FAR),
        AdaptiveWindow(FAR, 7),
        AdaptiveWindow(7, FAR),
    ):
        assert len(str(described)) < 5000
        assert ReceptiveField().through(described).size >= 1
    assert "too many cells to look for" in str(Window(FAR, 1, 2))
    assert Window(9, FAR, 1, padding="same").cells(0) == tuple(range(9))
    assert AdaptiveWindow(FAR, 7).widest == FAR // 7 + 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda: Window(FAR, FAR).cells(0),
        lambda: Window(FAR, 1, 2).skipped,
        lambda: Window(10**7, 10**6, 3, 2).skipped,
        lambda: TransposedWindow(FAR, 1, 2).unwritten,
        lambda: TransposedWindow(1, FAR).cells(0),
        lambda: AdaptiveWindow(FAR, 1).cells(0),
    ],
)
@pytest.mark.timeout(30)
def test_lists_of_too_many_cells_are_refused(ask):
    with pytest.raises(
        ValueError, match=r"too many to examine the cells one by one|at most 10,000,000 are listed"
    ):
        ask()


@given(st.integers(1, 60), st.integers(1, 60))
def test_the_widest_adaptive_position_is_computed_exactly(size, output_size):
    described = AdaptiveWindow(size, output_size)
    assert described.widest == max(len(described.cells(p)) for p in range(output_size))


@pytest.mark.parametrize(
    ("described", "name"),
    [
        (Window(9, 3), "strides"),
        (TransposedWindow(9, 3), "strides"),
        (AdaptiveWindow(9, 3), "output_size"),
        (ReceptiveField(), "size"),
    ],
)
def test_what_was_checked_stays_as_it_is(described, name):
    with pytest.raises(FrozenInstanceError):
        setattr(described, name, 0)
