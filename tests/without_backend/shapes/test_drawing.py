import re
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from kcore.shapes import (
    AdaptiveWindow,
    ReceptiveField,
    TransposedWindow,
    Window,
    Windows,
    conv_windows,
    global_window,
    pool_window,
)


def lines(text):
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def test_valid_drops_the_last_cells():
    assert str(Window(13, kernel_size=6, strides=5)).splitlines() == lines("""
13 cells, kernel 6, strides 5, padding 'valid': 2 positions, cells 12 to 13 dropped
  1  2  3  4  5  6  7  8  9 10 11 12 13
|_________________|
               |_________________|
""")


def test_same_marks_the_pads():
    assert str(Window(13, kernel_size=6, strides=5, padding="same")).splitlines() == lines("""
13 cells, kernel 6, strides 5, padding 'same': 3 positions, pads 1 before and 2 after
  p  1  2  3  4  5  6  7  8  9 10 11 12 13  p  p
|_________________|
               |_________________|
                              |_________________|
""")


def test_cells_that_a_dilated_window_passes_over_are_dotted():
    assert str(Window(6, kernel_size=2, strides=2, dilation_rate=3)).splitlines()[1:] == lines("""
 1 2 3 4 5 6
|_....__|
    |_....__|
""")


def test_a_transposed_window_marks_the_cells_that_are_cut():
    described = TransposedWindow(3, kernel_size=3, strides=2, padding="same")
    assert str(described).splitlines() == lines("""
3 cells, transposed kernel 3, strides 2, padding 'same': 6 output cells, 0 + 1 cut
 1 2 3 4 5 6 x
|_____|
    |_____|
        |_____|
""")


def test_an_adaptive_window_shares_cells():
    assert str(AdaptiveWindow(5, 3)).splitlines() == lines("""
5 cells, adaptive: 3 positions
 1 2 3 4 5
|___|
  |_____|
      |___|
""")


def test_only_the_ends_of_a_long_axis_are_drawn():
    assert str(Window(299, kernel_size=3, strides=2)).splitlines() == lines("""
299 cells, kernel 3, strides 2, padding 'valid': 149 positions
   1   2   3   4   5   6 ..  294 295 296 297 298 299
|___________|
        |___________|
 .. 145 more ..
                                |___________|
                                        |___________|
""")


@pytest.mark.parametrize("size", [40, 41, 224, 1000])
@pytest.mark.parametrize("kernel", [1, 11, 40])
@pytest.mark.parametrize("strides", [1, 7, 40])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_no_drawing_is_wider_than_a_screen(size, kernel, strides, padding):
    drawn = str(Window(size, kernel, strides, padding=padding)).splitlines()
    assert max(len(line) for line in drawn[1:]) <= 240
    assert len(drawn) <= 10
    assert all(line.count("|") == 2 for line in drawn[2:] if "more" not in line)


def test_unknown_sizes_are_described_but_not_drawn():
    assert str(Window(None, 3, 2, padding="same")) == (
        "unknown size, kernel 3, strides 2, padding 'same': unknown number of positions"
    )
    assert (
        str(global_window(None)) == "unknown size, one window over all, padding 'valid': 1 position"
    )
    assert str(TransposedWindow(None, 3, 2)).endswith(": unknown output size")
    assert str(AdaptiveWindow(None, 3)) == "unknown size, adaptive: 3 positions"


def test_skipped_and_unwritten_cells_are_counted():
    assert (
        str(Window(11, 2, 4))
        .splitlines()[0]
        .endswith(": 3 positions, cell 11 dropped, 4 cells skipped")
    )
    summary = str(TransposedWindow(3, 1, 2)).splitlines()[0]
    assert summary.endswith(": 6 output cells, 3 of them unwritten")


@pytest.mark.parametrize(
    ("described", "text"),
    [
        (Window(13, 6, 5), "Window(size=13, kernel_size=6, strides=5)"),
        (
            Window(13, 6, padding="SAME"),
            "Window(size=13, kernel_size=6, padding='same')",
        ),
        (
            TransposedWindow(3, 2, 2, output_padding=0),
            "TransposedWindow(size=3, kernel_size=2, strides=2, output_padding=0)",
        ),
        (AdaptiveWindow(None, 3), "AdaptiveWindow(size=None, output_size=3)"),
        (
            conv_windows((9, 9), 3),
            "Windows(axes=(Window(size=9, kernel_size=3), Window(size=9, kernel_size=3)))",
        ),
        (ReceptiveField(22, 8), "ReceptiveField(size=22, step=8)"),
        (ReceptiveField(3, Fraction(1, 2)), "ReceptiveField(size=3, step=Fraction(1, 2))"),
        (ReceptiveField(), "ReceptiveField()"),
    ],
)
def test_a_repr_makes_the_same_object_and_leaves_defaults_out(described, text):
    assert repr(described) == text
    names = {kind.__name__: kind for kind in (AdaptiveWindow, ReceptiveField, TransposedWindow)}
    names |= {"Window": Window, "Windows": Windows, "Fraction": Fraction}
    assert eval(text, names) == described


@pytest.mark.parametrize(
    ("described", "cells"),
    [
        (Window(13, 6, 5, padding="same"), " p 1"),
        (TransposedWindow(3, 3, 2, padding="same"), " 6 x"),
        (AdaptiveWindow(5, 3), " 1 2 3 4 5"),
        (conv_windows((9, 8), 3), "axis 1: 8 cells"),
        (ReceptiveField(22, 8), "22 cells, positions 8 cells apart"),
    ],
)
def test_a_notebook_shows_the_drawing(described, cells):
    html = described._repr_html_()
    found = ElementTree.fromstring(html)
    assert found.tag == "pre"
    assert found.text.strip("\n") == str(described)
    assert re.sub(" +", " ", cells) in re.sub(" +", " ", html)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (ReceptiveField(), "1 cell, positions 1 cell apart"),
        (ReceptiveField(3, Fraction(1, 2)), "3 cells, positions 1/2 cells apart"),
        (ReceptiveField(None, None), "unknown size, positions an unknown number of cells apart"),
    ],
)
def test_a_receptive_field_says_what_a_position_sees(field, text):
    assert str(field) == text


def test_a_pool_is_drawn_as_a_window():
    assert str(pool_window(5, 2)) == str(Window(5, 2, 2))
