import math
import re
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from kcore.visualize import curves
from kcore.visualize._chart import HEIGHT, WIDTH, chart_of
from kcore.visualize._scale import ticks
from kcore.visualize._series import curves_of, describe

HISTORY = {"loss": [1.0, 0.5, 0.25, 0.125], "val_loss": [1.0, 0.75, 0.75, 0.875]}
TRAINING, VALIDATION = (0x1F, 0x5F, 0xA8), (0xB4, 0x50, 0x0A)


def chart(history):
    (curve,) = curves_of(history)
    return chart_of(curve)


def pixels(picture, color):
    return np.argwhere((picture == color).all(axis=-1))


def test_positions_follow_the_values_linearly():
    drawn = chart(HISTORY)
    (piece,), (other,) = (line.pieces for line in drawn.lines)
    x, y = np.array(piece).T
    np.testing.assert_allclose(np.diff(x), np.diff(x)[0], atol=0.11)
    slope = (y[1] - y[0]) / (0.5 - 1.0)
    np.testing.assert_allclose(y, y[0] + slope * (np.array(HISTORY["loss"]) - 1.0), atol=0.11)
    np.testing.assert_allclose(
        np.array(other)[:, 1], y[0] + slope * (np.array(HISTORY["val_loss"]) - 1.0), atol=0.11
    )
    left, top, right, bottom = drawn.box
    assert ((left <= x) & (x <= right)).all()
    assert ((top <= y) & (y <= bottom)).all()
    for tick, text in drawn.y_ticks:
        np.testing.assert_allclose(tick, y[0] + slope * (float(text) - 1.0), atol=0.11)


def test_the_gap_is_marked_and_said():
    drawn = chart(HISTORY)
    assert drawn.bracket == (drawn.lines[0].end, drawn.lines[1].end)
    assert len(drawn.gap) == 8
    assert drawn.subtitle == "epoch 4: validation 0.75 above training"
    assert chart({"loss": [1, 2]}).bracket is None


def test_labels_keep_off_each_other_and_inside():
    close = chart({"loss": [1.0, 0.5], "val_loss": [1.0, 0.5]})
    upper, lower = sorted(line.label_y for line in close.lines)
    assert lower - upper >= 28
    for line in close.lines:
        assert 0 < line.label_y < HEIGHT - 40


def test_values_that_are_not_finite_leave_a_hole():
    drawn = chart({"loss": [1.0, float("nan"), 0.5, 0.25, float("inf")]})
    assert [len(piece) for piece in drawn.lines[0].pieces] == [1, 2]
    assert drawn.subtitle == "not finite in epoch 2"
    assert chart({"loss": [float("nan")]}).lines == []


@given(
    st.floats(-1e9, 1e9, allow_nan=False),
    st.floats(1e-6, 1e9, allow_nan=False),
    st.integers(2, 10),
)
def test_ticks_are_few_even_and_inside(low, width, wanted):
    high = low + max(width, abs(low) * 1e-9)
    found = ticks(low, high, wanted)
    assert 1 <= len(found) <= 2 * wanted
    steps = np.diff(found)
    np.testing.assert_allclose(steps, steps[:1].repeat(len(steps)), rtol=1e-3)
    margin = (high - low) * 1e-6 + abs(low) * 1e-12
    assert min(found) >= low - margin
    assert max(found) <= high + margin


def test_the_picture_shows_both_lines():
    picture = curves(HISTORY)
    assert picture.shape == (2 * HEIGHT, 2 * WIDTH, 3)
    assert picture.dtype == np.uint8
    for color, line in zip((TRAINING, VALIDATION), chart(HISTORY).lines, strict=True):
        assert len(pixels(picture, color)) > 400
        x, y = line.end
        np.testing.assert_array_equal(picture[round(2 * y), round(2 * x)], color)


def test_validation_is_dashed():
    straight = {"loss": [1.0, 1.0], "val_loss": [2.0, 2.0]}
    drawn, picture = chart(straight), curves(straight)
    full, dashed = (
        (picture[round(2 * line.end[1]), 120:500] == color).all(axis=-1)
        for line, color in zip(drawn.lines, (TRAINING, VALIDATION), strict=True)
    )
    assert full.all()
    assert 0.3 < dashed.mean() < 0.7
    assert np.abs(np.diff(dashed.astype(int))).sum() > 10


@pytest.mark.parametrize(("metrics", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 2, 2)])
def test_there_is_a_chart_for_each_metric(metrics, rows, columns):
    picture = curves({f"metric {n}": [n, n + 1] for n in range(metrics)})
    assert picture.shape == (rows * 2 * HEIGHT, columns * 2 * WIDTH, 3)


