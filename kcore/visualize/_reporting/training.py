"""The parts of a report on the course of training: curves, epochs and their times."""

import math
import statistics
from collections.abc import Sequence

from kcore.visualize._reporting.section import Section, table
from kcore.visualize._reporting.svg import charts
from kcore.visualize._series import Curve

__all__ = ["curves_section", "duration", "epochs_section"]

_OPEN_UP_TO = 12


def curves_section(curves: Sequence[Curve]) -> Section:
    """Show a chart for each metric."""
    has_gap = any(curve.gap is not None for curve in curves)
    has_test = any(curve.test for curve in curves)
    content = {"has_gap": has_gap, "has_test": has_test, "charts": charts(curves)}
    return Section("curves", "Curves", "curves.html", content)


def epochs_section(curves: Sequence[Curve], seconds: Sequence[float] | None) -> Section:
    """List each epoch's values, and how long it took."""
    columns = [
        (name, dict(points))
        for curve in curves
        for name, points in (
            (curve.metric, curve.training),
            (f"val_{curve.metric}", curve.validation),
        )
        if points
    ]
    epochs = sorted({epoch for _, values in columns for epoch in values})
    times = list(seconds or [])
    if not epochs:
        epochs = list(range(1, len(times) + 1))
    titles = ["epoch", *[name for name, _ in columns], *(["seconds"] if times else [])]
    rows = [
        [epoch, *[_value(values, epoch) for _, values in columns], *_seconds(times, index)]
        for index, epoch in enumerate(epochs)
    ]
    content = {
        "times": _times_in_words(times),
        "summary": f"All {len(rows)} epochs" if len(rows) > 1 else "The epoch",
        "table": table(titles, rows, "Values of each epoch"),
        "is_open": len(rows) <= _OPEN_UP_TO,
    }
    return Section("epochs", "Epochs", "epochs.html", content)


def duration(seconds: float) -> str:
    """Write a duration in the units that people would use.

    Example:
        >>> duration(0.0123), duration(59.96), duration(3725)
        ('12 ms', '1 min 0 s', '1 h 2 min')
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _times_in_words(times: Sequence[float]) -> str:
    if not times:
        return ""
    total = duration(math.fsum(times))
    if len(times) == 1:
        return f"The epoch took {total}."
    first, median = duration(times[0]), duration(statistics.median(times[1:]))
    return (
        f"{len(times)} epochs took {total}: the first, in which the model is compiled, {first}, "
        f"and the others {median} each (median)."
    )


def _seconds(times: Sequence[float], index: int) -> list[str]:
    if not times:
        return []
    return [f"{times[index]:.2f}" if index < len(times) else ""]


def _value(values: dict[int, float], epoch: int) -> str:
    return f"{values[epoch]:.4g}" if epoch in values else ""
