"""Arrays that belong together, such as the targets of a model with several outputs."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import keras
import numpy as np
import numpy.typing as npt

from kcore._arrays import read_array

__all__ = [
    "ArrayGroup",
    "Targets",
    "as_array",
    "as_images",
    "as_targets",
    "checked_targets",
    "in_32_bits",
    "selected",
]

_Array = npt.NDArray[Any]
_NO_ARRAYS = (range, str, bytes, bytearray, type, np.dtype, Mapping)


class Targets(Protocol):
    """Targets of samples: an array, or an object that can be indexed like one."""

    def __getitem__(self, indices: npt.NDArray[np.int64]) -> Any:
        """Return the targets of some samples."""


class ArrayGroup:
    """Arrays of equal length in a dictionary or a tuple, indexed together.

    Args:
        arrays: name -> array of shape (samples, ...), or a sequence of such arrays.
    """

    def __init__(self, arrays: Mapping[str, _Array] | Sequence[_Array]) -> None:
        self._arrays: dict[str, _Array] | tuple[_Array, ...] = (
            dict(arrays) if isinstance(arrays, Mapping) else tuple(arrays)
        )

    def __len__(self) -> int:
        arrays = self._arrays
        return len(next(iter(arrays.values() if isinstance(arrays, dict) else arrays)))

    def __getitem__(self, indices: Any) -> dict[str, _Array] | tuple[_Array, ...]:
        if isinstance(self._arrays, dict):
            return {name: values[indices] for name, values in self._arrays.items()}
        return tuple(values[indices] for values in self._arrays)

    @property
    def structure(self) -> dict[str, _Array] | tuple[_Array, ...]:
        """The arrays as they were given: a dictionary or a tuple."""
        return self._arrays

    @property
    def arrays(self) -> dict[str, _Array] | dict[int, _Array]:
        """Each array by its name, or by its position."""
        return self._arrays if isinstance(self._arrays, dict) else dict(enumerate(self._arrays))

    def select(self, indices: npt.NDArray[np.int64] | slice) -> "ArrayGroup":
        """Return a group of the samples of these indices."""
        return ArrayGroup(self[indices])


class _Selection:
    """The targets of some samples, taken from an object that holds those of all."""

    def __init__(self, targets: Any, indices: npt.NDArray[np.int64]) -> None:
        self._targets, self._indices = targets, indices

    def __getitem__(self, indices: npt.NDArray[np.int64]) -> Any:
        return self._targets[self._indices[indices]]


def selected(targets: Any, indices: npt.NDArray[np.int64] | slice) -> Any:
    """Return the targets of the samples of these indices.

    Args:
        targets: what `as_targets` returns, or sample weights; None stays None.
        indices: int64 of shape (samples that are kept,), or a slice where targets are arrays.
    """
    if targets is None or isinstance(targets, str):
        return targets
    if isinstance(targets, np.ndarray):
        return targets[indices]
    if isinstance(targets, ArrayGroup):
        return targets.select(indices)
    return _Selection(targets, np.asarray(indices, np.int64))


def as_images(x: Any) -> Any:
    """Return the images of a dataset as an array, or a dictionary of arrays as an `ArrayGroup`.

    Raises:
        TypeError: if `x` is not an array, a dictionary of arrays or a list of images.
        ValueError: if the arrays are of different lengths.
    """
    if isinstance(x, tuple):
        raise TypeError(
            "x is a tuple: give one array of images, or for a model with several inputs a "
            "dictionary of arrays by their names."
        )
    if not isinstance(x, Mapping):
        _check_indexable("x", x)
        images = read_array("x", x)
        if images.ndim == 0:
            raise ValueError("x has shape (): give an array of images.")
        if images.dtype.kind in "OSU":
            raise ValueError(f"x has dtype {images.dtype}: images are numbers, such as uint8.")
        return images
    if not x:
        raise ValueError("x={} names no input: give an array of images for each.")
    samples = len(np.atleast_1d(next(iter(x.values()))))
    return ArrayGroup({key: _entries(f"x[{key!r}]", part, samples) for key, part in x.items()})


def as_targets(name: str, values: Any, samples: int) -> Any:
    """Return targets in a form that an array of indices can index.

    Args:
        name: what errors call them.
        values: an array or a list of numbers; several arrays in a dictionary, list or tuple, for a
            model with several outputs; an object that an array of indices can index; or None.
        samples: how many samples there are.

    Returns:
        An array or an `ArrayGroup`; an object of the user and None are returned unchanged.

    Raises:
        TypeError: if `values` can't be indexed, such as an iterator.
        ValueError: if there isn't one entry for each sample.
    """
    if isinstance(values, Mapping):
        if not values:
            raise ValueError(f"{name}={{}} names no output: give an array for each, or None.")
        return ArrayGroup(
            {key: _target(f"{name}[{key!r}]", part, samples) for key, part in values.items()}
        )
    if isinstance(values, list | tuple) and _are_outputs(name, values, samples):
        return ArrayGroup(
            [_target(f"{name}[{number}]", part, samples) for number, part in enumerate(values)]
        )
    return as_array(name, values, samples)


def as_array(name: str, values: Any, samples: int) -> Any:
    """Return an array of one entry for each sample, or an indexable object unchanged.

    Raises:
        TypeError: if `values` can't be indexed by an array.
        ValueError: if there isn't one entry for each sample.
    """
    if values is None:
        return None
    _check_indexable(name, values)
    if not isinstance(values, list | tuple) and not hasattr(values, "__array__"):
        return values
    return _target(name, values, samples)


def _check_indexable(name: str, values: object) -> None:
    """Raise a TypeError if `values` can't be indexed, such as an iterator, or is a range."""
    by_indices = hasattr(values, "__getitem__") or hasattr(values, "__array__")
    if not by_indices or isinstance(values, _NO_ARRAYS):
        raise TypeError(
            f"{name} is of type {type(values).__name__}, which can't be indexed by an array: give "
            f"an array, such as np.array(list({name}))."
        )


