"""Turn the output of a classifier into probabilities."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kcore._targets import option_of
from kcore.models._arguments import check_model

__all__ = ["PASSING", "as_probabilities", "output_units"]

Array = np.ndarray[Any, Any]

# Layers that pass on their input, perhaps in another shape.
PASSING = (
    keras.layers.Identity,
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Permute,
    keras.layers.Dropout,
    keras.layers.Activation,
)
_SUMMING = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Conv2D,
    keras.layers.BatchNormalization,
    keras.layers.GlobalAveragePooling2D,
)
# Float16 and bfloat16 have rows that sum to 1 within about this.
_TOLERANCE = 2e-2


def output_units(model: Any) -> int:
    """Return the number of a classifier's outputs, or raise an error if it is not a classifier.

    Raises:
        ValueError: if the output is unknown, one of several, or not (batch, classes).
    """
    is_known = bool(getattr(check_model(model), "outputs", None))
    shape = getattr(model, "output_shape", None) if is_known else None
    if shape is None:
        raise ValueError(
            f"The model {model.name!r} is a {type(model).__name__} without a graph of layers, so "
            "its output isn't known: put it into a model that knows its output, "
            "keras.Sequential([keras.Input"
            "(shape), model])."
        )
    if len(model.outputs) != 1 or isinstance(shape, dict):
        raise ValueError(
            f"The model {model.name!r} has {len(model.outputs)} outputs: a classifier has one, "
            "(batch, classes). Make a model from the output that classifies, "
            "keras.Model(model.inputs, "
            "model.outputs[0])."
        )
    shape = tuple(model.outputs[0].shape)
    if len(shape) != 2 or shape[-1] is None:
        raise ValueError(
            f"The model {model.name!r} gives {shape}: a classifier of images gives (batch, "
            "classes)."
        )
    return int(shape[-1])


def as_probabilities(model: Any) -> Callable[[Array], Array]:
    """Return a function that turns the outputs of a classifier into probabilities.

    Its result is (count, classes). Logits, which a linear last activation gives, become
    probabilities if the model was compiled with a loss that has `from_logits=True`. One sigmoid
    output becomes two columns. A row that is not finite becomes NaN.

    Raises:
        ValueError: if outputs are logits and the loss doesn't say so; the returned function raises
            it if outputs are not probabilities.
    """
    units = output_units(model)
    squash = _squashing(model, units) if _is_linear(model, model.outputs[0]) else None

    def convert(outputs: Array) -> Array:
        values = outputs.astype("float64")
        values = values if squash is None else squash(values)
        values[~np.isfinite(values).all(axis=-1)] = np.nan
        if (values < -_TOLERANCE).any() or (values > 1 + _TOLERANCE).any():
            worst = values.ravel()[np.nanargmax(np.abs(values - 0.5))]
            raise ValueError(
                f"The model {model.name!r} gives {worst:.4g}, which is not a probability: "
                f"{_way_out(model)}"
            )
        return np.hstack([1 - values, values]) if units == 1 else values

    return convert


def _is_linear(model: Any, tensor: Any) -> bool:
    """Tell whether a tensor comes from a layer of weighted sums, without an activation."""
    layer = _maker(model, tensor)
    if isinstance(layer, keras.Model):
        return bool(layer.outputs) and _is_linear(layer, layer.outputs[0])
    is_linear = getattr(layer, "activation", None) in (None, keras.activations.linear)
    if isinstance(layer, PASSING) and is_linear:
        return _is_linear(model, layer.input)
    return is_linear and isinstance(layer, _SUMMING)


def _maker(model: Any, tensor: Any) -> Any:
    """Return the layer that gives a tensor; None if it is an operation or a layer called twice."""
    for layer in model.layers:
        try:
            if layer.output is tensor:
                return layer
        except (AttributeError, ValueError):  # several outputs, or called several times
            continue
    return None


def _squashing(model: Any, units: int) -> Callable[[Array], Array]:
    loss = getattr(model, "loss", None)
    if not option_of(loss, "from_logits"):
        raise ValueError(
            f"The model {model.name!r} ends in a layer without activation, so it gives logits, not "
            f"probabilities: {_way_out(model)}"
        )
    is_binary = units == 1 or isinstance(
        loss, (keras.losses.BinaryCrossentropy, keras.losses.BinaryFocalCrossentropy)
    )
    return _sigmoid if is_binary else _softmax


def _way_out(model: Any) -> str:
    function = "sigmoid" if output_units(model) == 1 else "softmax"
    return (
        f"add the activation, keras.Sequential([model, keras.layers.Activation({function!r})]), or "
        "compile the model with the loss that it was trained with, with from_logits=True."
    )


def _sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(logits, -500, 500)))


def _softmax(logits: Array) -> Array:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
