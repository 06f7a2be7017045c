"""Receptive fields: how many input cells one output cell sees through a stack of windows."""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from numbers import Rational

from kcore.shapes import _checks as checks
from kcore.shapes._drawing import plural
from kcore.shapes._pool import AdaptiveWindow
from kcore.shapes._shown import Shown
from kcore.shapes._transpose import TransposedWindow
from kcore.shapes._window import Window

__all__ = ["ReceptiveField"]


@dataclass(frozen=True, repr=False)
class ReceptiveField(Shown):
    """The range of cells on one input axis that one position of an output depends on.

    Start with `ReceptiveField()`, a cell that sees itself, and call `through` for each window from
    the input to the output. Size and step follow the usual recurrence: a window with the effective
    kernel size `e` adds `(e - 1) * step` cells to the size, and its strides multiply the step.

    Attributes:
        size: number of cells that one position sees, with pads, 1 or more; None where it depends on
            an unknown input size.
        step: input cells from one position to the next, 0 or more: a fraction after a transposed
            convolution, 0 where all positions see the same cells, None where it is unknown.

    Raises:
        ValueError: if the size is below 1, or the step below 0.
        TypeError: if the size is not an integer, or the step not a rational number.

    Example:
        >>> field = ReceptiveField()
        >>> for _ in range(3):
        ...     field = field.through(Window(None, 3)).through(Window(None, 2, 2))
        >>> field.size, field.step
        (22, Fraction(8, 1))
        >>> print(field)
        22 cells, positions 8 cells apart
    """

    size: int | None = 1
    step: Fraction | None = Fraction(1)

    def __post_init__(self) -> None:
        """Check the numbers, and store them as an integer and a fraction."""
        size = checks.size_or_unknown(size=self.size)
        if self.step is not None:
            checks.instance((Rational,), step=self.step)
            if self.step < 0:
                raise ValueError(f"step={self.step} is below 0; give 0 or more.")
        checks.settle(self, size, None if self.step is None else Fraction(self.step))

    def through(self, window: Window | TransposedWindow | AdaptiveWindow) -> "ReceptiveField":
        """Return the receptive field of the output of one more window.

        Args:
            window: the next window on this axis.

        Raises:
            TypeError: if `window` is not a window.
        """
        checks.instance((Window, TransposedWindow, AdaptiveWindow), window=window)
        reach, rate = _reach_and_rate(window)
        if self.size is None or self.step is None or reach is None:
            return ReceptiveField(None, None)
        size = self.size + int((reach - 1) * self.step)
        return ReceptiveField(size, None if rate is None else self.step * rate)

    def union(self, other: "ReceptiveField") -> "ReceptiveField":
        """Return the receptive field of a layer that joins two branches: the larger one.

        Args:
            other: the receptive field of the other branch.

        Raises:
            TypeError: if `other` is not a `ReceptiveField`.
        """
        checks.instance((ReceptiveField,), other=other)
        if self.size is None or other.size is None:
            return ReceptiveField(None, None)
        return max(self, other, key=lambda field: field.size or 0)

    def __str__(self) -> str:
        size = "unknown size" if self.size is None else plural(self.size, "cell")
        if self.step is None:
            return f"{size}, positions an unknown number of cells apart"
        return f"{size}, positions {plural(self.step, 'cell')} apart"


def _reach_and_rate(
    described: Window | TransposedWindow | AdaptiveWindow,
) -> tuple[int | None, Fraction | None]:
    """Return the input cells that one position sees, and those from one position to the next."""
    if isinstance(described, AdaptiveWindow):
        if described.size is None:
            return None, None
        return described.widest, Fraction(described.size, described.output_size)
    if isinstance(described, TransposedWindow):
        return _transposed_reach(described), Fraction(1, described.strides)
    rate = None if described.strides is None else Fraction(described.strides)
    return described.effective_kernel_size, rate


def _transposed_reach(described: TransposedWindow) -> int:
    """Return how many input cells reach one output cell at most, with gaps between them."""
    # Only taps that are a multiple of this apart write to the same output cell.
    apart = described.strides // gcd(described.strides, described.dilation_rate)
    most = (described.kernel_size - 1) // apart * apart
    return most * described.dilation_rate // described.strides + 1
