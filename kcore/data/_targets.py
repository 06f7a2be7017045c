"""From the labels of a batch to the targets that `fit` receives."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from kcore.data._image_files import ImageFiles, Labels

__all__ = [
    "CLASS_MODES",
    "ClassTargets",
    "check_class_mode",
    "check_class_mode_name",
    "check_class_names",
    "targets_of",
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

    def to_check(self) -> npt.NDArray[Any]:
        """Return the targets of all samples.

        One-hot rows are those of one sample of each class: they tell what all would, in less
        memory.
        """
        if self._class_mode == "categorical":
            return self[np.unique(self._labels, return_index=True)[1]]
        return self[np.arange(len(self._labels))]


def check_class_names(classes: object) -> tuple[str, ...]:
    """Return `classes` as a tuple, or say that it must be a list of names.

    Raises:
        ValueError: if it is none, or holds a name twice; or a set, whose order is another one in
            the next run, so that labels would be exchanged; or a dictionary, whose values may say
            something else.
    """
    if isinstance(classes, set | frozenset | Mapping):
        raise ValueError(
            f"classes={classes!r} is a {type(classes).__name__}: labels are positions in a list, "
            "so give one, such as sorted(classes)."
        )
    is_list = isinstance(classes, Iterable) and not isinstance(classes, str | bytes)
    is_list = is_list and getattr(classes, "ndim", 1) == 1
    names = tuple(cast(Iterable[object], classes)) if is_list else ()
    if not is_list or not all(isinstance(name, str) for name in names):
        shown = list(names) if is_list else classes
        raise ValueError(f"classes={shown!r} must be a list of names such as ['cat', 'dog'].")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"classes={list(names)!r} must be names that differ: {twice!r} is twice.")
    return cast(tuple[str, ...], names)


def check_class_mode_name(class_mode: object) -> None:
    """Raise a ValueError unless `class_mode` is one."""
    is_name = class_mode is None or isinstance(class_mode, str)
    if not is_name or class_mode not in CLASS_MODES:
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


def targets_of(files: ImageFiles, class_mode: str | None) -> ClassTargets | str | None:
    """Return the targets that a `class_mode` makes of the labels of files."""
    if class_mode is None or class_mode == "input" or files.labels is None:
        return class_mode
    return ClassTargets(files.labels, len(files.class_names), class_mode)
