"""Make the targets that `fit` receives from the labels of samples."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_choice
from kcore.data._image_files import ImageFiles, Labels

__all__ = [
    "LABEL_MODES",
    "ClassTargets",
    "check_class_names",
    "check_label_mode",
    "check_label_mode_name",
    "check_mode_fits",
    "targets_of",
]

LABEL_MODES = ("int", "categorical", "binary", "input", None)


class ClassTargets:
    """The targets of samples, made from their labels on demand.

    Args:
        labels: int32 array of shape (samples,).
        classes: the number of classes.
        label_mode: "int" for the int32 labels, of shape (n,); "categorical" for float32 one-hot
            rows of shape (n, classes); "binary" for float32 0 or 1 of shape (n, 1).
        flat_binary: whether those of "binary" are of shape (n,), as in legacy Keras.
    """

    def __init__(
        self, labels: Labels, classes: int, label_mode: str, flat_binary: bool = False
    ) -> None:
        self._labels, self._classes, self._label_mode = labels, classes, label_mode
        self._flat_binary = flat_binary

    def __getitem__(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        labels = self._labels[indices]
        if self._label_mode == "int":
            return labels
        if self._label_mode == "binary":
            numbers = labels.astype(np.float32)
            return numbers if self._flat_binary else numbers[:, np.newaxis]
        one_hot = np.zeros((len(labels), self._classes), np.float32)
        one_hot[np.arange(len(labels)), labels] = 1
        return one_hot

    def to_check(self) -> npt.NDArray[Any]:
        """Return the targets of all samples; for one-hot rows, only one sample of each class.

        These tell as much as all rows, in less memory.
        """
        if self._label_mode == "categorical":
            return self[np.unique(self._labels, return_index=True)[1]]
        return self[np.arange(len(self._labels))]


def check_class_names(class_names: object, argument: str = "class_names") -> tuple[str, ...]:
    """Return `class_names` as a tuple, or say that it must be a list of names.

    Args:
        class_names: what was given.
        argument: what errors call it.

    Raises:
        ValueError: if it is not a list of distinct names. A set is refused, because its order and
            so the labels change from run to run; a dictionary is refused, because its values may
            contradict its order.
    """
    if isinstance(class_names, set | frozenset | Mapping):
        raise ValueError(
            f"{argument}={class_names!r} is a {type(class_names).__name__}: labels are positions "
            f"in a list, so give one, such as sorted({argument})."
        )
    is_list = isinstance(class_names, Iterable) and not isinstance(class_names, str | bytes)
    is_list = is_list and getattr(class_names, "ndim", 1) == 1
    names = tuple(cast(Iterable[object], class_names)) if is_list else ()
    if not is_list or not all(isinstance(name, str) for name in names):
        shown = list(names) if is_list else class_names
        raise ValueError(f"{argument}={shown!r} must be a list of names such as ['cat', 'dog'].")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"{argument}={list(names)!r} must be distinct names: {twice!r} is in it twice."
        )
    return cast(tuple[str, ...], names)


def check_label_mode_name(label_mode: object) -> None:
    """Raise a ValueError unless `label_mode` is a known one."""
    if isinstance(label_mode, str) and label_mode == "sparse":
        raise ValueError("label_mode='sparse' is unknown: use 'int'.")
    check_choice("label_mode", label_mode, LABEL_MODES)


def check_label_mode(label_mode: str | None, class_names: tuple[str, ...]) -> None:
    """Raise a ValueError unless `label_mode` fits the classes."""
    check_mode_fits("label_mode", label_mode, class_names, "'int' or 'categorical'", "class_names")


def check_mode_fits(
    name: str, mode: str | None, class_names: tuple[str, ...], others: str, choosing: str
) -> None:
    """Raise a ValueError unless a kind of targets fits the classes.

    Args:
        name: what the user calls it: "label_mode", or "class_mode" as in legacy Keras.
        mode: the kind of targets.
        class_names: the classes there are.
        others: the kinds for more than two classes.
        choosing: the argument that chooses classes.
    """
    if mode in (None, "input"):
        return
    if not class_names:
        raise ValueError(
            f"{name}={mode!r} needs classes, and the images have none: put those of each class "
            f"into a subdirectory of their own, or use {name}=None or 'input'."
        )
    if mode == "binary" and len(class_names) != 2:
        raise ValueError(
            f"{name}='binary' needs two classes, and there are {len(class_names)}: "
            f"{_first(class_names)}. Use {name}={others}, or choose two with {choosing}=[...]."
        )


def _first(class_names: tuple[str, ...]) -> str:
    shown = ", ".join(map(repr, class_names[:10]))
    return shown if len(class_names) <= 10 else f"{shown}, ..."


def targets_of(
    files: ImageFiles, label_mode: str | None, flat_binary: bool = False
) -> ClassTargets | str | None:
    """Return the targets that `label_mode` makes from the labels of files."""
    if label_mode is None or label_mode == "input" or files.labels is None:
        return label_mode
    return ClassTargets(files.labels, len(files.class_names), label_mode, flat_binary)
