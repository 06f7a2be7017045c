"""The upper part of a transferred model: a small classifier, known by the names of its layers."""

from typing import Any

import keras

from kcore import layers
from kcore.layers._reproducible import layer_seed
from kcore.models._arguments import check_model

__all__ = [
    "add_head",
    "dropout_of",
    "has_head",
    "head_for_training",
    "head_layers",
    "pooled_features",
]

_PREFIX = "head_"
_POOLING = f"{_PREFIX}pooling"
_HIDDEN = f"{_PREFIX}hidden"
_DROPOUT = f"{_PREFIX}dropout"
_PREDICTIONS = f"{_PREFIX}predictions"
_HEAD = [_POOLING, _HIDDEN, _DROPOUT, _PREDICTIONS]


class _Dropout(layers.Dropout):
    """kcore's dropout, saved as Keras's, so that files load where kcore isn't installed.

    Keras writes the module and the name of an unregistered class into the file. So a loaded model
    has Keras's own layer.
    """


_Dropout.__module__, _Dropout.__name__ = "keras.layers", "Dropout"


def add_head(
    features: Any,
    classes: int,
    pooling: str,
    hidden_units: int,
    dropout: float,
    seed: int | None = None,
) -> Any:
    """Put pooling, a hidden ReLU layer, dropout and a sigmoid or softmax on a feature map.

    The dropout masks depend on `seed` alone, 0 <= seed < 2**64; `None` draws a seed.
    """
    x = _pooling_layer(features, pooling)(features)
    x = keras.layers.Dense(hidden_units, activation="relu", name=_HIDDEN)(x)
    seed_of_masks = None if seed is None else layer_seed(seed, _DROPOUT)
    x = _Dropout(dropout, seed=seed_of_masks, name=_DROPOUT)(x)
    activation = "sigmoid" if classes == 1 else "softmax"
    # In float32 even with mixed precision: probabilities in bfloat16 have two or three digits.
    return keras.layers.Dense(classes, activation=activation, dtype="float32", name=_PREDICTIONS)(x)


def head_layers(model: Any) -> list[Any]:
    """Return the layers of the head, or raise an error if the model has none."""
    found = [layer for layer in check_model(model).layers if layer.name.startswith(_PREFIX)]
    if not has_head(model):
        raise ValueError(
            f"The model {model.name!r} has no head made by kcore.models.transfer, with the layers "
            f"{_POOLING}, {_HIDDEN}, {_DROPOUT} and {_PREDICTIONS}."
        )
    return found


def has_head(model: Any) -> bool:
    """Tell whether a model has the head that `transfer` makes."""
    return [layer.name for layer in model.layers if layer.name.startswith(_PREFIX)] == _HEAD


def pooled_features(model: Any) -> Any:
    """Return a model that maps images to the input of the head's first `Dense` layer."""
    pooling = head_layers(model)[0]
    return keras.Model(model.inputs[0], pooling.output, name="features")


def dropout_of(model: Any) -> tuple[float, int]:
    """Return the dropout rate of the head, and the number of its hidden units."""
    _, hidden, dropout, _ = head_layers(model)
    return float(dropout.rate), int(hidden.units)


def head_for_training(model: Any) -> Any:
    """Make a model of the head's own layers, with dropout's factors as a second input.

    Returns:
        A `keras.Model` that maps features `(batch, features)` and factors `(batch, hidden units)`
        to probabilities. It shares its layers, and so their weights, with `model`.
    """
    pooling, hidden, _, predictions = head_layers(model)
    features = keras.Input(pooling.output.shape[1:], name="features")
    factors = keras.Input((hidden.units,), name="factors")
    dropped = keras.layers.Multiply()([hidden(features), factors])
    return keras.Model((features, factors), predictions(dropped), name="head")


def _pooling_layer(features: Any, pooling: str) -> Any:
    if pooling == "flatten":
        if None in features.shape[1:]:
            raise ValueError(
                f"pooling='flatten' needs a known size, and the base gives {features.shape}: give "
                "input_shape, or pooling='avg'."
            )
        return keras.layers.Flatten(data_format="channels_last", name=_POOLING)
    if len(features.shape) != 4:
        raise ValueError(
            f"pooling='avg' needs a feature map (batch, height, width, channels), and the base "
            f"gives {features.shape}: cut at an earlier layer, or use pooling='flatten'."
        )
    return keras.layers.GlobalAveragePooling2D(data_format="channels_last", name=_POOLING)
