"""Pooling windows along one axis: strides that default to the window, global and adaptive pools."""

from dataclasses import dataclass
from math import gcd
from numbers import Integral

from kcore.shapes import _checks as checks
from kcore.shapes._drawing import draw, plural
from kcore.shapes._listing import listed
from kcore.shapes._window import Window, window

__all__ = ["AdaptiveWindow", "adaptive_window", "global_window", "pool_window"]


def pool_window(
    size: int | None, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Window:
    """Describe a pooling window along one axis.

    Pads count for nothing in a pool: a maximum never sees them, an average doesn't count them.

    Args:
        size: number of cells, 1 or more; None where it is unknown.
        pool_size: number of cells that one position reads.
        strides: cells from one position to the next; None for `pool_size`.
        padding: `"valid"` or `"same"`.

    Returns:
        The window. Printing it draws it.

    Raises:
        ValueError: if a number is below 1, the padding is unknown, or an unpadded window doesn't
            fit into the input.
        TypeError: if a number is no integer.

    Example:
        >>> pool_window(149, pool_size=2).output_size
        74
    """
    checks.one_of(("valid", "same"), padding=padding)
    checks.at_least(1, pool_size=pool_size)
    return window(size, pool_size, pool_size if strides is None else strides, 1, padding)


def global_window(size: int | None) -> Window:
    """Describe a global pool along one axis: one window as wide as the input.

    Example:
        >>> global_window(7).span(0)
        (0, 6)
    """
    return Window(size, kernel=size, strides=size)


@dataclass(frozen=True)
class AdaptiveWindow:
    """Windows of nearly equal width that together cover the whole axis.

    Position `i` reads the cells from `floor(i * size / output_size)` up to, not including,
    `ceil((i + 1) * size / output_size)`.

    Attributes:
        size: number of input cells, or None where it is unknown.
        output_size: number of positions.

    Raises:
        ValueError: if a number is below 1.
        TypeError: if a number is no integer.
    """

    size: int | None
    output_size: int

    def __post_init__(self) -> None:
        """Refuse numbers that describe no windows; see `adaptive_window`."""
        size = checks.size_or_unknown(size=self.size)
        checks.settle(self, size, checks.at_least(1, output_size=self.output_size))

    @property
    def pads(self) -> tuple[int, int]:
        """Cells added before and after the input: none."""
        return (0, 0)

    @property
    def dropped(self) -> range:
        """Cells at the end that no position reaches: none."""
        return range(0)

    @property
    def skipped(self) -> tuple[int, ...]:
        """Cells between positions that none reads: none."""
        return ()

    @property
    def widest(self) -> int | None:
        """Cells that the widest position reads."""
        if self.size is None:
            return None
        width, rest = divmod(self.size, self.output_size)
        if not rest:
            return width
        # Positions start at multiples of a part of a cell, and the widest as late in one as may be.
        return width + (1 if rest == gcd(rest, self.output_size) else 2)

    def span(self, position: int) -> tuple[int, int]:
        """First and last cell that output `position` reads.

        Raises:
            IndexError: if there is no such position.
            ValueError: if the size is unknown.
        """
        checks.instance((Integral,), position=position)
        if not 0 <= position < self.output_size:
            raise IndexError(f"position={position}: there are {self.output_size}, counted from 0.")
        if self.size is None:
            raise ValueError("size=None: the span of an adaptive window depends on the size.")
        first = position * self.size // self.output_size
        return (first, -(-(position + 1) * self.size // self.output_size) - 1)

    def cells(self, position: int) -> tuple[int, ...]:
        """Input cells that output `position` reads."""
        first, last = self.span(position)
        return listed(range(first, last + 1))

    def __str__(self) -> str:
        size = "unknown size" if self.size is None else plural(self.size, "cell")
        summary = f"{size}, adaptive: {plural(self.output_size, 'position')}"
        if self.size is None:
            return summary

        def row(position: int) -> range:
            first, last = self.span(position)
            return range(first, last + 1)

        return "\n".join([summary, *draw(self.size, self.output_size, row)])


def adaptive_window(size: int | None, output_size: int) -> AdaptiveWindow:
    """Describe an adaptive pool along one axis.

    Args:
        size: number of cells, 1 or more; None where it is unknown.
        output_size: number of positions. It may exceed `size`: then neighbors share cells.

    Returns:
        The windows. Printing them draws them.

    Raises:
        ValueError: if a number is below 1.
        TypeError: if a number is no integer.

    Example:
        >>> [adaptive_window(7, 3).span(position) for position in range(3)]
        [(0, 2), (2, 4), (4, 6)]
    """
    return AdaptiveWindow(size, output_size)
