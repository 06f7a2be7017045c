"""Save layers under the names of Keras's, so that files load where kcore isn't installed."""

from typing import Any, TypeVar

import keras

__all__ = ["plain_class", "saved_as_keras"]

Layer = TypeVar("Layer", bound=type)


def saved_as_keras(layer: Layer) -> Layer:
    """Let saved models name a layer as the one of `keras.layers` that it subclasses.

    Where kcore.layers isn't imported, Keras finds its own class by that name. Where it is, the name
    is registered, so Keras finds kcore's.
    """
    layer.__module__ = "keras.layers"
    keras.saving.get_custom_objects()[layer.__name__] = layer
    return layer


def plain_class(layer: Any) -> Any:
    """Return the class that a layer has where kcore isn't installed, mostly its own."""
    own = type(layer)
    is_saved_as_keras = own.__module__ == "keras.layers"  # Keras's own name keras.src there
    return getattr(keras.layers, own.__name__) if is_saved_as_keras else own
