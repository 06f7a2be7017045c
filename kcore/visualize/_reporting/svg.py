"""A line chart as inline SVG, in the colors of the page around it."""

import unicodedata
from collections.abc import Sequence

from kcore.visualize._chart import HEIGHT, WIDTH, Chart, Line, Position, chart_of
from kcore.visualize._lettering import distinct, drawable, font_of
from kcore.visualize._reporting.html import Html, element
from kcore.visualize._series import Curve, describe

__all__ = ["svg_charts"]

_TITLE_SIZE, _TITLE_WIDTH = 14, WIDTH - 20
# Fonts of browsers, in bold, against Pillow's.
_WIDER = 1.3


def svg_charts(curves: Sequence[Curve]) -> list[Html]:
    """Draw each metric; the same in words is its text alternative."""
    titles = distinct([curve.metric for curve in curves], _fitted)
    return [_svg_chart(curve, title) for curve, title in zip(curves, titles, strict=True)]


def _svg_chart(curve: Curve, title: str) -> Html:
    chart = chart_of(curve)
    left, _, right, bottom = chart.box
    return element(
        "svg",
        _text(10, 19, title, "title"),
        _text(10, 37, chart.subtitle, "faint"),
        _shape("polygon", "gap", points=_points(chart.gap)) if chart.gap else None,
        *[_stroke(left, y, right, y, "grid") for y, _ in chart.y_ticks],
        _stroke(left, bottom, right, bottom, "axis"),
        *[_text(left - 6, y + 4, text, "faint end") for y, text in chart.y_ticks],
        *[_text(x, bottom + 15, text, "faint middle") for x, text in chart.x_ticks],
        _text(right + 10, bottom + 15, "epoch", "faint"),
        _bracket(chart),
        *[_line(line, right) for line in chart.lines],
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=describe(curve),
        class_="chart",
    )


def _line(line: Line, right: float) -> Html:
    return element(
        "g",
        *[_shape("polyline", points=_points(piece)) for piece in line.pieces],
        *[_dot(piece[0]) for piece in line.pieces if len(piece) == 1],
        _dot(line.end),
        _text(right + 10, line.label_y - 2, line.name, None),
        _text(right + 10, line.label_y + 10, line.label, None),
        class_=line.name,
    )


def _bracket(chart: Chart) -> Html | None:
    if chart.bracket is None:
        return None
    (x, upper), (_, lower) = chart.bracket
    return _stroke(x, upper, x, lower, "axis")


def _stroke(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    return _shape("line", class_, x1=x1, y1=y1, x2=x2, y2=y2)


def _dot(position: Position) -> Html:
    return _shape("circle", cx=position[0], cy=position[1], r=3)


def _shape(name: str, class_: str | None = None, **attributes: object) -> Html:
    return element(name, class_=class_, **attributes)


def _text(x: float, y: float, text: str, class_: str | None) -> Html:
    return element("text", text, x=round(x, 1), y=round(y, 1), class_=class_)


def _points(positions: list[Position]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in positions)


def _fitted(title: str, end: str = "") -> str:
    """Cut a title so that it and what stands behind it are not wider than the chart."""
    if _width(title + end) <= _TITLE_WIDTH:
        return title + end
    while title and _width(f"{title}…{end}") > _TITLE_WIDTH:
        title = title[:-1]
    return f"{title}…{end}"


def _width(text: str) -> float:
    """Return about how wide a reader's browser sets a title, rather too much than too little."""
    narrow = "".join(sign for sign in text if unicodedata.east_asian_width(sign) not in "WF")
    wide = len(text) - len(narrow)
    return wide * _TITLE_SIZE + _WIDER * font_of(_TITLE_SIZE).getlength(drawable(narrow))
