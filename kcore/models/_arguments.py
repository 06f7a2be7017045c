"""Checks of models and of arguments that several functions on models share."""

import os
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore._arrays import read_array

__all__ = [
    "check_built",
    "check_callbacks",
    "check_dtype",
    "check_graph",
    "check_images",
    "check_model",
    "check_optimizer",
    "check_units",
    "first_not_finite",
    "shown",
]

_LONGEST = 80
# A larger layer is a mistake, and may not fit into memory.
_MOST_UNITS = 2**20


def check_model(model: Any, name: str = "model") -> Any:
    """Return `model`, or raise an error that says what was given instead.

    Args:
        model: should be a `keras.Model`.
        name: what the user calls it.

    Raises:
        TypeError: if it is not a `keras.Model`.
    """
    if isinstance(model, keras.Model):
        return model
    raise TypeError(f"{name}={shown(model)} must be a keras.Model{_way_out(model)}.")


def check_built(model: Any, name: str = "model") -> Any:
    """Return a model that has its weights, or raise an error that says what is missing.

    Raises:
        TypeError: if it is not a `keras.Model`.
        ValueError: if it was never built, as a Sequential model without `keras.Input` is before its
            first call.
    """
    if not check_model(model, name).built:
        raise ValueError(
            f"{name}={model.name!r} was never built: begin a Sequential model with keras.Input("
            "shape), or call the model once on data."
        )
    return model


def check_graph(model: Any, name: str = "model") -> Any:
    """Return a functional or sequential model that knows its input, or raise an error.

    Raises:
        TypeError: if it is not a `keras.Model`.
        ValueError: if it is a model without a graph of layers.
    """
    if getattr(check_model(model, name), "inputs", None):
        return model
    reason = (
        "doesn't know its input: begin it with keras.Input(shape)."
        if isinstance(model, keras.Sequential)
        else "has no graph of layers: a functional or sequential keras.Model that knows its input "
        "is needed."
    )
    raise ValueError(f"{name}={model.name!r} {reason}")


def check_units(name: str, value: Any, minimum: int = 1) -> int:
    """Return the number of units or filters of a layer, or say which numbers are allowed."""
    return check_integer(name, value, minimum, _MOST_UNITS)


def check_optimizer(optimizer: Any) -> Any:
    """Return an optimizer that `keras.Model.compile` takes, or raise an error."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    if not isinstance(optimizer, (str, dict)):
        raise TypeError(
            f"optimizer={shown(optimizer)} must be a keras.optimizers.Optimizer, or the name of "
            "one, such as 'adam'."
        )
    try:
        return keras.optimizers.get(optimizer)
    except Exception as error:  # a KeyError, or anything that a part of a configuration raises
        raise ValueError(f"optimizer={optimizer!r} is not one that Keras knows: {error}") from error


def check_dtype(dtype: Any) -> Any:
    """Return what a Keras layer takes as `dtype`, or raise an error that names it."""
    try:
        return None if dtype is None else keras.dtype_policies.get(dtype)
    except Exception as error:  # anything that a part of a configuration raises
        raise ValueError(
            f"dtype={shown(dtype)} must be a dtype, such as 'float32', or a "
            f"keras.DTypePolicy: {error}"
        ) from error


def check_callbacks(callbacks: Any) -> list[Any]:
    """Return callbacks as a list, or raise an error if they are something else."""
    is_several = isinstance(callbacks, (list, tuple))
    if not is_several or not all(isinstance(one, keras.callbacks.Callback) for one in callbacks):
        raise TypeError(f"callbacks={shown(callbacks)} must be a list of keras.callbacks.Callback.")
    return list(callbacks)


def check_images(name: str, images: Any, model: Any) -> npt.NDArray[Any]:
    """Return images for a model as an array, or raise an error that says what is wrong.

    Args:
        name: what the user calls them.
        images: (count, height, width, channels), real numbers.
        model: the model for them, with one input.

    Raises:
        TypeError: if they aren't real numbers.
        ValueError: if the shape isn't that of the input, or an image has NaN or infinite values.
    """
    array = read_array(name, images)
    if array.dtype.kind in "OSUMmc":
        raise TypeError(f"{name} holds values of dtype {array.dtype}: they must be real numbers.")
    own = tuple(model.inputs[0].shape[1:])
    is_fitting = array.ndim == len(own) + 1 and all(
        size in (None, given) for size, given in zip(own, array.shape[1:], strict=True)
    )
    if not is_fitting:
        hint = f" Give {name}[None] for one image." if array.ndim == len(own) else ""
        raise ValueError(
            f"{name} has shape {array.shape}, and {model.name!r} takes images of {own}, (count, "
            f"height, width, channels).{hint}"
        )
    bad = first_not_finite(array)
    if bad is not None:
        raise ValueError(f"{name}[{bad}] has values that are NaN or infinite: leave it out.")
    return array


def first_not_finite(array: npt.NDArray[Any]) -> int | None:
    """Return the index of the first sample that has NaN or infinite values, or None."""
    if not np.issubdtype(array.dtype, np.floating):
        return None
    # The sum shows NaN and infinities without an array of flags; a sum of finite values may
    # overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)) or np.isfinite(array).all():
            return None
    return int(np.argmin(np.isfinite(array).reshape(len(array), -1).all(axis=1)))


def shown(value: Any) -> str:
    """Show a value in a few words, or its type if the value may be long."""
    if isinstance(value, keras.Layer):
        return f"<{type(value).__name__} {value.name!r}>"
    if isinstance(value, (bool, int, float, str, os.PathLike)) or value is None:
        text = repr(value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return str(getattr(value, "__name__", f"<{type(value).__name__}>"))


def _way_out(value: Any) -> str:
    if isinstance(value, (str, os.PathLike)):
        return "; kcore.models.load loads one from a file"
    if isinstance(value, keras.Layer):
        return "; keras.Sequential([keras.Input(shape), layer]) makes one from a layer"
    if callable(value):
        return ": call it if it makes one"
    return ""
