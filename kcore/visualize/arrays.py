"""Checks that several pictures make of the arrays that they are given."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kcore.settings import is_channels_first

__all__ = [
    "as_class_indices",
    "as_names",
    "as_pixels",
    "as_real",
    "channels_last",
    "check_class_names",
]


def as_real(name: str, values: npt.ArrayLike, axes: str) -> npt.NDArray[np.floating]:
    """Return numbers as floating point, or say that `name` with `axes` must hold real numbers."""
    array = np.asarray(values)
    if array.dtype == object or not np.can_cast(array.dtype, np.longdouble):
        # bfloat16 is no NumPy dtype of its own, but it converts.
        if array.dtype == object or array.dtype.kind not in "V":
            raise ValueError(f"{name} with dtype {array.dtype} must be real numbers {axes}.")
        return array.astype(np.float32)
    if array.size == 0:
        raise ValueError(f"{name} with shape {array.shape} is empty; give numbers {axes}.")
    if array.dtype in (np.float32, np.float64):
        return array
    return array.astype(np.float32 if array.dtype == np.float16 else np.float64)


def as_pixels(name: str, values: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return uint8 pixels as they are and floats of 0..1 times 255, or say which range is meant."""
    array = np.asarray(values)
    if array.size == 0:
        raise ValueError(f"{name} with shape {array.shape} holds no pixel; give an image.")
    if array.dtype == np.uint8:
        return array.astype(np.uint8, copy=False)
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"{name} with dtype {array.dtype} must be uint8, or floats in 0..1.")
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{name} ranges from {low:.4g} to {high:.4g}; floats must lie in 0..1. "
            "Rescale it, or give uint8."
        )
    return np.rint(array * 255).astype(np.uint8)


def channels_last(
    name: str, values: npt.NDArray[np.floating], data_format: str | None
) -> npt.NDArray[np.floating]:
    """Return one `(height, width, channels)` of a feature map that may be a batch of one."""
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
            "The output of a dense layer has no picture."
        )
    return np.moveaxis(values, 0, -1) if is_first else values


def as_class_indices(
    name: str, values: npt.ArrayLike, classes: int | None = None
) -> npt.NDArray[np.intp]:
    """Return class indices, or say what is no index or lies beyond `classes`."""
    indices = np.asarray(values)
    if indices.ndim == 2 and indices.shape[1] == 1:
        indices = indices[:, 0]
    if indices.ndim != 1 or not _are_whole(indices):
        raise ValueError(
            f"{name} with shape {indices.shape} and dtype {indices.dtype} must be one whole "
            "number for each image. Of one-hot rows or probabilities, take argmax(axis=-1)."
        )
    if indices.size and (indices.min() < 0 or (classes is not None and indices.max() >= classes)):
        wrong = indices.min() if indices.min() < 0 else indices.max()
        among = "" if classes is None else f"; there are {classes} classes, 0..{classes - 1}"
        raise ValueError(f"{name} holds the class index {wrong:g}{among}.")
    return indices.astype(np.intp)


def as_names(class_names: Sequence[str]) -> list[str]:
    """Return the names of classes as a list, or say why they have no certain order."""
    if isinstance(class_names, Mapping):
        raise ValueError(
            f"class_names is a {type(class_names).__name__}, whose order need not be that of the "
            "class indices; give a sequence of names. Of Keras's class_indices that is "
            "sorted(class_indices, key=class_indices.get)."
        )
    is_sequence = isinstance(class_names, (Sequence, np.ndarray))
    if not is_sequence or isinstance(class_names, (str, bytes)) or np.ndim(class_names) != 1:
        raise ValueError(f"class_names={class_names!r} must be a sequence of names, one a class.")
    return [str(name) for name in class_names]


def check_class_names(class_names: Sequence[str] | None, classes: int) -> list[str]:
    """Return a name for each class: the given ones, or the indices."""
    if class_names is None:
        return [str(index) for index in range(classes)]
    names = as_names(class_names)
    if len(names) != classes:
        raise ValueError(
            f"class_names={class_names!r} must be a sequence of {classes} names, one a class."
        )
    return names


def _are_whole(indices: npt.NDArray[np.generic]) -> bool:
    """Tell whole numbers; binary labels of Keras's generators are whole floats, 0.0 and 1.0."""
    if np.issubdtype(indices.dtype, np.integer) or indices.dtype == np.bool_:
        return True
    return np.issubdtype(indices.dtype, np.floating) and bool(np.all(indices == np.rint(indices)))
