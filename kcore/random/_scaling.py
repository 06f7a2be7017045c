"""Scale random words to floats in a range, with the same bits however the code is compiled.

XLA may compute `a * b + c` with one rounding instead of two, and TensorFlow's graph optimizer
reorders sums and pulls common factors out of them. So there is only one sum here, of an offset and
a product with a power of two, which is exact. The one multiplication before it is of integers.
"""

import math
from typing import Any

import numpy as np

from kcore._arguments import check_finite
from kcore.random._words import cast, parts, product_high

__all__ = ["check_float32", "scaled"]


def scaled(xp: Any, word: Any, is_negative: Any, scale: float, offset: float) -> Any:
    """Return `offset + scale * word`, or `offset - scale * word` where `is_negative`.

    Args:
        xp: the module to compute with, `numpy` or `keras.ops`.
        word: uint32 values whose lower 8 bits are 0.
        is_negative: bool of the shape of `word`, or None if no value is negative.
        scale: at least 0, with a mantissa of at most 24 bits.
        offset: a number that float32 holds.

    Returns:
        float32 values. The product is rounded to 31 bits of fixed point and then to float32, and
        the sum is rounded once more. If the scale is a power of two, the product is exact.
    """
    if xp is not np:
        return _scaled(xp, word, is_negative, scale, offset)
    values = np.empty(word.shape, "float32")
    for part in parts(word.shape[-1]):
        signs = None if is_negative is None else is_negative[..., part]
        values[..., part] = _scaled(xp, word[..., part], signs, scale, offset)
    return values


def _scaled(xp: Any, word: Any, is_negative: Any, scale: float, offset: float) -> Any:
    mantissa, exponent = math.frexp(scale)
    product = cast(xp, product_high(xp, int(math.ldexp(mantissa, 31)), word), "int32")
    if is_negative is not None:
        product = xp.where(is_negative, -product, product)
    return cast(xp, product, "float32") * np.float32(2.0 ** (exponent + 1)) + np.float32(offset)


def check_float32(name: str, value: object) -> float:
    """Return `value` rounded to float32, or say why it has no such value."""
    number = check_finite(name, value)
    if number != 0 and not 2.0**-60 <= abs(number) <= 2.0**126:
        raise ValueError(
            f"{name}={value!r} is out of range: its magnitude is 0, or between 1e-18 and 8e37."
        )
    return float(np.float32(number))
