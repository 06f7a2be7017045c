"""Read arguments as arrays, with errors that name the argument."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["read_array"]


def read_array(name: str, values: Any, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """Return `values` as an array, as `np.asarray` does.

    Args:
        name: name of the argument, for the error message.
        values: value of the argument.
        dtype: dtype of the array; None keeps that of `values`.

    Raises:
        ValueError: if `values` can't be converted to an array: its rows differ in length, or they
            are not numbers where `dtype` asks for numbers.
    """
    try:
        return np.asarray(values, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        wanted = "" if dtype is None else f" of {np.dtype(dtype)}"
        raise ValueError(f"{name} can't be read as an array{wanted}: {error}") from error
