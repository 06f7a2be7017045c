"""Check the arrays and the class names for pictures."""

from collections.abc import Mapping, Sequence
from numbers import Integral

import numpy as np
import numpy.typing as npt

from kcore._arrays import read_array
from kcore._settings import is_channels_first
from kcore._targets import check_labels

__all__ = [
    "Names",
    "as_class_indices",
    "as_names",
    "as_pixels",
    "as_real",
    "channels_last",
    "check_class_names",
    "columns_of",
]

Names = Sequence[str] | Mapping[str, int]


def as_real(name: str, values: npt.ArrayLike, axes: str) -> npt.NDArray[np.floating]:
    """Return numbers as floating point, or say that `name` must hold real numbers along `axes`."""
    array = read_array(name, values)
    if array.dtype == object or not np.can_cast(array.dtype, np.longdouble):
        # bfloat16 is not a dtype of NumPy itself, but can be converted.
        if array.dtype == object or array.dtype.kind not in "V":
            raise ValueError(f"{name} with dtype {array.dtype} must be real numbers {axes}.")
        return array.astype(np.float32)
    if array.size == 0:
        raise ValueError(f"{name} with shape {array.shape} is empty; give numbers {axes}.")
    if array.dtype in (np.float32, np.float64):
        return array
    return array.astype(np.float32 if array.dtype == np.float16 else np.float64)


def as_pixels(name: str, values: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return uint8 pixels unchanged and floats in 0..1 times 255, or say what is allowed."""
    array = read_array(name, values)
    if array.size == 0:
        raise ValueError(f"{name} with shape {array.shape} is empty; give an image.")
    if array.dtype == np.uint8:
        return array.astype(np.uint8, copy=False)
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"{name} with dtype {array.dtype} must be uint8, or floats in 0..1.")
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{name} ranges from {low:.4g} to {high:.4g}; floats must lie in 0..1. "
            "Rescale them, or give uint8."
        )
    return np.rint(array * 255).astype(np.uint8)


def channels_last(
    name: str, values: npt.NDArray[np.floating], data_format: str | None
) -> npt.NDArray[np.floating]:
    """Return a feature map, which may be a batch of one, as `(height, width, channels)`."""
    is_first = is_channels_first(data_format)
    axes = "(channels, height, width)" if is_first else "(height, width, channels)"
    if values.ndim == 4 and values.shape[0] == 1:
        values = values[0]
    if values.ndim == 4:
        raise ValueError(
            f"{name} with shape {values.shape} holds {values.shape[0]} images; "
            f"choose one, such as {name}[0], so that it is {axes}."
        )
    if values.ndim != 3:
        raise ValueError(
            f"{name} with shape {values.shape} must be {axes}, or a batch of one such map. "
            "The output of a dense layer can't be drawn."
        )
    return np.moveaxis(values, 0, -1) if is_first else values


def as_class_indices(
    name: str, values: npt.ArrayLike, classes: int | None = None
) -> npt.NDArray[np.intp]:
    """Return class indices, or say which value is not one.

    Args:
        name: name of the argument, for the error message.
        values: `(images,)` or `(images, 1)`: class indices; or `(images, classes)`: one-hot rows or
            probabilities, whose largest entry counts, or the first of equal ones.
        classes: the number of classes, or None.
    """
    indices = read_array(name, values)
    columns = columns_of(name, indices)
    if columns is not None:
        rows = check_labels(name, indices, columns if classes is None else classes, "categorical")
        return np.asarray(rows.argmax(axis=1), np.intp)
    if indices.ndim == 2 and indices.shape[1] == 1:
        indices = indices[:, 0]
    if indices.ndim != 1 or not _are_integers(indices):
        raise ValueError(
            f"{name} with shape {np.shape(values)} and dtype {indices.dtype} must be one integer "
            "for each image, or rows (images, classes), one-hot or probabilities. If it is the "
            "output of a sigmoid, take (output >= 0.5)."
        )
    if indices.size and (indices.min() < 0 or (classes is not None and indices.max() >= classes)):
        wrong = indices.min() if indices.min() < 0 else indices.max()
        among = "" if classes is None else f"; there are {classes} classes, 0..{classes - 1}"
        raise ValueError(f"{name} holds the class index {wrong:g}{among}.")
    return indices.astype(np.intp)


def columns_of(name: str, values: npt.ArrayLike) -> int | None:
    """Return the number of classes in one-hot rows or probabilities; None for class indices."""
    shape = read_array(name, values).shape
    return shape[1] if len(shape) == 2 and shape[1] > 1 else None


def as_names(class_names: Names) -> list[str]:
    """Return the names of classes in the order of their indices, or say what is wrong with them.

    Args:
        class_names: names in that order; or a mapping of names to class indices, each of 0, 1, ...
            once, such as `class_indices` of a dataset.
    """
    if isinstance(class_names, Mapping):
        return _in_order(class_names)
    is_sequence = isinstance(class_names, Sequence) or getattr(class_names, "ndim", 0) == 1
    are_names = is_sequence and not isinstance(class_names, (str, bytes))
    if not are_names or any(np.ndim(name) for name in class_names if not isinstance(name, str)):
        raise ValueError(
            f"class_names={class_names!r} must be a sequence of names, one for each class."
        )
    names = [str(name) for name in class_names]
    if not names:
        raise ValueError(f"class_names={class_names!r} is empty: give a name for each class.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"class_names holds {twice!r} twice; each class needs a name of its own.")
    return names


def _in_order(class_indices: Mapping[str, int]) -> list[str]:
    indices = list(class_indices.values())
    if not indices:
        raise ValueError("class_names={} is empty: give a name for each class.")
    are_integers = all(isinstance(one, Integral) and not isinstance(one, bool) for one in indices)
    if not are_integers or sorted(indices) != list(range(len(indices))):
        raise ValueError(
            f"class_names={dict(class_indices)!r} must map each name to its class index, 0 to "
            f"{max(len(indices) - 1, 0)}, each once; or give a sequence of names."
        )
    return [str(name) for name in sorted(class_indices, key=class_indices.__getitem__)]


def check_class_names(class_names: Names | None, classes: int) -> list[str]:
    """Return a name for each class: the given ones, or the indices."""
    if class_names is None:
        return [str(index) for index in range(classes)]
    names = as_names(class_names)
    if len(names) != classes:
        raise ValueError(f"class_names={class_names!r} must be {classes} names, one per class.")
    return names


def _are_integers(indices: npt.NDArray[np.generic]) -> bool:
    """Tell whether all are integers, even as floats such as Keras's binary labels 0.0 and 1.0."""
    if np.issubdtype(indices.dtype, np.integer) or indices.dtype == np.bool_:
        return True
    return np.issubdtype(indices.dtype, np.floating) and bool(np.all(indices == np.rint(indices)))