def _entries(name: str, values: Any, samples: int) -> _Array:
    """Return one array of a group, checked to have one entry for each sample."""
    array = read_array(name, values)
    if array.ndim == 0 or len(array) != samples:
        raise ValueError(
            f"{name} with shape {array.shape} must have one entry for each of {samples} samples."
        )
    return array


def _target(name: str, values: Any, samples: int) -> _Array:
    return in_32_bits(_entries(name, values, samples))


def _are_outputs(name: str, values: Sequence[Any], samples: int) -> bool:
    """Tell a list of several outputs from one array that is given as a list of its rows."""
    if not values or not all(getattr(part, "ndim", 0) for part in values):
        return False
    lengths = {len(part) for part in values}
    if len(values) != samples:
        return True
    if lengths == {samples}:
        raise ValueError(
            f"{name} is a {type(values).__name__} of {samples} arrays of {samples} entries each, "
            f"for {samples} samples: one array or several outputs? Give np.stack({name}), or a "
            "dictionary of outputs by their names."
        )
    return False


def checked_targets(targets: Any, sample_weight: Any, samples: int) -> tuple[Any, Any]:
    """Return targets and weights as arrays or indexable objects, or say what is wrong.

    Raises:
        ValueError: if their number differs from that of the samples, or there are weights but no
            targets.
    """
    if isinstance(targets, str) and targets != "input":
        raise ValueError(f"targets={targets!r} must be an array, 'input' or None.")
    if sample_weight is not None and targets is None:
        raise ValueError("sample_weight weights targets, and there are none: give both.")
    if not isinstance(targets, str):
        targets = as_targets("targets", targets, samples)
    return targets, as_array("sample_weight", sample_weight, samples)


def in_32_bits(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return 64-bit numbers as int32 or float32, and others unchanged.

    JAX computes with at most 32 bits, and warns in each `fit` that is given more. Integers that
    int32 can't hold stay unchanged, and so do floats where Keras itself computes in float64.
    """
    if values.dtype == np.float64 and keras.config.floatx() != "float64":
        return values.astype(np.float32)
    if values.dtype not in (np.int64, np.uint64):
        return values
    limits = np.iinfo(np.int32)
    fits = not values.size or (values.min() >= limits.min and values.max() <= limits.max)
    return values.astype(np.int32) if fits else values
