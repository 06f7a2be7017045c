"""Refuse labels that don't fit the loss of a model, before the first step."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore._arrays import read_array
from kcore._console import say
from kcore._targets import check_for_loss, loss_of
from kcore.training._verbosity import check_verbosity

__all__ = ["CheckTargets"]

Array = npt.NDArray[Any]


class CheckTargets(keras.callbacks.Callback):
    """Stop `fit` before its first step if a label is not one of the model's classes.

    Keras doesn't check labels inside a compiled step: for a label that is out of range, JAX takes
    another class, and XLA on TensorFlow makes the weights NaN, both without an error. This callback
    checks all labels once, when training begins, and doesn't slow down the steps.

    The loss decides which labels are right: integers from 0 to classes - 1 for a sparse categorical
    cross-entropy, 0 or 1 for a binary one, and rows of probabilities that sum to 1 for a
    categorical one. For any other loss, only NaN and infinity are wrong.

    Models that `kcore.models.compile_classifier`, `compile_binary_classifier` or
    `compile_regression` compiled, and datasets of `kcore`, are checked without this callback. Use
    it to train a model compiled by `model.compile` on arrays. It is stricter than the checks
    without it, which accept all labels from 0 to 1 for a binary or categorical cross-entropy.

    Keras doesn't show a callback the data of `fit`, so both need to be given the labels. A dataset
    of `kcore` knows its labels; for other datasets give the labels as an array. Changes that a data
    pipeline of your own makes to the labels are not seen. If the shape of the labels doesn't fit,
    Keras on JAX may be the first to raise.

    Args:
        y: the labels that `fit` is given, or the dataset of `kcore` that holds them.
        validation_y: the labels of the validation data, an array or a dataset, or `None`.
        classes: the number of classes; needed only for a model that doesn't know the shape of its
            output: a subclassed model, or a Sequential model without an `Input`.
        verbose: 1 prints one line with the number of labels when they have passed; 0 prints
            nothing.

    Raises:
        TypeError: if `y` is a dataset whose labels aren't known.
        ValueError: if `y` is a dataset without labels. When training begins: if a label doesn't fit
            the loss, with the label, its index and the number of classes in the message; or if the
            model doesn't have one output (samples, classes).

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> model = kcore.models.compile_classifier(kcore.models.mlp(classes=5))
        >>> x, y = np.zeros((3, 28, 28)), np.array([0, 4, 7])
        >>> model.fit(x, y, callbacks=[kcore.training.CheckTargets(y)], verbose=0)
        Traceback (most recent call last):
        ...
        ValueError: y[2]=7 is not one of the 5 classes: labels must be integers from 0 to 4.
    """

    def __init__(
        self,
        y: Any,
        validation_y: Any = None,
        *,
        classes: int | None = None,
        verbose: bool | int = 0,
    ) -> None:
        super().__init__()
        self.verbose = check_verbosity(verbose)
        self._classes = None if classes is None else check_integer("classes", classes)
        self._labels = {"y": _labels_of("y", y)}
        if validation_y is not None:
            self._labels["validation_y"] = _labels_of("validation_y", validation_y)

    def __repr__(self) -> str:
        return f"<CheckTargets: {self._counts()}>"

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Check the labels against the loss and the output of the model."""
        loss, units = loss_of(self.model), self._units()
        for name, labels in self._labels.items():
            check_for_loss(name, labels, loss, units)
        if self.verbose:
            say(f"CheckTargets: {self._counts()}: all fit the loss.")

    def _counts(self) -> str:
        counts = (
            f"{len(np.atleast_1d(labels)):,} labels in {name}"
            for name, labels in self._labels.items()
        )
        return ", ".join(counts)

    def _units(self) -> int:
        """Return the number of units of the model's one output."""
        try:
            shape = self.model.output_shape
        except (AttributeError, ValueError):
            shape = None
        if shape is None and self._classes is not None:
            return self._classes
        if shape is None:
            raise ValueError(
                f"The model {self.model.name!r} doesn't know the shape of its output: give "
                "CheckTargets classes, the number of classes, or begin a Sequential model with "
                "keras.Input."
            )
        if not isinstance(shape, tuple) or len(shape) != 2 or not isinstance(shape[1], int):
            raise ValueError(
                f"The output of the model {self.model.name!r} has shape {shape}: CheckTargets "
                "checks models with one output (samples, classes). Leave it out for this one."
            )
        return shape[1]


def _labels_of(name: str, data: Any) -> Array:
    """Return labels as an array; those of a dataset, by the index of the sample."""
    if isinstance(data, keras.utils.PyDataset):
        return _labels_in(name, data)
    if hasattr(data, "__array__") or isinstance(data, (list, tuple)):
        return read_array(name, data)
    if hasattr(data, "shape"):
        return np.asarray(keras.ops.convert_to_numpy(data))
    raise TypeError(f"{name} is a {type(data).__name__}; {_WANTED}.")


_WANTED = "give the labels as an array, or a dataset of kcore, which knows its labels"


def _labels_in(name: str, data: Any) -> Array:
    if not hasattr(data, "targets") or not hasattr(data, "samples"):
        raise TypeError(f"{name} is a {type(data).__name__}, whose labels aren't known; {_WANTED}.")
    targets = data.targets
    if targets is None or isinstance(targets, str):
        raise ValueError(f"{name} has no labels, since its targets are {targets!r}; {_WANTED}.")
    if isinstance(targets, np.ndarray):
        return targets
    indices = np.arange(data.samples)
    if np.asarray(targets[indices[:1]]).ndim > 1 and data.classes is not None:
        # One-hot rows are made from the classes, so one row of each class shows as much as all
        # rows.
        indices = np.unique(data.classes, return_index=True)[1]
    return np.asarray(targets[indices])
