"""Check labels against a loss, before they silently spoil a model."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_choice
from kcore._arrays import read_array

__all__ = ["KINDS", "check_for_loss", "check_labels", "check_labels_for", "loss_of", "option_of"]

Array = npt.NDArray[Any]

KINDS = ("sparse", "binary", "categorical")

# Name of a Keras loss class or function, in lower case without underscores -> kind of its labels.
_KIND_OF_LOSS = {
    "sparsecategoricalcrossentropy": "sparse",
    "categoricalcrossentropy": "categorical",
    "categoricalfocalcrossentropy": "categorical",
    "binarycrossentropy": "binary",
    "binaryfocalcrossentropy": "binary",
}

# float32 rows of many classes, and smoothed ones, don't sum to exactly 1.
_SUM_TOLERANCE = 1e-3


def check_labels(name: str, labels: Any, classes: int, kind: str = "sparse") -> npt.NDArray[Any]:
    """Return labels as an array, or raise an error that names the first invalid one.

    Backends give no error for an invalid label: JAX takes it for another class, and XLA on
    TensorFlow makes the weights NaN.

    Args:
        name: the user's name for the labels, for the message.
        labels: "sparse" and "binary": shape (samples,) or (samples, 1), of any real dtype;
            "categorical": shape (samples, classes).
        classes: the number of classes; ignored for "binary", which has two.
        kind: "sparse" for integers from 0 to classes - 1, "binary" for 0 and 1 of a sigmoid,
            "categorical" for rows of probabilities that sum to 1, such as one-hot rows.

    Returns:
        The labels, with unchanged shape and dtype.

    Raises:
        ValueError: if a label is too large, negative, a fraction or not finite, or if the shape is
            wrong. The message names the label, its index and the number of classes.

    Example:
        >>> check_labels("y", [0, 2, 5], classes=5)
        Traceback (most recent call last):
        ...
        ValueError: y[2]=5 is not one of the 5 classes: labels must be integers from 0 to 4.
    """
    check_choice("kind", kind, KINDS)
    array = read_array(name, labels)
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} holds {_dtype(array)}: labels must be integers, indices into the list "
            "of class names."
        )
    if kind == "categorical":
        _check_rows(name, array, classes)
    else:
        _check_integers(name, array, 2 if kind == "binary" else classes, kind)
    return array


def check_labels_for(model: Any, name: str, labels: Array, units: int | None = None) -> None:
    """Check the labels that a model is about to be trained on, if their meaning is known.

    It is known if the model has one output (samples, units), a loss of Keras and the training step
    of `keras.Model`; other losses and training steps may read labels in their own way. Binary and
    categorical cross-entropy take probabilities too, such as smoothed labels.

    Args:
        model: a compiled `keras.Model`.
        name: the user's name for the labels, for the message.
        labels: shape (samples, ...), of any dtype.
        units: units of the output, for a model that doesn't know its output shape.

    Raises:
        ValueError: if a label doesn't fit the loss; the message names it.
    """
    units = _units_of(model) if units is None else units
    loss = loss_of(model)
    if units is None or not _is_of_keras(loss) or not _trains_as_keras(model):
        return
    is_numbers = labels.dtype.kind in "biuf" and labels.size > 0
    if _kind_of(loss) != "sparse" and is_numbers and labels.min() >= 0 and labels.max() <= 1:
        return  # Keras itself refuses a wrong shape
    check_for_loss(name, labels, loss, units)


def check_for_loss(name: str, labels: Array, loss: Any, units: int) -> None:
    """Raise an error that names the first label that doesn't fit a loss.

    Args:
        name: the user's name for the labels, for the message.
        labels: shape (samples, ...), of any dtype.
        loss: a loss object or function. Its name, or that of a base class, tells what labels it
            takes; for unknown losses only NaN and infinity are refused.
        units: units of the model's output (samples, units).

    Raises:
        ValueError: if a label doesn't fit the loss; the message names it.
    """
    kind = _kind_of(loss)
    if kind == "sparse":
        check_labels(name, _without_ignored(labels, loss), units, kind)
    elif kind == "categorical":
        check_labels(name, labels, units, kind)
    elif kind == "binary":
        _check_binary(name, labels, units)
    else:
        _check_finite(name, labels)


def loss_of(model: Any) -> Any:
    """Return the loss of a compiled model, or all of them if there are several."""
    import keras

    losses = keras.tree.flatten(model.loss)
    loss = losses[0] if len(losses) == 1 else model.loss
    return keras.losses.get(loss) if isinstance(loss, str) else loss


def option_of(loss: Any, name: str) -> Any:
    """Return an argument of a loss object, such as `from_logits`; None for a function.

    Keras 3.16 keeps some of them only in the configuration.
    """
    value = getattr(loss, name, None)
    if value is None and hasattr(loss, "get_config"):
        value = loss.get_config().get(name)
    return value


def _kind_of(loss: Any) -> str:
    """Return which of `KINDS` a loss takes as labels, or "" if its name doesn't tell."""
    own = getattr(loss, "__name__", None)
    names = [one.__name__ for one in type(loss).__mro__] if own is None else [own]
    for name in names:  # the nearest base class first
        kind = _KIND_OF_LOSS.get(name.replace("_", "").lower())
        if kind is not None:
            return kind
    return ""


