"""Normal random numbers by a table of the inverse distribution function, in integers.

The usual methods, Box-Muller and the inverse error function, need logarithms and roots, whose last
bits differ between libraries and devices. Here a table is used instead. 31 bits of a random word
are a probability p below one half. Its octave (the number of leading zeros) and its next 8 bits
choose a segment of the table, and another 14 bits interpolate within the segment. The last bit of
the word is the sign.

The table holds `statistics.NormalDist().inv_cdf` at the ends of 256 segments in each of 32
octaves, in units of 2**-21. So each number differs from the exact value for its p by less than
2e-6, all numbers are between -6.4 and 6.4, and the distribution is symmetric.
"""

import functools
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from kcore.random._scaling import check_float32, scaled
from kcore.random._words import (
    as_key,
    cast,
    check_draw_shape,
    product_high,
    shaped,
    shifted_right,
    size,
    words,
)

__all__ = ["normal", "normals_of", "table", "truncated_normal"]

_OCTAVES = 32
_SEGMENT_BITS = 8
_SEGMENTS = 2**_SEGMENT_BITS
_STEP_BITS = 14
_UNIT_BITS = 21
_TAIL = round(NormalDist().cdf(-2) * 2**33)  # in the units of `_quantile`


def normal(
    key: Any, shape: Sequence[int] | int = (), mean: float = 0.0, stddev: float = 1.0
) -> Any:
    """Draw normally distributed floats.

    The standard normal numbers are multiples of 2**-21 between -6.4 and 6.4. Each is computed from
    one word by integer arithmetic and a table, so it is the same on every backend and device.

    Args:
        key: a key of shape (2,), or a batch of keys of shape (n, 2).
        shape: sizes of at least 1; `()` is one number.
        mean: mean of the distribution.
        stddev: its standard deviation, at least 0.

    Returns:
        float32 array or tensor of `shape`, or `(n, *shape)`.

    Raises:
        TypeError: if `key` is not a key.
        ValueError: if `mean` or `stddev` is not finite or out of float32's range, `stddev` is
            negative, or `shape` or the shape of `key` is wrong.

    Example:
        >>> import kcore
        >>> heights = kcore.random.normal(kcore.random.key(7), (1000,), mean=170, stddev=10)
        >>> bool(165 < heights.mean() < 175)
        True
    """
    xp, key = as_key(key)
    shape = check_draw_shape(shape, key)
    mean, stddev = check_float32("mean", mean), check_float32("stddev", stddev)
    if stddev < 0:
        raise ValueError(f"stddev={stddev!r} must not be negative.")
    return shaped(xp, key, normals_of(xp, words(xp, key, size(shape)), mean, stddev), shape)


def normals_of(xp: Any, drawn: Any, mean: float, stddev: float) -> Any:
    """Turn each random word into a normally distributed float.

    Args:
        xp: the module to compute with, `numpy` or `keras.ops`.
        drawn: uint32 words.
        mean: mean of the distribution, a number that float32 holds.
        stddev: its standard deviation, at least 0, a number that float32 holds.

    Returns:
        float32 values of the shape of `drawn`.
    """
    magnitude = _quantile(xp, xp.bitwise_or(drawn, np.uint32(1)))
    return _signed(xp, drawn, magnitude, mean, stddev)


def truncated_normal(
    key: Any, shape: Sequence[int] | int = (), mean: float = 0.0, stddev: float = 1.0
) -> Any:
    """Draw from a normal distribution cut at two standard deviations from its mean.

    The probability p is drawn between that of -2 and one half, so each number needs only one word,
    and no number is rejected and redrawn. Arguments, errors and precision are those of `normal`;
    `stddev` is the standard deviation before the cut.
    """
    xp, key = as_key(key)
    shape = check_draw_shape(shape, key)
    mean, stddev = check_float32("mean", mean), check_float32("stddev", stddev)
    if stddev < 0:
        raise ValueError(f"stddev={stddev!r} must not be negative.")
    drawn = words(xp, key, size(shape))
    inner = product_high(xp, 2**32 - _TAIL, drawn) + np.uint32(_TAIL)
    magnitude = _quantile(xp, xp.bitwise_or(inner, np.uint32(1)))
    magnitude = xp.minimum(
        magnitude, np.int32(2 * 2**_UNIT_BITS)
    )  # interpolation may exceed it by 1e-6
    return shaped(xp, key, _signed(xp, drawn, magnitude, mean, stddev), shape)


def _signed(xp: Any, drawn: Any, magnitude: Any, mean: float, stddev: float) -> Any:
    """Scale magnitudes in units of 2**-21, with the sign of the lowest bit of each word."""
    is_negative = _field(xp, drawn, position=0, width=1) == 0
    upper_bits = xp.left_shift(cast(xp, magnitude, "uint32"), np.uint32(8))
    return scaled(xp, upper_bits, is_negative, 2.0 ** -(_UNIT_BITS + 8) * stddev, mean)


@functools.cache
def table() -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return the negated inverse distribution function at the ends of the segments.

    Returns:
        int32 array of shape (32 * 257,), in units of 2**-21. Entry 257 * octave + s is for the
        probability (1 + s / 256) / 2**(octave + 2), s from 0 to 256.
    """
    quantile = NormalDist().inv_cdf
    starts = (
        (1 + segment / _SEGMENTS) / 2.0 ** (octave + 2)
        for octave in range(_OCTAVES)
        for segment in range(_SEGMENTS + 1)
    )
    values = np.array([round(-quantile(p) * 2**_UNIT_BITS) for p in starts], dtype="int32")
    values.flags.writeable = False
    return values


def _quantile(xp: Any, odd: Any) -> Any:
    """Return the negated inverse distribution function at odd / 2**33, in units of 2**-21."""
    zeros, shifted = _normalized(xp, odd)
    segment = _field(xp, shifted, 31 - _SEGMENT_BITS, _SEGMENT_BITS)
    step = _field(xp, shifted, 31 - _SEGMENT_BITS - _STEP_BITS, _STEP_BITS)
    index = zeros * np.int32(_SEGMENTS + 1) + segment
    start, end = xp.take(_constant(xp), index), xp.take(_constant(xp), index + np.int32(1))
    return start - xp.right_shift((start - end) * step, np.int32(_STEP_BITS))


def _field(xp: Any, word: Any, position: int, width: int) -> Any:
    """Return `width` bits of a word from `position` on, as int32."""
    bits = xp.bitwise_and(shifted_right(xp, word, position), np.uint32(2**width - 1))
    return cast(xp, bits, "int32")


def _constant(xp: Any) -> Any:
    return table() if xp is np else xp.convert_to_tensor(table())


def _normalized(xp: Any, word: Any) -> tuple[Any, Any]:
    """Return the number of leading zeros (int32) and the word shifted left by that number."""
    zeros = np.int32(0)
    for distance in (16, 8, 4, 2, 1):
        is_small = cast(xp, shifted_right(xp, word, 32 - distance), "int32") == 0
        zeros = zeros + np.int32(distance) * cast(xp, is_small, "int32")
        word = xp.where(is_small, xp.left_shift(word, np.uint32(distance)), word)
    return zeros, word
