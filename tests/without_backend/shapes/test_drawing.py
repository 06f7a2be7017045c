import pytest

from kcore.shapes import adaptive_window, global_window, pool_window, transposed_window, window


def lines(text):
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def test_valid_drops_the_last_cells_of_the_course():
    assert str(window(13, kernel=6, strides=5)).splitlines() == lines("""
13 cells, kernel 6, strides 5, padding 'valid': 2 positions, cells 12 to 13 dropped
  1  2  3  4  5  6  7  8  9 10 11 12 13
|_________________|
               |_________________|
""")


def test_same_marks_the_pads_of_the_course():
    assert str(window(13, kernel=6, strides=5, padding="same")).splitlines() == lines("""
13 cells, kernel 6, strides 5, padding 'same': 3 positions, pads 1 before and 2 after
  p  1  2  3  4  5  6  7  8  9 10 11 12 13  p  p
|_________________|
               |_________________|
                              |_________________|
""")


def test_dots_stand_where_a_dilated_window_passes_over_a_cell():
    assert str(window(6, kernel=2, strides=2, dilation_rate=3)).splitlines()[1:] == lines("""
 1 2 3 4 5 6
|_....__|
    |_....__|
""")


def test_a_transposed_window_marks_what_it_cuts():
    assert str(transposed_window(3, kernel=3, strides=2, padding="same")).splitlines() == lines("""
3 cells, transposed kernel 3, strides 2, padding 'same': 6 output cells, 0 + 1 cut
 1 2 3 4 5 6 x
|_____|
    |_____|
        |_____|
""")


def test_an_adaptive_window_shares_cells():
    assert str(adaptive_window(5, 3)).splitlines() == lines("""
5 cells, adaptive: 3 positions
 1 2 3 4 5
|___|
  |_____|
      |___|
""")


def test_a_long_axis_is_cut_to_its_ends():
    assert str(window(299, kernel=3, strides=2)).splitlines() == lines("""
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
def test_no_drawing_grows_wider_than_a_screen(size, kernel, strides, padding):
    drawn = str(window(size, kernel, strides, padding=padding)).splitlines()
    assert max(len(line) for line in drawn[1:]) <= 240
    assert len(drawn) <= 10
    assert all(line.count("|") == 2 for line in drawn[2:] if "more" not in line)


def test_what_is_unknown_is_said_and_not_drawn():
    assert str(window(None, 3, 2, padding="same")) == (
        "unknown size, kernel 3, strides 2, padding 'same': unknown number of positions"
    )
    assert (
        str(global_window(None)) == "unknown size, one window over all, padding 'valid': 1 position"
    )
    assert str(transposed_window(None, 3, 2)).endswith(": unknown output size")
    assert str(adaptive_window(None, 3)) == "unknown size, adaptive: 3 positions"


def test_a_pool_is_drawn_as_a_window():
    assert str(pool_window(5, 2)) == str(window(5, 2, 2))
