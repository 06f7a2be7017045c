"""Plot training against validation, epoch by epoch, with the gap between them."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from kcore._arguments import check_integer
from kcore.visualize._chart import draw, subtitle
from kcore.visualize._figures import (
    check_axes,
    check_figsize,
    figure_of,
    new_figure,
    plain_text,
    shortened,
)
from kcore.visualize._series import Curve, curves_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_history"]

_WIDTH, _HEIGHT = 5.0, 3.6  # of each chart, in inches
_MOST_COLUMNS = 2
_LONGEST_TITLE = 40
_LEGEND_LENGTH = 2.6  # long enough to recognize dashes


def plot_history(
    history: Any,
    metrics: Sequence[str] | None = None,
    *,
    validation_freq: int | Sequence[int] = 1,
    columns: int | None = None,
    ax: "Axes | Sequence[Axes] | npt.NDArray[Any] | None" = None,
    figsize: tuple[float, float] | None = None,
) -> "Figure":
    """Plot the metrics of a training run: one chart each, with training against validation.

    Training is a solid line, validation a dashed one, and the area between them is shaded. A
    vertical line marks the gap in the last epoch that has both, and the title says how large it is:
    this is what dropout and augmentation should close. A value that is NaN or infinite interrupts
    its line, and the title says so. Epochs count from 1.

    The colors are the first two of matplotlib's current style. A notebook shows the figure if it is
    the last value of a cell; `figure.savefig(path)` saves it. `pyplot` doesn't know the figure: to
    draw in a window, give `ax` from `plt.subplots()`.

    Args:
        history: what `fit` returned, or a mapping such as its `history`: a list of values for each
            name, with None for an epoch without a value. A metric of at most 10 numbers per epoch,
            such as one for each class, gets a chart for each number: `f1_score[0]` and so on. A
            series of anything else, such as texts, is left out with a warning.
        metrics: the metrics to plot, without `"val_"`; all by default. The name of a metric of
            several numbers stands for all of them.
        validation_freq: the `validation_freq` of `fit`, if the model was validated only in some
            epochs: the number of epochs from one validation to the next, or a list of epochs, which
            count from 1.
        columns: charts in one row; at most 2 by default. Not allowed with `ax`.
        ax: the `matplotlib.axes.Axes` to draw on, or one for each chart as a sequence or array; by
            default a new figure is made.
        figsize: width and height of the new figure in inches; by default 5 by 3.6 for each chart.
            Not allowed with `ax`.

    Returns:
        The `matplotlib.figure.Figure`: a new one, or that of `ax`.

    Raises:
        TypeError: if `ax` is not made of matplotlib axes.
        ValueError: if there is no epoch or no number to draw, a metric is not in the history or
            can't be drawn, a series has another number of values than there are epochs, or there is
            not one axes for each chart.

    Example:
        >>> import kcore
        >>> history = {"loss": [0.9, 0.5, 0.3], "val_loss": [0.8, 0.6, 0.6]}
        >>> figure = kcore.visualize.plot_history(history)
        >>> print(figure.axes[0].get_title(loc="left"))
        loss
        epoch 3: validation 0.3 above training
    """
    curves = curves_of(history, validation_freq, metrics)
    if ax is None:
        axes = _new_axes(len(curves), columns, figsize)
    else:
        if columns is not None or figsize is not None:
            name, value = ("columns", columns) if figsize is None else ("figsize", figsize)
            raise ValueError(f"{name}={value!r} is for a new figure: leave it out if ax is given.")
        axes = check_axes(ax, [curve.metric for curve in curves])
    titles, options = plain_text(shortened([curve.metric for curve in curves], _LONGEST_TITLE))
    for one, curve, title in zip(axes, curves, titles, strict=True):
        draw(one, curve)
        if one.get_legend_handles_labels()[0]:
            one.legend(loc="best", handlelength=_LEGEND_LENGTH)
        _write_title(one, curve, title, options)
    return figure_of(axes[0])


def _new_axes(
    charts: int, columns: int | None, figsize: tuple[float, float] | None
) -> "list[Axes]":
    if columns is None:
        columns = min(charts, _MOST_COLUMNS)
    # More columns than charts would leave the rest of the figure empty.
    columns = min(check_integer("columns", columns), charts)
    rows = math.ceil(charts / columns)
    if figsize is None:
        figsize = (columns * _WIDTH, rows * _HEIGHT)
    figure = new_figure(check_figsize(figsize))
    return [figure.add_subplot(rows, columns, index + 1) for index in range(charts)]


def _write_title(ax: "Axes", curve: Curve, title: str, options: Mapping[str, Any]) -> None:
    lines = [title, subtitle(curve)]
    ax.set_title("\n".join(filter(None, lines)), loc="left", fontsize="medium", **options)
