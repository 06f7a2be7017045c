"""How much of the input one output cell sees, through many windows in a row."""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from numbers import Rational

from kcore.shapes import _checks as checks
from kcore.shapes._pool import AdaptiveWindow
from kcore.shapes._transpose import TransposedWindow
from kcore.shapes._window import Window

__all__ = ["ReceptiveField"]


@dataclass(frozen=True)
class ReceptiveField:
    """The stretch of one input axis that one position of a layer's output can depend on.

    Start with `ReceptiveField()`, one cell that sees itself, and go `through` each window from
    the input on. The size and step follow the usual recurrence: a window of effective kernel `e`
    adds `(e - 1) * step` cells, and its strides multiply the step.

    Attributes:
        size: cells that one position sees, pads included; None where it depends on an unknown
            input size.
        step: input cells from one position to the next; a fraction after a transposed
            convolution, 0 where all see the same, None where it is unknown.

    Raises:
        ValueError: if the size is below 1, or the step below 0.
        TypeError: if the size is no integer, or the step no fraction.

    Example:
        >>> field = ReceptiveField()
        >>> for _ in range(3):
        ...     field = field.through(Window(None, 3)).through(Window(None, 2, 2))
        >>> field.size, field.step
        (22, Fraction(8, 1))
    """

    size: int | None = 1
    step: Fraction | None = Fraction(1)

    def __post_init__(self) -> None:
        """Refuse a size below 1, and a step below 0."""
        size = checks.size_or_unknown(size=self.size)
        if self.step is not None:
            checks.instance((Rational,), step=self.step)
            if self.step < 0:
                raise ValueError(f"step={self.step} is below 0; give 0 or more.")
        checks.settle(self, size, None if self.step is None else Fraction(self.step))

    def through(self, described: Window | TransposedWindow | AdaptiveWindow) -> "ReceptiveField":
        """Return the receptive field behind one more window."""
        checks.instance((Window, TransposedWindow, AdaptiveWindow), described=described)
        reach, rate = _reach_and_rate(described)
        if self.size is None or self.step is None or reach is None:
            return ReceptiveField(None, None)
        size = self.size + int((reach - 1) * self.step)
        return ReceptiveField(size, None if rate is None else self.step * rate)

    def union(self, other: "ReceptiveField") -> "ReceptiveField":
        """Return the field of a layer that joins two branches: the wider one."""
        checks.instance((ReceptiveField,), other=other)
        if self.size is None or other.size is None:
            return ReceptiveField(None, None)
        return max(self, other, key=lambda field: field.size or 0)


def _reach_and_rate(
    described: Window | TransposedWindow | AdaptiveWindow,
) -> tuple[int | None, Fraction | None]:
    """Cells of its own input that one position sees, and input cells from one to the next."""
    if isinstance(described, AdaptiveWindow):
        if described.size is None:
            return None, None
        return described.widest, Fraction(described.size, described.output_size)
    if isinstance(described, TransposedWindow):
        return _transposed_reach(described), Fraction(1, described.strides)
    rate = None if described.strides is None else Fraction(described.strides)
    return described.effective_kernel, rate


def _transposed_reach(described: TransposedWindow) -> int:
    """Most input cells that reach one output cell, the gaps between them included."""
    # Taps this far from each other write to the same cells from whole strides away.
    apart = described.strides // gcd(described.strides, described.dilation_rate)
    most = (described.kernel - 1) // apart * apart
    return most * described.dilation_rate // described.strides + 1
