"""Constants that layers derive from their weights, such as the mean of a `Normalization`.

Such a layer has the method `finalize_state`, which Keras calls after `adapt` and after loading the
layer's own weights, but not after `set_weights` (Keras 3.15). What was compiled before has the old
constants in it.
"""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from kcore.initializers._layers import walk

__all__ = ["constants_of", "deriving_constants"]

Constants = tuple[tuple[str, Any], ...]

# The variables of a model, and its layers that derive constants. Finding these means searching all
# attributes of all layers, which takes a tenth of the time of an explanation.
_DERIVING: weakref.WeakKeyDictionary[Any, tuple[list[int], list[weakref.ref[Any]]]] = (
    weakref.WeakKeyDictionary()
)


def constants_of(model: Any) -> Constants:
    """Return the constants that the layers of a model have derived from their weights."""
    return tuple(
        (name, found)
        for layer in _deriving_layers(model)
        for name, value in vars(layer).items()
        if (found := _comparable(value)) is not None
    )


@contextmanager
def deriving_constants(model: Any) -> Iterator[None]:
    """Derive the constants again after the block, and drop functions compiled with old ones."""
    before = constants_of(model)
    try:
        yield
    finally:
        for layer in _deriving_layers(model):
            layer.finalize_state()
        if constants_of(model) != before:
            _forget_compiled(model)


def _deriving_layers(model: Any) -> list[Any]:
    """Return the layers that derive constants; search again if the model has changed."""
    variables = [id(variable) for variable in model.variables]
    known, references = _DERIVING.get(model, ([], []))
    layers = [reference() for reference in references]
    if known != variables or None in layers or model not in _DERIVING:
        layers = [layer for layer, _ in walk(model) if _derives(layer)]
        _DERIVING[model] = variables, [weakref.ref(layer) for layer in layers]
    return layers


def _derives(layer: Any) -> bool:
    return callable(getattr(layer, "finalize_state", None))


def _comparable(value: Any) -> Any:
    """Return the content of an array or a list of numbers; None for other attributes."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, (list, tuple)):
        is_numbers = all(isinstance(item, (int, float)) for item in value)
        return tuple(value) if is_numbers else None
    if isinstance(value, keras.Variable) or not keras.ops.is_tensor(value):
        return None
    return keras.ops.convert_to_numpy(value).tobytes()


def _forget_compiled(model: Any) -> None:
    for layer, _ in [(model, ()), *walk(model)]:
        if isinstance(layer, keras.Model):
            layer.train_function = layer.test_function = layer.predict_function = None
