"""Make matplotlib figures that a notebook shows by itself, without pyplot.

pyplot keeps a list of open figures and chooses a window system for the whole process. Figures made
here are objects like any other: they are gone when nobody holds them.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from kcore._markup import printable
from kcore.visualize._fonts import fonts_for
from kcore.visualize._lettering import distinct

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "PIXEL_RATIO",
    "as_png",
    "check_axes",
    "check_figsize",
    "figure_of",
    "new_figure",
    "plain_text",
    "shortened",
]

PIXEL_RATIO = 2  # pixels of a PNG per pixel of the figure, for screens with small pixels
_MOST_INCHES = 200


def new_figure(figsize: tuple[float, float]) -> "Figure":
    """Make a figure that a notebook shows by itself.

    Args:
        figsize: width and height in inches.
    """
    figure: Figure = _notebook_figure()(figsize=figsize, layout="constrained")
    return figure


def as_png(figure: "Figure") -> bytes:
    """Encode a figure as PNG."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=PIXEL_RATIO * figure.dpi)
    return buffer.getvalue()


def figure_of(axes: "Axes") -> "Figure":
    """Return the figure that holds the axes, even if they are in a subfigure of it."""
    figure: Figure = axes.figure.figure
    return figure


def check_axes(ax: Any, charts: Sequence[str]) -> "list[Axes]":
    """Return one axes for each chart, or say how many are needed.

    Args:
        ax: axes, or a sequence or array of them.
        charts: the name of each chart, for the message.
    """
    from matplotlib.axes import Axes

    is_many = isinstance(ax, Iterable) and not isinstance(ax, (str, bytes))
    given = np.ravel(np.asarray(ax, dtype=object)).tolist() if is_many else [ax]
    for one in given:
        if not isinstance(one, Axes):
            raise TypeError(f"ax={one!r} must be matplotlib Axes, as plt.subplots() makes them.")
    if len(given) != len(charts):
        raise ValueError(
            f"ax holds {len(given)} axes for {len(charts)} charts ({', '.join(charts)}): give one "
            "for each, as plt.subplots makes them, or leave ax out."
        )
    if len({id(one) for one in given}) < len(given):
        raise ValueError("ax holds the same axes twice: give each chart axes of its own.")
    if len({id(figure_of(one)) for one in given}) > 1:
        raise ValueError("ax holds axes of several figures: give axes of one figure.")
    return given


def check_figsize(figsize: Any) -> tuple[float, float]:
    """Return width and height in inches, or say what they must be."""
    is_pair = isinstance(figsize, (tuple, list)) or getattr(figsize, "ndim", None) == 1
    is_pair = is_pair and len(figsize) == 2
    if not is_pair or not all(_is_length(side) for side in figsize):
        raise ValueError(
            f"figsize={figsize!r} must be (width, height) in inches, each above 0 and at most "
            f"{_MOST_INCHES}."
        )
    return float(figsize[0]), float(figsize[1])


def plain_text(texts: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Return texts as matplotlib can draw them, and the arguments to draw them with.

    Args:
        texts: what `shortened` returned.

    Returns:
        The texts, in characters that have a font; and arguments for matplotlib's functions: these
        fonts, and no TeX, which would give "$" and "_" a meaning.

    Warns:
        UserWarning: if characters have no font, or are drawn wrongly.
    """
    fonts = fonts_for(texts, "matplotlib")
    options = {"fontfamily": fonts.families, "parse_math": False, "usetex": False}
    return list(map(fonts.drawable, texts)), options


def shortened(names: Sequence[str], longest: int) -> list[str]:
    """Cut names to `longest` characters, and append the index to those that then look alike."""

    def cut(name: str, end: str) -> str:
        shown = printable(" ".join(name.split()))  # no line breaks
        most = longest - len(end)
        return (shown if len(shown) <= most else shown[: most - 1] + "…") + end

    return distinct(names, cut)


def _is_length(side: object) -> bool:
    is_number = isinstance(side, Real) and not isinstance(side, bool)
    return is_number and 0 < float(side) <= _MOST_INCHES  # type: ignore[arg-type]


@cache
def _notebook_figure() -> Any:
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        """A figure that shows itself, even if IPython knows nothing about matplotlib."""

        def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
            """Return the picture, and the size in which a notebook shows it."""
            width, height = (round(side * self.dpi) for side in self.get_size_inches())
            return as_png(self), {"width": width, "height": height}

    # Where pickle looks it up.
    NotebookFigure.__qualname__ = "NotebookFigure"
    return NotebookFigure


# If a type checker saw `__getattr__`, it would accept any name as a member of this module.
if not TYPE_CHECKING:

    def __getattr__(name):
        if name == "NotebookFigure":
            return _notebook_figure()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
