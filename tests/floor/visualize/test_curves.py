import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.visualize import curves
from kcore.visualize.chart import HEIGHT, WIDTH, chart_of, ticks
from kcore.visualize.series import curves_of

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
    with pytest.raises(ValueError, match="columns=0 must be a whole number"):
        curves(history, columns=0)


@pytest.mark.parametrize(
    "history",
    [{"loss": [0.0]}, {"loss": [1e-30, 1e-30]}, {"loss": [1e300, -1e300]}, {"m" * 300: [1, 2]}],
)
def test_strange_histories_are_drawn(history):
    assert curves(history).shape == (2 * HEIGHT, 2 * WIDTH, 3)
