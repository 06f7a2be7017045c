"""Draw one metric of a training run on matplotlib's axes."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kcore.visualize._series import Curve, Points, distance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLORS", "draw", "last_values", "subtitle"]

# Colors of the style that the user has chosen.
COLORS = {"training": "C0", "validation": "C1", "test": "C2", "mark": "gray"}
_LINE_STYLES = {"training": "-", "validation": "--", "test": ""}
_MARKERS = {"training": ("o", 4.5), "validation": ("o", 4.5), "test": ("D", 6)}
_GAP_OPACITY = 0.15
_LINE_WIDTH = 1.8
# matplotlib can't distinguish values below 1e-287, and can't make ticks near the largest float.
_LARGE, _SMALL = 1e200, 1e-200
_FACTOR = 1e300


def draw(ax: "Axes", curve: Curve, colors: Mapping[str, Any] = COLORS) -> None:
    """Draw the lines of training and validation, the area between them, the test and the axes.

    A value that isn't finite interrupts its line.

    Args:
        ax: the axes to draw on.
        curve: the metric.
        colors: the colors of "training", which the area between the lines has too, of "validation",
            of "test", and of "mark", the line that marks the gap.
    """
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    unit = _unit(curve)
    for name, value in last_values(curve):
        points = curve.series[name]
        _draw_line(ax, name, points, unit, color=colors[name], label=f"{name} {value}")
    _draw_gap(ax, curve, unit, colors)
    first, last = curve.first_epoch, curve.last_epoch
    # Less than one epoch, so that there is no tick at epoch 0.
    margin = min(0.04 * (last - first), 0.9) or 0.5
    ax.set_xlim(first - margin, last + margin)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    # Labels such as 12345.2 rather than 0.2 with "+1.2345e4" above the axis.
    ax.yaxis.set_major_formatter(ScalarFormatter(useOffset=False))
    ax.set_xlabel("epoch")
    if unit != 1:
        ax.set_ylabel(f"× {unit:g}")


def last_values(curve: Curve) -> list[tuple[str, str]]:
    """Return the name and the last finite value of each line that `draw` draws."""
    finite = [
        (name, [value for _, value in points if math.isfinite(value)])
        for name, points in curve.series.items()
    ]
    return [(name, f"{values[-1]:.4g}") for name, values in finite if values]


def subtitle(curve: Curve) -> str:
    """Say how far validation lies from training, or where a value is not finite."""
    points = [point for points in curve.series.values() for point in points]
    broken = [epoch for epoch, value in points if not math.isfinite(value)]
    if broken:
        return f"not finite in epoch {min(broken)}"
    if curve.gap is None:
        return ""
    epoch, gap = curve.gap
    amount = f"{distance(gap)} {'above' if gap > 0 else 'below'}" if gap else "equal to"
    return f"epoch {epoch}: validation {amount} training"


def _unit(curve: Curve) -> float:
    """Return the number to divide the values by, so that matplotlib can handle them."""
    values = [abs(value) for points in curve.series.values() for _, value in points]
    largest = max((value for value in values if math.isfinite(value)), default=0)
    if largest > _LARGE:
        return _FACTOR
    return 1 / _FACTOR if 0 < largest < _SMALL else 1


def _draw_line(
    ax: "Axes", name: str, points: Points, unit: float, *, color: Any, label: str
) -> None:
    known = [index for index, (_, value) in enumerate(points) if math.isfinite(value)]
    values = [value / unit if math.isfinite(value) else math.nan for _, value in points]
    # The last value, and values between two holes, which no line shows.
    marked = [
        index for index in known if index == known[-1] or not {index - 1, index + 1} & set(known)
    ]
    marker, marker_size = _MARKERS[name]
    ax.plot(
        [epoch for epoch, _ in points],
        values,
        color=color,
        linestyle=_LINE_STYLES[name],
        linewidth=_LINE_WIDTH,
        marker=marker,
        markersize=marker_size,
        markevery=marked,
        label=label,
    )


def _draw_gap(ax: "Axes", curve: Curve, unit: float, colors: Mapping[str, Any]) -> None:
    """Shade the area between the lines, and mark the gap in the last epoch that has both."""
    both = curve.points_of_both()
    if not both:
        return
    epochs = [epoch for epoch, _, _ in both]
    training = [value / unit for _, value, _ in both]
    validation = [value / unit for _, _, value in both]
    if len(both) > 1:
        ax.fill_between(
            epochs, training, validation, color=colors["training"], alpha=_GAP_OPACITY, linewidth=0
        )
    ends = [training[-1], validation[-1]]
    ax.vlines(epochs[-1], min(ends), max(ends), color=colors["mark"], linewidth=1.2)
