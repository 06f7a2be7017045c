"""Write plain values as JSON and arrays, and read them back with their types."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

__all__ = ["decoded", "encoded", "is_plain"]

Arrays = list[npt.NDArray[Any]]


def is_plain(value: object) -> bool:
    """Tell whether a value consists of numbers, strings, arrays and containers of them."""
    if value is None or isinstance(value, bool | int | float | str | np.generic):
        return not isinstance(value, np.generic) or _has_bytes(value.dtype)
    if isinstance(value, np.ndarray):
        return type(value) is np.ndarray and _has_bytes(value.dtype)
    if keras.ops.is_tensor(value):
        return True
    if type(value) in (list, tuple, set):
        return all(map(is_plain, value))  # type: ignore[call-overload]
    if type(value) is dict:
        return all(is_plain(key) and is_plain(one) for key, one in value.items())
    return False


def encoded(value: Any, arrays: Arrays) -> Any:
    """Return a plain value for JSON; its arrays and NumPy scalars are appended to `arrays`.

    Tensors of the backend become arrays of NumPy.

    Raises:
        TypeError: if the value is not plain.

    Example:
        >>> arrays = []
        >>> encoded({"best": np.float32(0.5), "seen": (1, 2)}, arrays)
        {'dict': [['best', {'scalar': 0}], ['seen', {'tuple': [1, 2]}]]}
        >>> decoded(encoded((1, [2.5]), arrays), arrays)
        (1, [2.5])
    """
    if not is_plain(value):
        raise TypeError(f"a value of type {type(value).__name__} can't be saved: {value!r:.80}")
    if isinstance(value, np.generic | np.ndarray):
        arrays.append(np.array(value))  # a copy, as its owner may go on to change it
        return {"array" if isinstance(value, np.ndarray) else "scalar": len(arrays) - 1}
    if keras.ops.is_tensor(value):
        return encoded(keras.ops.convert_to_numpy(value), arrays)
    if isinstance(value, dict):
        pairs = [[encoded(key, arrays), encoded(one, arrays)] for key, one in value.items()]
        return {"dict": pairs}
    if isinstance(value, list | tuple | set):
        return {type(value).__name__: [encoded(one, arrays) for one in value]}
    return value


def decoded(written: Any, arrays: Sequence[npt.NDArray[Any]]) -> Any:
    """Return the value that `encoded` has written; its arrays can be changed."""
    if not isinstance(written, Mapping):
        return written
    ((kind, content),) = written.items()
    if kind == "array":
        return arrays[content].copy()
    if kind == "scalar":
        return arrays[content][()]
    if kind == "dict":
        return {decoded(key, arrays): decoded(one, arrays) for key, one in content}
    values = [decoded(one, arrays) for one in content]
    return {"list": list, "tuple": tuple, "set": set}[kind](values)


def _has_bytes(dtype: np.dtype[Any]) -> bool:
    """Tell whether the values of a dtype are their bytes, as objects are not."""
    return dtype.kind in "biufcSU" or dtype.name in ("bfloat16",)
