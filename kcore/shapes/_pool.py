"""Pooling windows along one axis: plain, global and adaptive."""

from dataclasses import dataclass
from math import gcd
from numbers import Integral

from kcore.shapes import _checks as checks
from kcore.shapes._drawing import draw, plural
from kcore.shapes._listing import listed
from kcore.shapes._shown import Shown
from kcore.shapes._window import Window

__all__ = ["AdaptiveWindow", "global_window", "pool_window"]


def pool_window(
    size: int | None, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Window:
    """Describe a pooling window along one axis.

    The result is a `Window`, but the arguments are those of Keras's pooling layers: `strides`
    defaults to `pool_size`, and there is no dilation and no `"causal"` padding. A pool ignores
    pads: a maximum is never a pad, and an average doesn't count them.

    Args:
        size: number of cells, 1 or more; None where it is unknown.
        pool_size: number of cells that one position reads, 1 or more.
        strides: cells from one position to the next, 1 or more; None for `pool_size`.
        padding: `"valid"` or `"same"`, in upper or lower case.

    Returns:
        The window. Printing it draws it.

    Raises:
        ValueError: if a number is below 1, the padding is unknown, or an unpadded window doesn't
            fit into the input.
        TypeError: if a number is not an integer.

    Example:
        >>> pool_window(149, pool_size=2).output_size
        74
    """
    size = checks.size_or_unknown(size=size)
    pool_size = checks.at_least(1, pool_size=pool_size)
    if checks.one_of(("valid", "same"), padding=padding) == "valid":
        checks.fits(size, pool_size, name="pool_size")
    return Window(size, pool_size, pool_size if strides is None else strides, padding=padding)


def global_window(size: int | None) -> Window:
    """Describe a global pool along one axis: one window over all cells.

    Args:
        size: number of cells, 1 or more; None where it is unknown.

    Returns:
        A `Window` whose `kernel_size` and `strides` are `size`.

    Raises:
        ValueError: if `size` is below 1.
        TypeError: if `size` is not an integer.

    Example:
        >>> global_window(7).span(0)
        (0, 6)
    """
    return Window(size, kernel_size=size, strides=size)


@dataclass(frozen=True, repr=False)
class AdaptiveWindow(Shown):
    """An adaptive pool along one axis: windows of nearly equal width that cover the whole axis.

    Position `i` reads the cells from `floor(i * size / output_size)` up to, but not including,
    `ceil((i + 1) * size / output_size)`. Printing the windows draws them.

    Attributes:
        size: number of input cells, 1 or more; None where it is unknown.
        output_size: number of positions, 1 or more. It may exceed `size`: then neighbors read the
            same cells.

    Raises:
        ValueError: if a number is below 1.
        TypeError: if a number is not an integer.

    Example:
        >>> [AdaptiveWindow(7, 3).span(position) for position in range(3)]
        [(0, 2), (2, 4), (4, 6)]
    """

    size: int | None
    output_size: int

    def __post_init__(self) -> None:
        """Check the numbers, and store them as plain integers."""
        size = checks.size_or_unknown(size=self.size)
        checks.settle(self, size, checks.at_least(1, output_size=self.output_size))

    @property
    def pads(self) -> tuple[int, int]:
        """Cells added before and after the input: always 0."""
        return (0, 0)

    @property
    def dropped(self) -> range:
        """Cells at the end that no position reaches: always empty."""
        return range(0)

    @property
    def skipped(self) -> tuple[int, ...]:
        """Cells between others that no position reads: always empty."""
        return ()

    @property
    def widest(self) -> int | None:
        """Number of cells that the widest position reads."""
        if self.size is None:
            return None
        width, rest = divmod(self.size, self.output_size)
        if not rest:
            return width
        # Positions start at multiples of gcd / output_size cells, and the widest position is the
        # one that starts latest within a cell.
        return width + (1 if rest == gcd(rest, self.output_size) else 2)

    def span(self, position: int) -> tuple[int, int]:
        """Return the first and the last cell that a position reads.

        Args:
            position: output position, counted from 0.

        Returns:
            Two input cells, counted from 0.

        Raises:
            IndexError: if there is no such position.
            ValueError: if the size is unknown.
        """
        checks.instance((Integral,), position=position)
        if not 0 <= position < self.output_size:
            raise IndexError(
                f"position={position} doesn't exist: there are {self.output_size}, counted from 0."
            )
        if self.size is None:
            raise ValueError("size=None: the span of an adaptive window depends on the size.")
        first = position * self.size // self.output_size
        return (first, -(-(position + 1) * self.size // self.output_size) - 1)

    def cells(self, position: int) -> tuple[int, ...]:
        """Return the input cells that a position reads.

        Args:
            position: output position, counted from 0.

        Returns:
            Input cells, counted from 0.

        Raises:
            IndexError: if there is no such position.
            ValueError: if the size is unknown, or there are more than ten million cells.
        """
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
