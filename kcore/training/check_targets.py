"""Refuse labels that the loss of a model can't be trained on, before the first step."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore.arguments import check_whole
from kcore.targets import check_labels

__all__ = ["CheckTargets"]

Array = npt.NDArray[Any]


class CheckTargets(keras.callbacks.Callback):
    """End `fit` before its first step where labels are none of the model's classes.

    Keras doesn't look at labels inside a compiled step: JAX takes another class for one that is
    out of range, and XLA on TensorFlow gives weights that are NaN, both without an error. This
    looks at all labels once, when the training begins, and costs the steps nothing.

    What is right is told by the loss: integers from 0 to classes - 1 for a sparse categorical
    cross-entropy, 0 or 1 for a binary one, rows of probabilities that sum to 1 for a categorical
    one. For any other loss only NaN and infinity are wrong.

    Keras doesn't show a callback the data of `fit`, so the labels are given to both. What `fit` is
    given besides, and what a data pipeline of your own makes of the labels, isn't seen. A dataset
    of `kcore` knows its labels; of other datasets give the labels as an array. Where the shape of
    the labels doesn't fit, Keras may be the first to say so, on JAX.

    Args:
        y: the labels that `fit` is given, or the dataset of `kcore` that holds them.
        validation_y: those of the validation data, or None.
        classes: the number of classes; needed only for a model that doesn't tell the shape of its
            output, which is one that is subclassed, or Sequential without an `Input`.

    Raises:
        TypeError: if `y` is a dataset whose labels aren't known.
        ValueError: if `y` is a dataset without labels. When a training begins: if a label doesn't
            fit the loss, with the label, its index and the number of classes; or if the model has
            several outputs, or one that isn't (samples, classes).

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> model = kcore.models.compile_classifier(kcore.models.mlp(classes=5))
        >>> x, y = np.zeros((3, 28, 28)), np.array([0, 4, 7])
        >>> model.fit(x, y, callbacks=[kcore.training.CheckTargets(y)], verbose=0)
        Traceback (most recent call last):
        ...
        ValueError: y[2]=7 is none of the 5 classes: labels must be integers from 0 to 4.
    """

    def __init__(self, y: Any, validation_y: Any = None, *, classes: int | None = None) -> None:
        super().__init__()
        self._classes = None if classes is None else check_whole("classes", classes)
        self._labels = {"y": _labels_of("y", y)}
        if validation_y is not None:
            self._labels["validation_y"] = _labels_of("validation_y", validation_y)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Check the labels against the loss and the output of the model."""
        loss = _loss_of(self.model)
        names = _names_of(loss)
        units = self._units()
        for name, labels in self._labels.items():
            if "sparsecategoricalcrossentropy" in names:
                check_labels(name, _without_ignored(labels, loss), units, "sparse")
            elif names & {"categoricalcrossentropy", "categoricalfocalcrossentropy"}:
                check_labels(name, labels, units, "categorical")
            elif names & {"binarycrossentropy", "binaryfocalcrossentropy"}:
                _check_binary(name, labels, units)
            else:
                _check_finite(name, labels)

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
                f"The model {self.model.name!r} doesn't tell the shape of its output: give "
                "CheckTargets classes, the number of classes, or begin a Sequential model with "
                "keras.Input."
            )
        if not isinstance(shape, tuple) or len(shape) != 2 or not isinstance(shape[1], int):
            raise ValueError(
                f"The output of the model {self.model.name!r} has shape {shape}: CheckTargets "
                "checks models with one output (samples, classes). Leave it out for this one."
            )
        return shape[1]


def _loss_of(model: Any) -> Any:
    losses = keras.tree.flatten(model.loss)
    loss = losses[0] if len(losses) == 1 else model.loss
    return keras.losses.get(loss) if isinstance(loss, str) else loss


def _names_of(loss: Any) -> set[str]:
    """Return the names of a loss and of what it is derived from, as one word in small letters."""
    if isinstance(loss, keras.losses.Loss):
        names = [one.__name__ for one in type(loss).__mro__]
    else:
        names = [getattr(loss, "__name__", "")]
    return {name.replace("_", "").lower() for name in names}


def _labels_of(name: str, data: Any) -> Array:
    """Return labels as an array; those of a dataset, by the index of the sample."""
    if isinstance(data, keras.utils.PyDataset):
        return _labels_in(name, data)
    if hasattr(data, "__array__") or isinstance(data, (list, tuple)):
        return np.asarray(data)
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
        # One-hot rows are made of the classes: one of each tells what all would, in less memory.
        indices = np.unique(data.classes, return_index=True)[1]
    return np.asarray(targets[indices])


def _without_ignored(labels: Array, loss: Any) -> Array:
    """Put a class in the place of what the loss ignores."""
    ignored = getattr(loss, "ignore_class", None)
    return labels if ignored is None else np.where(labels == ignored, 0, labels)


def _check_binary(name: str, labels: Array, units: int) -> None:
    if units == 1:
        check_labels(name, labels, 2, "binary")
        return
    if labels.ndim != 2 or labels.shape[1] != units:
        raise ValueError(
            f"{name} has shape {labels.shape}, but the model has {units} sigmoid units: give 0 or "
            f"1 for each, (samples, {units})."
        )
    for unit in range(units):
        check_labels(f"{name}[:, {unit}]", labels[:, unit], 2, "binary")


def _check_finite(name: str, labels: Array) -> None:
    if labels.dtype.kind not in "fc":
        return
    wrong = np.argwhere(~np.isfinite(labels))
    if len(wrong):
        index = tuple(wrong[0].tolist())
        raise ValueError(
            f"{name}[{', '.join(map(str, index))}]={labels[index]} is no finite number, which "
            "makes all weights NaN. Leave such samples out."
        )