def _is_of_keras(loss: Any) -> bool:
    origin = loss if hasattr(loss, "__name__") else type(loss)
    return callable(loss) and str(origin.__module__).split(".")[0] == "keras"


def _trains_as_keras(model: Any) -> bool:
    import keras

    steps = ("train_step", "compute_loss")
    return all(getattr(type(model), name) is getattr(keras.Model, name) for name in steps)


def _units_of(model: Any) -> int | None:
    """Return the units of a single output (samples, units), or None for any other model."""
    try:
        shape = model.output_shape
    except (AttributeError, ValueError):
        return None
    is_flat = isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[1], int)
    return shape[1] if is_flat else None


def _without_ignored(labels: Array, loss: Any) -> Array:
    """Replace the label that the loss ignores by a class."""
    ignored = option_of(loss, "ignore_class")
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
    if labels.dtype.kind not in "fc" or np.isfinite(labels).all():
        return
    index = tuple(np.argwhere(~np.isfinite(labels))[0].tolist())
    raise ValueError(
        f"{name}[{', '.join(map(str, index))}]={labels[index]} is not a finite number, which makes "
        "all weights NaN. Leave such samples out."
    )


def _check_integers(name: str, array: npt.NDArray[Any], classes: int, kind: str) -> None:
    if array.ndim != 1 and array.shape[1:] != (1,):
        raise ValueError(f"{name} has shape {array.shape}{_about_shape(name, array, classes)}")
    flat = array.reshape(-1)
    if not flat.size:
        return
    # Two passes without a copy; with a NaN both comparisons are false.
    is_within = bool(flat.min() >= 0) and bool(flat.max() <= classes - 1)
    if is_within and (flat.dtype.kind != "f" or bool((flat == np.rint(flat)).all())):
        return
    bad = ~((flat >= 0) & (flat <= classes - 1) & (flat == np.rint(flat)))
    index = int(np.argmax(bad))
    wanted = (
        "0 or 1, as for every sigmoid" if kind == "binary" else f"integers from 0 to {classes - 1}"
    )
    raise ValueError(
        f"{name}[{index}]={flat[index].item()!r} is not one of the {classes} classes: labels must "
        f"be {wanted}.{_about_values(flat, bad, classes)}"
    )


def _check_rows(name: str, array: npt.NDArray[Any], classes: int) -> None:
    if array.ndim != 2 or array.shape[1] != classes:
        hint = (
            f": integer labels are for a sparse loss; keras.utils.to_categorical({name}, {classes})"
            " converts them."
            if array.ndim == 1 or array.shape[1:] == (1,)
            else "."
        )
        raise ValueError(
            f"{name} has shape {array.shape}, but rows of {classes} classes are needed, (samples, "
            f"{classes}){hint}"
        )
    is_good = (array >= 0) & (array <= 1)
    sums = array.sum(axis=1, dtype="float64")
    bad = ~(is_good.all(axis=1) & (np.abs(sums - 1) <= _SUM_TOLERANCE))
    if bad.any():
        index = int(np.argmax(bad))
        column = int(np.argmax(~is_good[index]))
        what = (
            f"sums to {sums[index]:g}"
            if is_good[index].all()
            else f"has {array[index, column].item()!r} for class {column}"
        )
        raise ValueError(
            f"{name}[{index}] {what}: each row must hold the probabilities of {classes} classes, "
            "from 0 to 1, that sum to 1."
        )


def _about_shape(name: str, array: npt.NDArray[Any], classes: int) -> str:
    is_rows = array.ndim == 2 and array.shape[1] in (classes, 2)
    if is_rows and bool((((array == 0) | (array == 1)).sum(axis=1) == array.shape[1]).all()):
        return f", which looks like one-hot rows: give the integers, {name}.argmax(axis=-1)."
    return ": give one integer for each sample, shape (samples,)."


def _about_values(flat: npt.NDArray[Any], bad: npt.NDArray[Any], classes: int) -> str:
    """Say how many labels are bad, and what to do if the cause is known."""
    count = int(bad.sum())
    many = f" This affects {count:,} of {flat.size:,} labels." if count > 1 else ""
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        return f"{many} Leave out samples whose label is unknown."
    if flat.dtype.kind == "f" and (flat != np.rint(flat)).any():
        return many
    if flat.min() == 1 and flat.max() == classes:
        return f"{many} They count from 1: subtract 1."
    if classes == 2 and set(np.unique(flat).tolist()) == {-1, 1}:
        return f"{many} Give (labels + 1) // 2 for -1 and 1."
    return many


def _dtype(array: npt.NDArray[Any]) -> str:
    return {"U": "text", "S": "text", "c": "complex numbers"}.get(
        array.dtype.kind, f"values of dtype {array.dtype}"
    )
