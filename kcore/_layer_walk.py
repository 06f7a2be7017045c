"""Walk through all layers of a model, including nested models, wrappers and composite layers."""

from collections.abc import Iterator
from typing import Any

import keras

__all__ = ["own_weights", "walk"]

_MAY_HOLD = (keras.Layer, list, tuple, dict)


def walk(layer: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield each layer inside a model or layer once, after the layer that holds it.

    Args:
        layer: a model or layer; it is not yielded itself.
        above: the names with which the paths begin.

    Yields:
        The layer, and its path: the names of the layers that hold it, then its own name.
    """
    yield from _walk(layer, above, {id(layer)})


def _walk(
    layer: Any, above: tuple[str, ...], seen: set[int]
) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for inner in _held(layer):
        if id(inner) not in seen:
            seen.add(id(inner))
            path = (*above, inner.name)
            yield inner, path
            yield from _walk(inner, path, seen)


def _held(layer: Any) -> Iterator[Any]:
    # A model lists its layers in order; other layers hold theirs as attributes.
    held = layer.layers if isinstance(layer, keras.Model) else vars(layer).values()
    for value in held:
        if isinstance(value, _MAY_HOLD):  # most attributes are numbers and names, and are many
            yield from _layers_in(value)


def _layers_in(value: Any) -> Iterator[Any]:
    if isinstance(value, keras.Layer):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, _MAY_HOLD):
                yield from _layers_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            if isinstance(item, _MAY_HOLD):
                yield from _layers_in(item)


def own_weights(layer: Any, kind: str = "weights") -> list[Any]:
    """Return the weights of a layer that no layer inside it has.

    Args:
        layer: the layer.
        kind: the attribute that lists them; "variables" has the states of seed generators too.
    """
    below = {id(weight) for inner, _ in walk(layer) for weight in getattr(inner, kind)}
    return [weight for weight in getattr(layer, kind) if id(weight) not in below]
