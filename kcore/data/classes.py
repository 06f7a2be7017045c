"""From the labels of a batch to the targets that `fit` receives."""

from collections.abc import Iterable
from typing import Any, cast

import keras
import numpy as np
import numpy.typing as npt

from kcore.data.records import Labels

__all__ = [
    "CLASS_MODES",
    "ClassTargets",
    "check_class_mode",
    "check_class_mode_name",
    "check_class_names",
    "in_32_bits",
]

CLASS_MODES = ("binary", "categorical", "sparse", "input", None)


class ClassTargets:
    """The targets of samples, made of their labels when they are asked for.

    Args:
        labels: int32 array of shape (samples,).
        classes: the number of classes.
        class_mode: "binary" for float32 0 or 1 of shape (n,); "sparse" for the int32 labels, of
            shape (n,); "categorical" for float32 one-hot rows of shape (n, classes).
    """

    def __init__(self, labels: Labels, classes: int, class_mode: str) -> None:
        self._labels, self._classes, self._class_mode = labels, classes, class_mode

    def __getitem__(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        labels = self._labels[indices]
        if self._class_mode == "sparse":
            return labels
        if self._class_mode == "binary":
            return labels.astype(np.float32)
        one_hot = np.zeros((len(labels), self._classes), np.float32)
        one_hot[np.arange(len(labels)), labels] = 1
        return one_hot


def in_32_bits(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return numbers of 64 bits as int32 or float32; others as they are.

    JAX computes with no more than 32 bits, and warns in each `fit` that is given more. Integers
    outside of int32 stay as they are, and floats where Keras itself computes in float64.
    """
    if values.dtype == np.float64 and keras.config.floatx() != "float64":
        return values.astype(np.float32)
    if values.dtype not in (np.int64, np.uint64):
        return values
    limits = np.iinfo(np.int32)
    fits = not values.size or (values.min() >= limits.min and values.max() <= limits.max)
    return values.astype(np.int32) if fits else values


def check_class_names(classes: object) -> None:
    """Raise a ValueError unless `classes` is a sequence of names."""
    is_list = isinstance(classes, Iterable) and not isinstance(classes, str)
    if not is_list or not all(isinstance(name, str) for name in cast(Iterable[object], classes)):
        raise ValueError(f"classes={classes!r} must be a list of names such as ['cat', 'dog'].")


def check_class_mode_name(class_mode: object) -> None:
    """Raise a ValueError unless `class_mode` is one."""
    if class_mode not in CLASS_MODES:
        modes = ", ".join(repr(mode) for mode in CLASS_MODES if mode)
        raise ValueError(f"class_mode={class_mode!r} is unknown: use one of {modes}, or None.")


def check_class_mode(class_mode: str | None, class_names: tuple[str, ...]) -> None:
    """Raise a ValueError unless `class_mode` fits the classes there are."""
    if class_mode in (None, "input"):
        return
    if not class_names:
        raise ValueError(
            f"class_mode={class_mode!r} needs classes, and the images have none: put those of "
            "each class into a sub-directory of their own, or use class_mode=None or 'input'."
        )
    if class_mode == "binary" and len(class_names) != 2:
        raise ValueError(
            f"class_mode='binary' needs two classes, and there are {len(class_names)}: "
            f"{_first(class_names)}. Use class_mode='categorical' or 'sparse', or choose two with "
            "classes=[...]."
        )


def _first(class_names: tuple[str, ...]) -> str:
    shown = ", ".join(map(repr, class_names[:10]))
    return shown if len(class_names) <= 10 else f"{shown}, ..."
