"""Which outputs of a model's layers are meant: by name, index, type or layer."""

from collections.abc import Sequence
from difflib import get_close_matches
from numbers import Integral
from typing import Any

import keras

from kcore.inspect._calls import named_layers
from kcore.inspect._layer_outputs import Seen

__all__ = ["last_feature_map", "one_output_of", "outputs_of"]


def outputs_of(model: Any, seen: Sequence[Seen], layers: Any) -> list[Seen]:
    """Return the outputs that `layers` means, in the order in which they ran.

    Args:
        model: the model.
        seen: the outputs of its layers.
        layers: one of the following, or a sequence of them: the name of an output; the name of a
            layer, with or without those of the models that it is nested in; the index of a layer in
            `model.layers`; a layer; a class of layers. None means all that aren't the output of a
            nested model, since that is the output of its last layer.

    Raises:
        ValueError: if there is no such layer, or a name fits several.
    """
    if layers is None:
        return [one for one in seen if not one.is_model]
    is_sequence = isinstance(layers, Sequence) and not isinstance(layers, str)
    chosen = {
        one.key
        for layer in (layers if is_sequence else [layers])
        for one in _fits(model, seen, layer, "layers")
    }
    return [one for one in seen if one.key in chosen]


def one_output_of(model: Any, seen: Sequence[Seen], layer: Any) -> Seen:
    """Return the one output that `layer` means.

    Raises:
        ValueError: if there is none, or there are several.
    """
    found = _fits(model, seen, layer, "layer")
    if len(found) > 1:
        raise ValueError(f"layer={layer!r} has several outputs; give one of {_listed(found)}.")
    return found[0]


def last_feature_map(seen: Sequence[Seen]) -> Seen:
    """Return the last output that has channels at more than one position.

    What follows tokens, (samples, tokens, channels), may have four axes and yet no height and
    width, as a matrix of attention has: it counts from the next window on that moves over both.

    Raises:
        ValueError: if there is none, or if layers with weights go on with tokens after it, which
            see all of the image.
    """
    maps: list[Seen] = []
    tokens: list[Seen] = []
    for one in seen:
        if one.is_model:
            continue
        if _is_map(one) and (not tokens or issubclass(one.kind, _WINDOWS)):
            maps.append(one)
            tokens.clear()
        elif len(one.shape) == 3 and one.shape[1] > 1:
            tokens.append(one)
    mixing = [one for one in tokens if one.mixes_tokens]
    if mixing:
        raise ValueError(
            f"The model goes on with tokens, in {_listed(mixing[-3:])} for one; none of its "
            "feature maps sees what it answers by. Give layer, one that returns tokens, with "
            "reshape, the (rows, columns) of their grid; or give the layer of a feature map."
        )
    if not maps:
        raise ValueError(
            "No layer of the model returns a feature map, an output with 4 axes and more than one "
            "position; give layer, or explain the model by saliency or occlusion."
        )
    return maps[-1]


# Windows over height and width make feature maps, whatever came before.
_WINDOWS = (
    *(keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.SeparableConv2D),
    *(keras.layers.DepthwiseConv2D, keras.layers.MaxPooling2D, keras.layers.AveragePooling2D),
    keras.layers.UpSampling2D,
)


def _is_map(seen: Seen) -> bool:
    if len(seen.shape) != 4:
        return False
    positions = seen.shape[2:] if seen.is_channels_first else seen.shape[1:3]
    return positions != (1, 1)


def _fits(model: Any, seen: Sequence[Seen], layer: Any, name: str) -> list[Seen]:
    if isinstance(layer, str):
        return _named(seen, layer, name)
    if isinstance(layer, type):
        found = [one for one in seen if issubclass(one.kind, layer)]
        if not found:
            raise ValueError(f"{name}={layer.__name__}: the model has none; it has {_kinds(seen)}.")
        return found
    if isinstance(layer, Integral) and not isinstance(layer, bool):
        layer = _at(model, int(layer), name)
    if not isinstance(layer, keras.layers.Layer):
        raise ValueError(
            f"{name}={layer!r} is none: give a name, an index, a layer or a class of layers."
        )
    paths = [path for one, path in named_layers(model, "") if one is layer]
    found = [one for one in seen if one.key.path in paths]
    if not found:
        reason = "is an input" if isinstance(layer, keras.layers.InputLayer) else "never ran"
        raise ValueError(
            f"{name}={layer.name!r}: the layer {reason}, so it has no output to look at."
        )
    return found


def _at(model: Any, index: int, name: str) -> Any:
    count = len(model.layers)
    if not -count <= index < count:
        raise ValueError(f"{name}={index} is out of range: the model has {count} layers.")
    return model.layers[index]


def _named(seen: Sequence[Seen], name: str, argument: str) -> list[Seen]:
    for fitting in (
        [one for one in seen if one.name == name],
        [one for one in seen if one.key.path == name],
    ):
        if fitting:
            return fitting
    inside = [
        one for one in seen if one.name.endswith(f"/{name}") or one.key.path.endswith(f"/{name}")
    ]
    if len({one.key.path for one in inside}) > 1:
        raise ValueError(f"{argument}={name!r} fits several layers; give one of {_listed(inside)}.")
    if not inside:
        names = [one.name for one in seen]
        close = get_close_matches(name, names, n=3, cutoff=0.4) or names[-3:]
        raise ValueError(
            f"{argument}={name!r} is not in the model; did you mean one of "
            f"{', '.join(map(repr, close))}? kcore.inspect.activations lists all names."
        )
    return inside


def _listed(seen: Sequence[Seen]) -> str:
    return ", ".join(repr(one.name) for one in seen)


def _kinds(seen: Sequence[Seen]) -> str:
    return ", ".join(sorted({one.kind.__name__ for one in seen}))
