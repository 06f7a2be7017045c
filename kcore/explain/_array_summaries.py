"""Short descriptions of arrays, for the `repr` of results."""

from typing import Any

import numpy.typing as npt

__all__ = ["array_summary", "number_range", "numbers"]

_MOST_NUMBERS = 6


def array_summary(array: npt.NDArray[Any]) -> str:
    """Describe an array by dtype, shape and range.

    Example:
        >>> import numpy as np
        >>> array_summary(np.float32([[0.25, -1], [2, 1 / 3]]))
        'float32 (2, 2) in -1..2'
    """
    return f"{array.dtype} {array.shape} in {number_range(array)}"


def number_range(array: npt.NDArray[Any]) -> str:
    """Describe the lowest and the highest value of an array, such as "0.25..1"."""
    if not array.size:
        return "nothing"
    low, high = f"{array.min():.4g}", f"{array.max():.4g}"  # NaN where there is one
    return low if low == high else f"{low}..{high}"


def numbers(array: npt.NDArray[Any]) -> str:
    """List the first few numbers of a vector, such as "[3, 1, 2]"."""
    shown = [f"{number:.4g}" for number in array[:_MOST_NUMBERS].tolist()]
    return f"[{', '.join(shown)}{', ...' if len(array) > _MOST_NUMBERS else ''}]"
