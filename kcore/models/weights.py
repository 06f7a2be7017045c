"""Copy weights from one model into another of the same layers."""

from typing import Any

import keras

__all__ = ["copy_weights"]


def copy_weights(source: Any, copy: Any) -> None:
    """Give `copy` the weights of `source`.

    `keras.layers.Normalization` computes with constants that it derives from its weights, and
    `set_weights` leaves these as they were (Keras 3.15): so they are derived again.
    """
    copy.set_weights(source.get_weights())
    _derive_constants(copy)


def _derive_constants(model: Any) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
        if isinstance(layer, keras.Model):
            _derive_constants(layer)
