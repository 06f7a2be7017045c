"""Reads what users give as arrays, with errors that name the argument."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["read_array"]


def read_array(name: str, values: Any, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """Return `values` as an array, as `np.asarray` does.

    Args:
        name: of the argument, for the error message.
        values: anything.
        dtype: what to convert it to; None keeps it.

    Raises:
        ValueError: if no array can be made of `values`: rows of several lengths, or something else
            than numbers where `dtype` asks for them.
    """
    try:
        return np.asarray(values, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        wanted = "" if dtype is None else f" of {np.dtype(dtype)}"
        raise ValueError(f"{name} can't be read as an array{wanted}: {error}") from error
