"""Write plain values as JSON and arrays, and read them back with their types."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

__all__ = ["decoded", "encoded", "is_plain", "is_variable"]

Arrays = list[npt.NDArray[Any]]


def is_plain(value: object) -> bool:
    """Tell whether a value consists of numbers, strings, arrays and containers of them."""
    # Not subclasses: what they add, as the names of an enumeration, would be lost.
    if value is None or type(value) in (bool, int, float, str):
        return True
    if isinstance(value, np.generic):
        return _has_bytes(value.dtype)
    if isinstance(value, np.ndarray):
        return type(value) is np.ndarray and _has_bytes(value.dtype)
    if is_variable(value):
        return False
    if keras.ops.is_tensor(value):
        return _is_plain_tensor(value)
    if type(value) in (list, tuple, set):
        return all(map(is_plain, value))  # type: ignore[call-overload]
    if type(value) is dict:
        return all(is_plain(key) and is_plain(one) for key, one in value.items())
    return False


def is_variable(value: object) -> bool:
    """Tell whether a value is a variable of Keras or of the backend, which keeps its identity."""
    return isinstance(value, keras.Variable) or (
        hasattr(value, "assign") and keras.ops.is_tensor(value)
    )


def encoded(value: Any, arrays: Arrays) -> Any:
    """Return a plain value for JSON; its arrays and NumPy scalars are appended to `arrays`.

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
        return {"tensor": encoded(keras.ops.convert_to_numpy(value), arrays)}
    if isinstance(value, dict):
        pairs = [[encoded(key, arrays), encoded(one, arrays)] for key, one in value.items()]
        return {"dict": pairs}
    if isinstance(value, set):  # in the same order in every process
        value = sorted(value, key=repr)
        return {"set": [encoded(one, arrays) for one in value]}
    if isinstance(value, list | tuple):
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
    if kind == "tensor":
        return keras.ops.convert_to_tensor(decoded(content, arrays))
    if kind == "dict":
        return {decoded(key, arrays): decoded(one, arrays) for key, one in content}
    values = [decoded(one, arrays) for one in content]
    return {"list": list, "tuple": tuple, "set": set}[kind](values)


def _is_plain_tensor(tensor: Any) -> bool:
    try:
        return _has_bytes(keras.ops.convert_to_numpy(tensor).dtype)
    except Exception:  # one without a value, or without a form in NumPy, such as a key of JAX
        return False


def _has_bytes(dtype: np.dtype[Any]) -> bool:
    """Tell whether the values of a dtype are their bytes, as objects are not."""
    return dtype.kind in "biufcSU" or dtype.name in ("bfloat16",)
