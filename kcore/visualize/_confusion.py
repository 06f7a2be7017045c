"""Count which classes a model confuses with which others, and plot the counts."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore._arrays import read_array
from kcore.visualize._arrays import Names, as_class_indices, check_class_names, columns_of
from kcore.visualize._color_maps import color_map
from kcore.visualize._figures import (
    check_axes,
    check_figsize,
    figure_of,
    new_figure,
    plain_text,
    shortened,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = ["check_matrix", "confusion_matrix", "plot_confusion_matrix", "row_shares"]

_MOST_NUMBERED = 25  # classes, in whose cells the counts are written
_MOST_NAMES = 100
_LONGEST_NAME = 24
_FLAT = 3  # characters of names that need not stand upright
_SMALL_FONT = 6
# In inches.
_CELL, _SMALL_CELL = 0.5, 0.115
_LEAST_SIDE, _LARGEST_SIDE = 2.5, 12
_CHARACTER, _SMALL_CHARACTER = 0.09, 0.055
_BESIDE, _BELOW = 1.4, 0.6  # axis labels and colors


def confusion_matrix(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, classes: int | None = None
) -> npt.NDArray[np.int64]:
    """Count how often each true class is predicted as each class.

    Args:
        labels: the true classes: indices, (images,) or (images, 1); or one-hot rows or
            probabilities, (images, classes).
        predictions: the predicted classes: indices, (images,) or (images, 1); or one-hot rows or
            probabilities, (images, classes), such as the output of a softmax, whose largest entry
            counts.
        classes: the number of classes; by default the number of columns, or else the largest index
            plus 1.

    Returns:
        The counts, (classes, classes) int64: rows are true classes, columns predicted ones.

    Raises:
        ValueError: if an index is not an integer from 0 to `classes` - 1, if a row doesn't hold
            probabilities that sum to 1, or if `labels` and `predictions` differ in length.

    Example:
        >>> import kcore
        >>> kcore.visualize.confusion_matrix([0, 0, 1, 1, 1], [0, 1, 1, 1, 0])
        array([[1, 1],
               [1, 2]])
    """
    if classes is None:
        classes = columns_of("labels", labels) or columns_of("predictions", predictions)
    else:
        classes = check_integer("classes", classes)
    true = as_class_indices("labels", labels, classes)
    predicted = as_class_indices("predictions", predictions, classes)
    if len(true) != len(predicted):
        raise ValueError(f"There are {len(predicted)} predictions for {len(true)} labels.")
    if classes is None:
        if not len(true):
            raise ValueError("There are no labels; give classes, the number of classes.")
        classes = int(max(true.max(), predicted.max())) + 1
    counts = np.bincount(true * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def plot_confusion_matrix(
    matrix: npt.ArrayLike,
    class_names: Names | None = None,
    *,
    cmap: "str | Colormap" = "Blues",
    ax: "Axes | None" = None,
    figsize: tuple[float, float] | None = None,
) -> "Figure":
    """Plot a confusion matrix, with the true classes as rows and the predicted ones as columns.

    The color of a cell is its share of its row, which is the true class; the number in it is the
    count. With more than 25 classes the cells are small and hold no numbers.

    A notebook shows the figure if it is the last value of a cell; `figure.savefig(path)` saves it.
    `pyplot` doesn't know the figure: to draw in a window, give `ax` from `plt.subplots()`.

    Args:
        matrix: counts, (classes, classes) of integers, such as `confusion_matrix` returns.
        class_names: the name of each class, in the order of their indices, or name -> index; by
            default the indices are written. Names of more than 24 characters are cut, and those
            that then look alike are written with their indices.
        cmap: the colors of the shares 0 to 1: the name of a color map of matplotlib, such as
            "Blues", "viridis" or "inferno", or a `matplotlib.colors.Colormap`.
        ax: the `matplotlib.axes.Axes` to draw on; by default a new figure is made.
        figsize: width and height of the new figure in inches; by default large enough for all
            classes. Not allowed with `ax`.

    Returns:
        The `matplotlib.figure.Figure`: a new one, or that of `ax`.

    Raises:
        TypeError: if `ax` is not matplotlib axes.
        ValueError: if the matrix is not square or holds anything but counts, there is not one name
            for each class, or there is no such color map.

    Example:
        >>> import kcore
        >>> figure = kcore.visualize.plot_confusion_matrix([[9, 1], [2, 8]], ["cat", "dog"])
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['cat', 'dog']
    """
    counts = check_matrix(matrix)
    names = shortened(check_class_names(class_names, len(counts)), _LONGEST_NAME)
    colors = color_map(cmap)
    if ax is None:
        size = _default_size(names) if figsize is None else check_figsize(figsize)
        axes = new_figure(size).add_subplot()
    elif figsize is not None:
        raise ValueError(f"figsize={figsize!r} is for a new figure: leave it out if ax is given.")
    else:
        (axes,) = check_axes(ax, ["confusion matrix"])
    _draw_cells(axes, counts, colors)
    _write_names(axes, names)
    return figure_of(axes)


def check_matrix(matrix: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the counts of a square matrix, or say what is wrong with it."""
    counts = read_array("matrix", matrix)
    is_square = counts.ndim == 2 and counts.shape[0] == counts.shape[1] > 0
    if not is_square or not np.issubdtype(counts.dtype, np.integer) or counts.min() < 0:
        raise ValueError(
            f"matrix with shape {counts.shape} and dtype {counts.dtype} must be counts, "
            "(classes, classes): what confusion_matrix returns."
        )
    return counts.astype(np.int64)


def row_shares(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return each count divided by the sum of its row; 0 in a row without counts."""
    sums = counts.sum(axis=1, keepdims=True)
    return counts / np.where(sums == 0, 1, sums)


def _draw_cells(ax: "Axes", counts: npt.NDArray[np.int64], cmap: "Colormap") -> None:
    shares = row_shares(counts)
    image = ax.imshow(shares, cmap=cmap, vmin=0, vmax=1, interpolation="nearest")
    figure_of(ax).colorbar(image, ax=ax, label="share of the true class")
    if len(counts) > _MOST_NUMBERED:
        return
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ink = _ink_on(cmap(float(shares[row, column])))
            ax.text(column, row, f"{count:,}", color=ink, ha="center", va="center")


def _write_names(ax: "Axes", names: list[str]) -> None:
    step = math.ceil(len(names) / _MOST_NAMES)
    shown = range(0, len(names), step)
    names, options = plain_text(names)
    if len(names) > _MOST_NUMBERED:
        options["fontsize"] = _SMALL_FONT
    labels = [names[index] for index in shown]
    is_short = max(map(len, labels)) <= _FLAT
    ax.set_xticks(shown, labels, rotation="horizontal" if is_short else "vertical", **options)
    ax.set_yticks(shown, labels, **options)
    ax.set(xlabel="predicted class", ylabel="true class")


def _default_size(names: list[str]) -> tuple[float, float]:
    """Return a width and height in which all cells can be distinguished."""
    has_numbers = len(names) <= _MOST_NUMBERED
    side = len(names) * (_CELL if has_numbers else _SMALL_CELL)
    side = min(max(side, _LEAST_SIDE), _LARGEST_SIDE)
    beside = max(map(len, names)) * (_CHARACTER if has_numbers else _SMALL_CHARACTER)
    return side + beside + _BESIDE, side + beside + _BELOW


def _ink_on(color: Sequence[float]) -> str:
    """Return black or white, whichever has the greater contrast with a color, in terms of WCAG."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color[:3]
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "white"
