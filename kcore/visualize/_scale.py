"""The scale of an axis: where a value stands, and the ticks beside it.

All is computed in fractions, in which no difference is too large, and no tick a rounding error off.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

__all__ = ["Scale", "ticks"]

_MARGIN = Fraction(6, 100)
# Below this part of the largest value a label needs more digits than a reader takes in.
_FLAT = Fraction(1, 10**5)
# About where floats become too few for ticks between them.
_LEAST = Fraction(1, 10**312)
_ROUNDING = Fraction(1, 10**9)
_DIGITS = 4


class Scale:
    """The part of an axis that some values need, with a margin.

    Values that hardly differ for their size are drawn as a flat line.

    Args:
        values: at least one, all finite.

    Attributes:
        ticks: value and text of each tick, upwards.
    """

    def __init__(self, values: Sequence[float]):
        low, high = Fraction(min(values)), Fraction(max(values))
        margin = _margin(low, high)
        self._low, self._span = low - margin, high - low + 2 * margin
        self.ticks = list(_labeled(ticks(self._low, self._low + self._span)))

    def share(self, value: float) -> float:
        """Return where a value stands, from 0 at the lower end to 1 at the upper one."""
        return float((Fraction(value) - self._low) / self._span)


def ticks(low: float | Fraction, high: float | Fraction, wanted: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`, about as many as wanted.

    Example:
        >>> ticks(0.13, 0.92)
        [0.2, 0.4, 0.6, 0.8]
        >>> ticks(-1e308, 1e308, 2)
        [-1e+308, 0.0, 1e+308]
    """
    low, high = Fraction(low), Fraction(high)
    step = _step((high - low) / wanted)
    first, last = math.ceil(low / step - _ROUNDING), math.floor(high / step + _ROUNDING)
    found = [_as_float(count * step) for count in range(first, last + 1)]
    return [tick for tick in found if math.isfinite(tick)]


def _margin(low: Fraction, high: Fraction) -> Fraction:
    largest, span = max(abs(low), abs(high)), high - low
    if span < _LEAST:
        return max(largest, Fraction(1, 10**6)) / 10
    if span < largest * _FLAT:
        return (largest * _FLAT - span) / 2
    return span * _MARGIN


def _step(rough: Fraction) -> Fraction:
    """Return 1, 2 or 5 times a power of ten, near to `rough`."""
    power = len(str(rough.numerator)) - len(str(rough.denominator))
    power -= rough < Fraction(10) ** power
    unit = Fraction(10) ** power
    return next(
        factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough * Fraction(7, 10)
    )


def _as_float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:  # a tick in the margin beyond the largest float
        return math.inf


def _labeled(values: Sequence[float]) -> list[tuple[float, str]]:
    """Write values with as few digits as tell them from each other, but with four if need be."""
    digits = _DIGITS
    texts = [f"{value:.{digits}g}" for value in values]
    while len(set(texts)) < len(set(values)):
        digits += 1
        texts = [f"{value:.{digits}g}" for value in values]
    return list(zip(values, texts, strict=True))
