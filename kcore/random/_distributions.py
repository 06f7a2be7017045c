"""Draws from a key: bits, uniform floats, integers, bools and permutations."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from kcore._arguments import check_integer
from kcore.random._scaling import check_float32, scaled
from kcore.random._words import (
    PAIRS,
    as_key,
    blocks,
    cast,
    check_blocks,
    check_draw_shape,
    product_high,
    shaped,
    shifted_right,
    size,
    words,
)

__all__ = ["bernoulli", "bits", "integers", "permutation", "uniform"]


def bits(key: Any, shape: Sequence[int] | int = ()) -> Any:
    """Draw random 32-bit words.

    Args:
        key: a key of shape (2,), or a batch of keys of shape (n, 2).
        shape: sizes of at least 1; `()` is one word. A longer draw begins with the words of a
            shorter one.

    Returns:
        uint32 array or tensor of `shape`, or `(n, *shape)`.

    Raises:
        TypeError: if `key` is not a key.
        ValueError: if `shape` holds anything but integers of at least 1, or `key` has
            another shape.

    Example:
        `fold_in(key(0), 0)` is the first known answer of Random123, for counter and key zero:

        >>> import kcore
        >>> [hex(word) for word in kcore.random.fold_in(kcore.random.key(0), 0)]
        ['0x6b200159', '0x99ba4efe']
    """
    xp, key = as_key(key)
    shape = check_draw_shape(shape, key)
    return shaped(xp, key, words(xp, key, size(shape)), shape)


def uniform(
    key: Any, shape: Sequence[int] | int = (), minval: float = 0.0, maxval: float = 1.0
) -> Any:
    """Draw uniformly distributed floats, minval <= x < maxval.

    Each is one of 2**24 equally likely values, computed from the upper 24 bits of a word. Between 0
    and 1 they are the exact multiples of 2**-24.

    Args:
        key: a key of shape (2,), or a batch of keys of shape (n, 2).
        shape: sizes of at least 1; `()` is one number.
        minval: smallest value; a number, rounded to float32.
        maxval: upper limit, never reached unless it equals `minval`, which is then the only value.

    Returns:
        float32 array or tensor of `shape`, or `(n, *shape)`.

    Raises:
        TypeError: if `key` is not a key.
        ValueError: if a limit is not finite or too large for float32, `minval` is above `maxval`,
            or they are too close to each other for float32; or if `shape` or the shape of `key` is
            wrong.

    Example:
        >>> import kcore
        >>> angles = kcore.random.uniform(kcore.random.key(7), (4,), -40, 40)
        >>> bool((abs(angles) <= 40).all())
        True
    """
    xp, key = as_key(key)
    shape = check_draw_shape(shape, key)
    low, high = check_float32("minval", minval), check_float32("maxval", maxval)
    if low > high:
        raise ValueError(f"minval={minval!r} must not be greater than maxval={maxval!r}.")
    if low == high and minval != maxval:
        raise ValueError(
            f"minval={minval!r}, maxval={maxval!r} are the same number in float32, {low!r}: give "
            "limits further apart, or draw between smaller ones and add to the result."
        )
    span = check_float32("maxval - minval", float(np.float32(high - low)))
    upper_bits = xp.bitwise_and(words(xp, key, size(shape)), np.uint32(0xFFFFFF00))
    values = scaled(xp, upper_bits, None, 2.0**-32 * span, low)
    if span:
        values = xp.minimum(values, _below(high, low))
    return shaped(xp, key, values, shape)


def bernoulli(key: Any, shape: Sequence[int] | int = (), p: float = 0.5) -> Any:
    """Draw bools that are True with probability `p`.

    Args:
        key: a key of shape (2,), or a batch of keys of shape (n, 2).
        shape: sizes of at least 1; `()` is one bool.
        p: the probability of True, 0 <= p <= 1, to within 2**-24. 0 never gives True, and 1 always
            does.

    Returns:
        bool array or tensor of `shape`, or `(n, *shape)`.

    Raises:
        TypeError: if `key` is not a key.
        ValueError: if `p` is not between 0 and 1, or `shape` or the shape of `key` is wrong.
    """
    xp, key = as_key(key)
    shape = check_draw_shape(shape, key)
    if isinstance(p, bool) or not isinstance(p, Real) or not 0 <= p <= 1:
        raise ValueError(f"p={p!r} must be a probability: 0 <= p <= 1.")
    whole = cast(xp, shifted_right(xp, words(xp, key, size(shape)), 8), "int32")
    return shaped(xp, key, whole < round(float(p) * 2**24), shape)


def integers(key: Any, shape: Sequence[int] | int = (), *, maxval: int, minval: int = 0) -> Any:
    """Draw integers, minval <= x < maxval, with equal probabilities.

    Each is minval plus the integer part of (maxval - minval) * r / 2**64, for 64 random bits r. No
    probability differs from another by more than 2**-64, which is one part in 2**32 at worst.

    Args:
        key: a key of shape (2,), or a batch of keys of shape (n, 2).
        shape: sizes of at least 1; `()` is one number.
        maxval: upper limit, never reached.
        minval: smallest value; both limits are integers from -2**31 to 2**31.

    Returns:
        int32 array or tensor of `shape`, or `(n, *shape)`.

    Raises:
        TypeError: if `key` is not a key.
        ValueError: if a limit is not such an integer, `minval` is not below `maxval`, or `shape` or
            the shape of `key` is wrong.

    Example:
        >>> import kcore
        >>> dice = kcore.random.integers(kcore.random.key(7), (5,), minval=1, maxval=7)
        >>> bool(((dice >= 1) & (dice <= 6)).all())
        True
    """
    xp, key = as_key(key)
    shape = check_draw_shape(shape, key, words_each=2)
    low, high = check_integer("minval", minval, -(2**31)), check_integer("maxval", maxval, -(2**31))
    if low >= high or high > 2**31:
        raise ValueError(
            f"minval={minval!r}, maxval={maxval!r}: use -2**31 <= minval < maxval <= 2**31."
        )
    upper, lower = blocks(xp, key, size(shape), PAIRS)
    span = high - low
    drawn = upper if span == 2**32 else _upper_word(xp, span, upper, lower)
    # The sum wraps around modulo 2**32, which gives the bits of the right int32.
    return shaped(xp, key, cast(xp, drawn + np.uint32(low % 2**32), "int32"), shape)


def permutation(key: Any, n: int) -> Any:
    """Draw a permutation of the integers from 0 to n - 1; all permutations are equally likely.

    The integers are sorted by 64 random bits each. Integers with equal bits, which occur in one of
    37 million draws of a million integers, stay in ascending order.

    Args:
        key: a key of shape (2,), or a batch of m keys of shape (m, 2).
        n: how many numbers, 1 <= n < 2**31.

    Returns:
        int32 array or tensor of shape (n,), or (m, n).

    Raises:
        TypeError: if `key` is not a key.
        ValueError: if `n` is out of range, or `key` has another shape.

    Example:
        >>> import kcore
        >>> sorted(kcore.random.permutation(kcore.random.key(7), 5).tolist())
        [0, 1, 2, 3, 4]
    """
    xp, key = as_key(key)
    if check_integer("n", n) >= 2**31:
        raise ValueError(f"n={n!r} must be less than 2**31.")
    check_blocks(f"n={n}", key, n)
    upper, lower = blocks(xp, key, n, PAIRS)
    by_lower = _stable_argsort(xp, lower)
    by_both = _stable_argsort(xp, xp.take_along_axis(upper, by_lower, axis=-1))
    return cast(xp, xp.take_along_axis(by_lower, by_both, axis=-1), "int32")


def _below(high: float, low: float) -> np.float32:
    """Return the next float32 below `high`; for 0, the next that no device rounds to zero."""
    below = np.nextafter(np.float32(high), np.float32(low), dtype="float32")
    return below if high else -np.finfo("float32").tiny


def _stable_argsort(xp: Any, values: Any) -> Any:
    """Return the indices that sort words; equal words keep their order on every Keras backend."""
    if xp is np:
        return np.argsort(values, axis=-1, kind="stable")
    # Mapped to signed integers in the same order, which every backend can sort.
    return xp.argsort(cast(xp, xp.bitwise_xor(values, np.uint32(2**31)), "int32"), axis=-1)


def _upper_word(xp: Any, factor: int, upper: Any, lower: Any) -> Any:
    """Return the word above the lowest 64 bits of factor * (upper * 2**32 + lower)."""
    carried = product_high(xp, factor, lower)
    lower_sum = upper * np.uint32(factor) + carried
    overflow = cast(xp, lower_sum < carried, "uint32")
    return product_high(xp, factor, upper) + overflow
