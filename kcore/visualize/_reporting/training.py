"""The parts of a report on the course of a training: curves, epochs and their times."""

import math
import statistics
from collections.abc import Sequence

from kcore.visualize._reporting.html import Html, element, join, table
from kcore.visualize._reporting.section import Section
from kcore.visualize._reporting.svg import svg_charts
from kcore.visualize._series import Curve

__all__ = ["curves_section", "duration", "epochs_section"]

_OPEN_UP_TO = 12


def curves_section(curves: Sequence[Curve]) -> Section:
    """Show a chart for each metric."""
    explained = element(
        "p",
        "Training is the full line, validation the dashed one. What lies between them is shaded; "
        "regularisation, dropout and augmentation should narrow it.",
        class_="faint",
    )
    has_gap = any(curve.gap is not None for curve in curves)
    charts = element("div", *svg_charts(curves), class_="charts")
    return Section("curves", "Curves", join([explained if has_gap else None, charts]))


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
    head = ["epoch", *[name for name, _ in columns], *(["seconds"] if times else [])]
    rows = [
        [epoch, *[_value(values, epoch) for _, values in columns], *_seconds(times, place)]
        for place, epoch in enumerate(epochs)
    ]
    listed = element(
        "details",
        element("summary", f"All {len(rows)} epochs" if len(rows) > 1 else "The epoch"),
        table(head, rows, "Values of each epoch"),
        open=len(rows) <= _OPEN_UP_TO,
    )
    return Section("epochs", "Epochs", join([_summary(times), listed]))


def duration(seconds: float) -> str:
    """Write a time as people say it.

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


def _summary(times: Sequence[float]) -> Html | None:
    if not times:
        return None
    total = duration(math.fsum(times))
    if len(times) == 1:
        return element("p", f"The epoch took {total}.")
    first, median = duration(times[0]), duration(statistics.median(times[1:]))
    return element(
        "p",
        f"{len(times)} epochs took {total}: the first, in which the model is compiled, {first}, "
        f"and the others {median} each (median).",
    )


def _seconds(times: Sequence[float], place: int) -> list[str]:
    if not times:
        return []
    return [f"{times[place]:.2f}" if place < len(times) else ""]


def _value(values: dict[int, float], epoch: int) -> str:
    return f"{values[epoch]:.4g}" if epoch in values else ""
