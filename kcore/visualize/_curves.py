"""Training against validation, epoch by epoch, with the gap between them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from kcore._arguments import check_integer
from kcore.visualize._chart import HEIGHT, WIDTH, Chart, Line, Position, chart_of
from kcore.visualize._lettering import drawable, fitted, font_of, shorten
from kcore.visualize._series import curves_of

__all__ = ["curves"]

_ZOOM = 2
_SMOOTHING = 3
_MAX_COLUMNS = 2
_PAPER, _INK, _FAINT, _GRID, _GAP = "#ffffff", "#202020", "#5c5c5c", "#e4e4e4", "#e9eef5"
_COLORS = {"training": "#1f5fa8", "validation": "#b4500a"}
_DASH = 7.0
_TITLE_SIZE = 14
_CUT = 20 * _ZOOM  # margins beside a title
Canvas = ImageDraw.ImageDraw


def curves(
    history: Any,
    metrics: Sequence[str] | None = None,
    *,
    validation_freq: int | Sequence[int] = 1,
    columns: int | None = None,
) -> npt.NDArray[np.uint8]:
    """Draw the metrics of a training: one chart each, with training against validation.

    Training is a full line, validation a dashed one, and the area between them is shaded. A
    vertical stroke marks the gap in the last epoch that has both, and the line below the title says
    how large it is: this is what dropout and augmentation should close.

    Args:
        history: what `fit` returned, or a mapping such as its `history`: a list of values for each
            name, in which None stands for an epoch without a value. A metric of at most 10 numbers
            an epoch, such as one for each class, gets a chart for each: `f1_score[0]` and so on. A
            series of anything else, such as texts, is left out with a warning.
        metrics: the metrics to draw, without "val_"; all by default. The name of a metric of
            several numbers stands for all of them.
        validation_freq: what `fit` was given, if it validated in some epochs only.
        columns: charts in one row; at most 2 by default.

    Returns:
        The picture, uint8, `(480 * rows, 720 * columns, 3)`: drawn for screens with small pixels.

    Raises:
        ValueError: if there is no epoch or no number to draw, a metric is not in the history or
            can't be drawn, or a series has another number of values than there are epochs.

    Example:
        >>> import kcore
        >>> history = {"loss": [0.9, 0.5, 0.3], "val_loss": [0.8, 0.6, 0.6]}
        >>> kcore.visualize.curves(history).shape
        (480, 720, 3)
    """
    charts = [chart_of(curve) for curve in curves_of(history, validation_freq, metrics)]
    if columns is None:
        columns = min(len(charts), _MAX_COLUMNS)
    columns = check_integer("columns", columns)
    rows = math.ceil(len(charts) / columns)
    width, height = WIDTH * _ZOOM, HEIGHT * _ZOOM
    sheet = Image.new("RGB", (columns * width, rows * height), _PAPER)
    titles = fitted([chart.title for chart in charts], font_of(_TITLE_SIZE * _ZOOM), width - _CUT)
    for index, (chart, title) in enumerate(zip(charts, titles, strict=True)):
        position = (index % columns * width, index // columns * height)
        sheet.paste(_drawn(replace(chart, title=title)), position)
    return np.asarray(sheet)


def _drawn(chart: Chart) -> Image.Image:
    """Draw the shapes in three times the size and reduce them, so that slanted lines are smooth."""
    size = (WIDTH * _ZOOM, HEIGHT * _ZOOM)
    large = Image.new("RGB", (size[0] * _SMOOTHING, size[1] * _SMOOTHING), _PAPER)
    _draw_shapes(ImageDraw.Draw(large), chart)
    img = large.reduce(_SMOOTHING)
    _write_texts(ImageDraw.Draw(img), chart)
    return img


def _draw_shapes(draw: Canvas, chart: Chart) -> None:
    left, _, right, bottom = chart.box
    if chart.gap:
        draw.polygon([_large(position) for position in chart.gap], fill=_GAP)
    for y, _ in chart.y_ticks:
        _stroke(draw, [(left, y), (right, y)], _GRID, 1)
    _stroke(draw, [(left, bottom), (right, bottom)], _FAINT, 1)
    if chart.bracket:
        _stroke(draw, list(chart.bracket), _FAINT, 1.5)
    for line in chart.lines:
        for piece in line.pieces:
            strokes = _dashes(piece) if line.name == "validation" else [piece]
            for stroke in strokes:
                _stroke(draw, stroke, _COLORS[line.name], 2)
            if len(piece) == 1:
                _dot(draw, piece[0], _COLORS[line.name])
        _dot(draw, line.end, _COLORS[line.name])


def _write_texts(draw: Canvas, chart: Chart) -> None:
    left, _, right, bottom = chart.box
    _write(draw, (10, 14), chart.title, _INK, _TITLE_SIZE, "lm")
    _write(draw, (10, 33), chart.subtitle, _FAINT, 11, "lm", width=WIDTH - 20)
    for y, text in chart.y_ticks:
        _write(draw, (left - 6, y), text, _FAINT, 11, "rm")
    for x, text in chart.x_ticks:
        _write(draw, (x, bottom + 11), text, _FAINT, 11, "mm")
    _write(draw, (right + 10, bottom + 11), "epoch", _FAINT, 11, "lm")
    for line in chart.lines:
        _write_label(draw, line, right)


def _write_label(draw: Canvas, line: Line, right: float) -> None:
    color = _COLORS[line.name]
    _write(draw, (right + 10, line.label_y - 6), line.name, color, 11, "lm")
    _write(draw, (right + 10, line.label_y + 6), line.label, color, 11, "lm")


def _write(
    draw: Canvas,
    position: Position,
    text: str,
    color: str,
    size: int,
    anchor: str,
    width: int | None = None,
) -> None:
    font = font_of(size * _ZOOM)
    shown = drawable(text) if width is None else shorten(drawable(text), font, width * _ZOOM)
    at = (position[0] * _ZOOM, position[1] * _ZOOM)
    draw.text(at, shown, fill=color, font=font, anchor=anchor)


def _large(position: Position) -> Position:
    return position[0] * _ZOOM * _SMOOTHING, position[1] * _ZOOM * _SMOOTHING


def _stroke(draw: Canvas, positions: list[Position], color: str, width: float) -> None:
    scaled = [_large(position) for position in positions]
    draw.line(scaled, fill=color, width=round(width * _ZOOM * _SMOOTHING), joint="curve")


def _dot(draw: Canvas, position: Position, color: str) -> None:
    (x, y), radius = _large(position), 3 * _ZOOM * _SMOOTHING
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def _dashes(piece: list[Position]) -> list[list[Position]]:
    """Cut a run of positions into dashes of equal length, which go round its corners."""
    dashes: list[list[Position]] = []
    walked = 0.0
    for start, end in pairwise(piece):
        length = math.dist(start, end)
        done = 0.0
        while done < length:
            step = min(_DASH - walked % _DASH, length - done)
            if int(walked / _DASH + 1e-9) % 2 == 0:
                dashes.append([_between(start, end, done / length)])
                dashes[-1].append(_between(start, end, (done + step) / length))
            done += max(step, 1e-6)
            walked += max(step, 1e-6)
    return dashes


def _between(start: Position, end: Position, share: float) -> Position:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
