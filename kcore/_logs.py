"""Read the numbers in the logs of `fit`, to which a metric or a callback may write anything."""

import numpy as np
import numpy.typing as npt

__all__ = ["described", "numbers_in"]

_SHOWN = 60


def numbers_in(value: object) -> npt.NDArray[np.float64] | None:
    """Return a logged value as numbers, or None if it doesn't consist of real numbers.

    Args:
        value: a number, an array of any framework, or anything else.

    Returns:
        float64; a single number has shape (), whatever axes of size 1 it was logged with.

    Example:
        >>> numbers_in([0.5]), numbers_in((0.5, 1)), numbers_in("0.5")
        (array(0.5), array([0.5, 1. ]), None)
    """
    try:
        array = np.asarray(value)
        # bfloat16 is not a dtype of NumPy itself, but can be converted.
        if array.dtype.kind not in "biufV":
            return None
        numbers = array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError):  # ragged, or on a device that NumPy can't read
        return None
    return numbers.reshape(()) if numbers.size == 1 else numbers


def described(value: object) -> str:
    """Describe in a few words a logged value that is not a single number.

    Example:
        >>> described("best so far"), described([0.5, 1]), described([[1, 2], [3, 4]])
        ("'best so far'", '2 numbers', 'numbers of shape (2, 2)')
    """
    numbers = numbers_in(value)
    if numbers is not None and numbers.ndim:
        one_axis = numbers.ndim == 1
        return f"{numbers.size} numbers" if one_axis else f"numbers of shape {numbers.shape}"
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
