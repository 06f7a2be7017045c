"""Find a layer of a model by its name, by its index or by the layer itself."""

import difflib
from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any

import keras

from kcore.models._arguments import shown

__all__ = ["check_layer_choice", "layer_path", "named_layers", "near_names"]


def check_layer_choice(name: str, value: Any) -> Any:
    """Return a valid choice of a layer, or say what is allowed.

    Args:
        name: what the user calls it.
        value: a layer's name, its index or the layer itself; or None.

    Raises:
        TypeError: if it is not one of these.
    """
    is_index = isinstance(value, Integral) and not isinstance(value, bool)
    if value is None or is_index or isinstance(value, (str, keras.Layer)):
        return value
    raise TypeError(
        f"{name}={shown(value)} must be the name of a layer, such as 'mixed7', its index, such as "
        "-3, the layer itself, or None."
    )


def layer_path(name: str, choice: str | int | keras.Layer, model: Any) -> str:
    """Return the path of a layer, under which `named_layers` yields it.

    Args:
        name: what the user calls the choice.
        choice: the layer's name, "model/layer" for one in a nested model; its index into
            `model.layers`, negative from the end; or the layer itself.
        model: a functional or sequential model.

    Raises:
        ValueError: if the model has no such layer; the message lists similar names.
    """
    if isinstance(choice, keras.Layer):
        return _path_of_layer(name, choice, model)
    if isinstance(choice, str):
        return _path_of_name(name, choice, model)
    count = len(model.layers)
    if not -count <= choice < count:
        raise ValueError(
            f"{name}={choice}: {model.name!r} has {count} layers, so its indices are {-count} to "
            f"{count - 1}."
        )
    return str(model.layers[choice].name)


def named_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the path and the layer of each layer, those of nested models as "model/layer"."""
    for layer in model.layers:
        yield layer.name, layer
        if isinstance(layer, keras.Model):
            for name, inner in named_layers(layer):
                yield f"{layer.name}/{name}", inner


def near_names(name: str, known: Sequence[str]) -> str:
    """Return a sentence with the names that are most similar to `name`, after a space."""
    near = difflib.get_close_matches(name, known, n=5, cutoff=0.5)
    if not near:
        near = list(known[-5:])
        return f" Among its names: {', '.join(map(repr, near))}."
    return f" Similar names: {', '.join(map(repr, near))}."


def _path_of_name(name: str, path: str, model: Any) -> str:
    paths = [known for known, _ in named_layers(model)]
    if path not in paths:
        raise ValueError(
            f"{name}={path!r}: {model.name!r} has no such layer.{near_names(path, paths)}"
        )
    return path


def _path_of_layer(name: str, wanted: Any, model: Any) -> str:
    for path, layer in named_layers(model):
        if layer is wanted:
            return path
    # The transferred model has copies of the layers of the base, for example.
    copy = [path for path, _ in named_layers(model) if path.split("/")[-1] == wanted.name]
    hint = (
        f" It has another of the same name: give {name}={copy[0]!r}."
        if copy
        else near_names(wanted.name, [path for path, _ in named_layers(model)])
    )
    raise ValueError(f"{name}={shown(wanted)} is not a layer of {model.name!r}.{hint}")
