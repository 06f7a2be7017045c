"""The geometry of a line chart, in pixels: whoever draws it need not compute."""

import math
from dataclasses import dataclass, replace

from kcore.visualize._scale import Scale, ticks
from kcore.visualize._series import Curve, Points, distance

__all__ = ["Chart", "Line", "chart_of"]

Position = tuple[float, float]

WIDTH, HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 80, 50, 34
_LABEL_DISTANCE = 15
# What a label of the vertical axis needs beside it, and each of its signs.
_BESIDE_LABEL, _SIGN_WIDTH = 9, 7


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        name: "training" or "validation".
        pieces: runs of neighboring positions; a value that is not finite ends a run.
        end: the last position.
        label: the last value.
        label_y: where the label stands, so that labels don't cover each other.
    """

    name: str
    pieces: list[list[Position]]
    end: Position
    label: str
    label_y: float


@dataclass(frozen=True)
class Chart:
    """Positions in a picture of `WIDTH` by `HEIGHT`; y counts from the top.

    Attributes:
        title: the metric.
        subtitle: the gap, in words.
        lines: the lines.
        gap: outline of the area between training and validation; empty without one.
        bracket: ends of the vertical line that marks the gap, or None.
        x_ticks: x and text of each tick.
        y_ticks: y and text of each tick.
        box: left, top, right and bottom of the plot.
    """

    title: str
    subtitle: str
    lines: list[Line]
    gap: list[Position]
    bracket: tuple[Position, Position] | None
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    box: tuple[float, float, float, float]


def chart_of(curve: Curve) -> Chart:
    """Lay out one metric."""
    frame = _Frame(curve)
    series = [("training", curve.training), ("validation", curve.validation)]
    lines = [_line(name, points, frame) for name, points in series if _known(points)]
    both = curve.points_of_both()
    upper = [frame.position(epoch, training) for epoch, training, _ in both]
    lower = [frame.position(epoch, validation) for epoch, _, validation in both]
    return Chart(
        title=curve.metric,
        subtitle=_subtitle(curve),
        lines=_apart(lines),
        gap=[*upper, *reversed(lower)] if len(both) > 1 else [],
        bracket=(upper[-1], lower[-1]) if both else None,
        x_ticks=[(frame.x(epoch), f"{epoch:g}") for epoch in frame.epochs],
        y_ticks=[(frame.y(value), text) for value, text in frame.values],
        box=(frame.left, _TOP, WIDTH - _RIGHT, HEIGHT - _BOTTOM),
    )


class _Frame:
    """The scales of one chart."""

    def __init__(self, curve: Curve):
        points = [*_known(curve.training), *_known(curve.validation)]
        all_points = [*curve.training, *curve.validation]
        self._first = min(epoch for epoch, _ in all_points)
        self._last = max(epoch for epoch, _ in all_points)
        self._scale = Scale([value for _, value in points] or [0.0, 1.0])
        self.values = self._scale.ticks
        self.epochs = _whole_ticks(self._first, self._last)
        longest = max(len(text) for _, text in self.values)
        self.left = max(_LEFT, _BESIDE_LABEL + longest * _SIGN_WIDTH)

    def position(self, epoch: int, value: float) -> Position:
        return self.x(epoch), self.y(value)

    def x(self, epoch: float) -> float:
        width = WIDTH - _RIGHT - self.left
        if self._first == self._last:
            return self.left + width / 2
        share = (epoch - self._first) / (self._last - self._first)
        return round(self.left + 6 + share * (width - 12), 1)

    def y(self, value: float) -> float:
        share = self._scale.share(value)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP), 1)


def _whole_ticks(first: int, last: int) -> list[float]:
    if first == last:
        return [first]
    return [tick for tick in ticks(first, last, 6) if tick == round(tick)]


def _known(points: Points) -> list[tuple[int, float]]:
    return [point for point in points if math.isfinite(point[1])]


def _line(name: str, points: Points, frame: _Frame) -> Line:
    pieces: list[list[Position]] = [[]]
    for epoch, value in points:
        if math.isfinite(value):
            pieces[-1].append(frame.position(epoch, value))
        elif pieces[-1]:
            pieces.append([])
    epoch, value = _known(points)[-1]
    end = frame.position(epoch, value)
    return Line(name, [piece for piece in pieces if piece], end, f"{value:.4g}", end[1])


def _apart(lines: list[Line]) -> list[Line]:
    """Keep labels inside of the plot, and those of two lines off each other."""
    places = [line.label_y for line in lines]
    half = _LABEL_DISTANCE
    if len(lines) == 2 and abs(places[0] - places[1]) < 2 * half:
        middle = min(max(sum(places) / 2, _TOP + half), HEIGHT - _BOTTOM - 2 * half)
        places = [middle - half, middle + half]
        if lines[0].label_y > lines[1].label_y:
            places.reverse()
    lowest = HEIGHT - _BOTTOM - half
    return [
        replace(line, label_y=min(place, lowest)) for line, place in zip(lines, places, strict=True)
    ]


def _subtitle(curve: Curve) -> str:
    broken = [
        epoch for epoch, value in (*curve.training, *curve.validation) if not math.isfinite(value)
    ]
    if broken:
        return f"not finite in epoch {min(broken)}"
    if curve.gap is None:
        return ""
    epoch, gap = curve.gap
    amount = f"{distance(gap)} {'above' if gap > 0 else 'below'}" if gap else "equal to"
    return f"epoch {epoch}: validation {amount} training"