def test_chosen_metrics_and_columns():
    history = {"loss": [2, 1], "accuracy": [0, 1]}
    one = curves(history, ["accuracy"])
    np.testing.assert_array_equal(one, curves({"accuracy": [0, 1]}))
    assert curves(history, columns=1).shape == (4 * HEIGHT, 2 * WIDTH, 3)
    with pytest.raises(ValueError, match="columns=0 must be an integer"):
        curves(history, columns=0)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=8))
@example([1.7976931348623157e308, -1.7976931348623157e308])
@example([5e-324, 1e-323, -5e-324])
@example([1e-308, 2e-308])
@example([1e16, 1e16 + 4])
@example([12345.1, 12345.9])
def test_any_values_stand_in_their_order_beside_ticks_that_differ(values):
    with np.errstate(all="raise"):
        drawn = chart({"loss": values, "val_loss": values[::-1]})
    left, top, right, bottom = drawn.box
    positions = [position for line in drawn.lines for piece in line.pieces for position in piece]
    assert len(positions) == 2 * np.isfinite(values).sum()
    assert all(left <= x <= right and top <= y <= bottom for x, y in positions)
    heights = sorted((value, y) for value, y in zip(known(values), first_line(drawn), strict=True))
    assert [y for _, y in heights] == sorted((y for _, y in heights), reverse=True)
    labels = [float(text) for _, text in drawn.y_ticks]
    assert 1 <= len(labels) <= 10
    assert labels == sorted(set(labels))
    assert all(math.isfinite(label) for label in labels)
    assert [y for y, _ in drawn.y_ticks] == sorted((y for y, _ in drawn.y_ticks), reverse=True)
    assert all(6 * len(text) <= left - 6 for _, text in drawn.y_ticks)
    for words in (drawn.subtitle, *(line.label for line in drawn.lines)):
        assert not re.search("nan|inf", words)


def known(values):
    return [value for value in values if np.isfinite(value)]


def first_line(drawn):
    return [y for line in drawn.lines[:1] for piece in line.pieces for _, y in piece]


STEPS = [factor * Fraction(10) ** power for power in range(-310, 310) for factor in (1, 2, 5)]


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(2, 10),
)
def test_ticks_of_any_range_are_the_multiples_of_a_round_number(one, other, wanted):
    assume(one != other)
    low, high = sorted((one, other))
    span = Fraction(high) - Fraction(low)
    assume(span > Fraction(1, 10**300))
    found = [Fraction(tick) for tick in ticks(low, high, wanted)]
    rough = span / wanted
    step = min(step for step in STEPS if step >= rough * Fraction(7, 10))
    wanted_ticks = range(math.ceil(Fraction(low) / step), math.floor(Fraction(high) / step) + 1)
    assert {float(count * step) for count in wanted_ticks} <= set(map(float, found))
    assert len(found) <= len(wanted_ticks) + 2


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([1e308, -1e308], ["-1e+308", "-5e+307", "0", "5e+307", "1e+308"]),
        ([1e-308, -1e-308], ["-1e-308", "-5e-309", "0", "5e-309", "1e-308"]),
        ([12345.0, 12347.0], ["12345", "12345.5", "12346", "12346.5", "12347"]),
        ([1.0, 1.0 + 2**-52], ["0.999996", "0.999998", "1", "1.000002", "1.000004"]),
        ([float("inf"), 1.0], ["0.9", "0.95", "1", "1.05", "1.1"]),
    ],
    ids=["huge", "tiny", "offset", "one bit", "infinite"],
)
def test_labels_of_ticks_tell_them_from_each_other(values, labels):
    assert [text for _, text in chart({"loss": values}).y_ticks] == labels


def test_a_gap_that_is_no_float_is_said():
    (curve,) = curves_of({"loss": [1e308], "val_loss": [-1e308]})
    words = "validation more than 1.8e+308 below training"
    assert chart_of(curve).subtitle == f"epoch 1: {words}"
    assert describe(curve).endswith(f"; {words} in epoch 1")


@pytest.mark.parametrize(
    "history",
    [
        {"loss": [1e308, -1e308, float("nan")], "val_loss": [-1e308, float("inf"), 1e-308]},
        {"loss": [0.0]},
        {"loss": [1e-30, 1e-30]},
        {"loss": [1e300, -1e300]},
        {"m" * 300: [1, 2]},
    ],
)
def test_strange_histories_are_drawn(history):
    with warnings.catch_warnings(action="error"), np.errstate(all="raise"):
        assert curves(history).shape == (2 * HEIGHT, 2 * WIDTH, 3)
