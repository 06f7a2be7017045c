"""Cut a network at one of its layers, also at one inside of a model in it."""

from collections.abc import Iterator
from typing import Any

import keras

from kcore.models._copying import copy_weights
from kcore.models._transfer.applications import near_names

__all__ = ["cut", "named_layers"]


def named_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the path and the layer of each layer, those of nested models as "model/layer"."""
    for layer in model.layers:
        yield layer.name, layer
        if isinstance(layer, keras.Model):
            for name, inner in named_layers(layer):
                yield f"{layer.name}/{name}", inner


def cut(base: Any, cut_at: str | None) -> Any:
    """Return a model of the base up to the layer `cut_at`, or all of it.

    Raises:
        ValueError: if there is no such layer, or it has several outputs, or nothing is to be cut
            and the base has several outputs.
    """
    if cut_at is None:
        if len(base.outputs) != 1:
            raise ValueError(
                f"base={base.name!r} has {len(base.outputs)} outputs: give cut_at, the name of the "
                "layer whose output is wanted."
            )
        return keras.Model(base.inputs[0], base.outputs[0])
    names = [name for name, _ in named_layers(base)]
    if cut_at not in names:
        raise ValueError(
            f"cut_at={cut_at!r}: {base.name!r} has no such layer.{near_names(cut_at, names)} None "
            "keeps all of it."
        )
    return _cut(base, cut_at.split("/"), cut_at)


def _cut(base: Any, path: list[str], cut_at: str) -> Any:
    layer, rest = _first(base, path)
    if rest:
        return _cut_inside(base, layer, _cut(layer, rest, cut_at))
    output = layer.outputs if isinstance(layer, keras.Model) else layer.output
    outputs = keras.tree.flatten(output)
    if len(outputs) != 1:
        raise ValueError(f"cut_at={cut_at!r} is a layer with several outputs: cut at another.")
    if isinstance(layer, keras.Model):
        return _cut_inside(base, layer, layer)
    return keras.Model(base.inputs[0], outputs[0])


def _first(base: Any, path: list[str]) -> tuple[Any, list[str]]:
    """Find the layer that a path begins with; a layer's own name may have slashes."""
    for length in range(len(path), 0, -1):
        for layer in base.layers:
            if layer.name == "/".join(path[:length]):
                return layer, path[length:]
    raise AssertionError(path)  # checked before


def _cut_inside(base: Any, nested: Any, part: Any) -> Any:
    """Return the base up to a part of a model in it, which takes that model's name."""
    copy = keras.models.clone_model(base)  # so that the base's layers get no further calls
    copy_weights(base, copy)
    part = keras.Model(part.inputs[0], part.outputs[0], name=nested.name)
    outputs = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if layer.name == nested.name:
            outputs.append(part(*args, **kwargs))
        return layer(*args, **kwargs)

    inputs = keras.Input(batch_shape=base.inputs[0].shape, dtype=base.inputs[0].dtype)
    keras.models.clone_model(
        keras.Model(copy.inputs[0], copy.outputs[0]),
        input_tensors=inputs,
        clone_function=lambda layer: layer,
        call_function=call,
    )
    return keras.Model(inputs, outputs[0])
