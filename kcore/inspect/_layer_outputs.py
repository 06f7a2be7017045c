"""The outputs of a model's layers at one input shape, and the choice of some by an argument."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Integral
from typing import Any, TypeAlias

import keras

from kcore.inspect._hooks import Key, Watch, named_layers, names_of
from kcore.models._arguments import shown

__all__ = [
    "LayerOutput",
    "LayerReference",
    "LayersReference",
    "has_channels_first",
    "last_feature_map",
    "outputs_of",
    "select_output",
    "select_outputs",
]

LayerReference: TypeAlias = str | int | keras.Layer
LayersReference: TypeAlias = (
    LayerReference | type[keras.Layer] | Sequence[LayerReference | type[keras.Layer]]
)


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """An output of a layer, as it is at one input shape.

    Attributes:
        name: its name, as `names_of` gives it.
        key: which output of which call it is.
        layer: its layer, held weakly.
        kind: class of the layer.
        shape: its shape, batch included.
        is_channels_first: whether its channels are before its spatial axes.
        mixes_tokens: whether its layer has weights and doesn't walk along a sequence, so that it
            works on tokens as a transformer or a mixer does.
    """

    name: str
    key: Key
    layer: "weakref.ref[Any]"
    kind: type
    shape: tuple[int, ...]
    is_channels_first: bool
    mixes_tokens: bool

    @property
    def is_model(self) -> bool:
        """Whether it is the output of a nested model."""
        return issubclass(self.kind, keras.Model)

    @property
    def channels(self) -> int:
        """The number of its channels, or of its units if it has no spatial axes."""
        return self.shape[1 if self.is_channels_first and len(self.shape) > 2 else -1]


def outputs_of(model: keras.Model, watch: Watch) -> tuple[LayerOutput, ...]:
    """List the outputs of a watched run, in the order in which the layers returned."""
    names = names_of(list(watch.outputs))
    data_format = "channels_first" if has_channels_first(model) else "channels_last"
    found = []
    for key, tensor in watch.outputs.items():
        layer = watch.layers[key]
        # A layer that treats all axes alike leaves the channels where they were.
        data_format = getattr(layer, "data_format", None) or data_format
        output = LayerOutput(
            name=names[key],
            key=key,
            layer=weakref.ref(layer),
            kind=type(layer),
            shape=tuple(int(size) for size in tensor.shape),
            is_channels_first=data_format == "channels_first",
            mixes_tokens=bool(layer.weights) and not isinstance(layer, _ALONG_A_SEQUENCE),
        )
        found.append(output)
    return tuple(found)


def has_channels_first(model: keras.Model) -> bool:
    """Tell whether the channels of a model's input are before its spatial axes."""
    formats = (getattr(layer, "data_format", None) for layer, _ in named_layers(model))
    return next(filter(None, formats), keras.config.image_data_format()) == "channels_first"


def select_outputs(
    model: keras.Model, outputs: Sequence[LayerOutput], layers: LayersReference | None
) -> list[LayerOutput]:
    """Return the outputs that the argument `layers` refers to, in the order in which they ran.

    Args:
        model: the model.
        outputs: the outputs of its layers.
        layers: one of the following, or a sequence of them: the name of an output; the name of a
            layer, with or without those of the models that it is nested in; the index of a layer in
            `model.layers`; a layer; a class of layers. None means all but the outputs of nested
            models, which are those of their last layers.

    Raises:
        ValueError: if there is no such layer, or a name fits several.
        TypeError: if `layers` is something else.
    """
    if layers is None:
        return [one for one in outputs if not one.is_model]
    is_sequence = isinstance(layers, Sequence) and not isinstance(layers, str)
    several: Any = layers if is_sequence else [layers]
    chosen = {one.key for layer in several for one in _fitting(model, outputs, layer, "layers")}
    return [one for one in outputs if one.key in chosen]


def select_output(
    model: keras.Model, outputs: Sequence[LayerOutput], layer: LayerReference
) -> LayerOutput:
    """Return the one output that the argument `layer` refers to.

    Raises:
        ValueError: if there is no such layer, or it has several outputs.
        TypeError: if `layer` is not a name, an index or a layer.
    """
    if isinstance(layer, type):
        raise TypeError(f"layer={shown(layer)} is a class: {_ONE_LAYER}.")
    found = _fitting(model, outputs, layer, "layer")
    if len(found) > 1:
        raise ValueError(f"layer={shown(layer)} has several outputs: give one of {_listed(found)}.")
    return found[0]


def last_feature_map(outputs: Sequence[LayerOutput]) -> LayerOutput:
    """Return the last output that has channels at more than one position.

    Outputs after tokens, (samples, tokens, channels), may have four axes but no height and width,
    such as a matrix of attention. They count again only from the next window that moves over both.

    Raises:
        ValueError: if there is none, or if layers with weights continue with tokens after it, each
            of which depends on the whole image.
    """
    maps: list[LayerOutput] = []
    tokens: list[LayerOutput] = []
    for one in outputs:
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
            f"The model continues with tokens, for example in {_listed(mixing[-3:])}, so no "
            "feature map shows what its answer is based on. Give a layer that returns tokens with "
            "reshape, the (rows, columns) of their grid; or give the layer of a feature map."
        )
    if not maps:
        raise ValueError(
            "No layer of the model returns a feature map, an output with 4 axes and more than one "
            "position: give layer, or explain the model by saliency or occlusion."
        )
    return maps[-1]


# Layers that read the output of a convolution as a sequence, from left to right.
_ALONG_A_SEQUENCE = (
    *(keras.layers.RNN, keras.layers.Bidirectional, keras.layers.Conv1D),
    *(keras.layers.SeparableConv1D, keras.layers.DepthwiseConv1D),
    keras.layers.BatchNormalization,
)
# Windows over height and width make feature maps, whatever came before.
_WINDOWS = (
    *(keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.SeparableConv2D),
    *(keras.layers.DepthwiseConv2D, keras.layers.MaxPooling2D, keras.layers.AveragePooling2D),
    keras.layers.UpSampling2D,
)
_ONE_LAYER = "give the name of a layer, an index into model.layers, or a layer"


def _is_map(output: LayerOutput) -> bool:
    if len(output.shape) != 4:
        return False
    positions = output.shape[2:] if output.is_channels_first else output.shape[1:3]
    return positions != (1, 1)


def _fitting(
    model: keras.Model, outputs: Sequence[LayerOutput], layer: Any, argument: str
) -> list[LayerOutput]:
    if isinstance(layer, str):
        return _named(outputs, layer, argument)
    if isinstance(layer, type):
        return _of_class(outputs, layer, argument)
    if isinstance(layer, Integral) and not isinstance(layer, bool):
        layer = _at(model, int(layer), argument)
    if not isinstance(layer, keras.layers.Layer):
        also = ", or a class of layers" if argument == "layers" else ""
        raise TypeError(f"{argument}={shown(layer)} is not a layer: {_ONE_LAYER}{also}.")
    found = [one for one in outputs if one.layer() is layer]
    if not found:
        raise ValueError(f"{argument}={layer.name!r}: the layer {_reason(model, layer)}.")
    return found


def _at(model: keras.Model, index: int, argument: str) -> keras.Layer:
    count = len(model.layers)
    if not -count <= index < count:
        raise ValueError(
            f"{argument}={index} is out of range: the model {model.name!r} has {count} layers, "
            f"0 to {count - 1}."
        )
    return model.layers[index]


def _reason(model: keras.Model, layer: keras.Layer) -> str:
    """Say why a layer has no output."""
    if isinstance(layer, keras.layers.InputLayer):
        return "is an input, so it has no output to look at: give a later one"
    if any(one is layer for one, _ in named_layers(model)):
        return "never ran, so it has no output to look at: give another one"
    return f"isn't in the model {model.name!r}: give one of its own"


def _of_class(outputs: Sequence[LayerOutput], kind: type, argument: str) -> list[LayerOutput]:
    found = [one for one in outputs if issubclass(one.kind, kind)]
    if not found:
        kinds = ", ".join(sorted({one.kind.__name__ for one in outputs}))
        raise ValueError(f"{argument}={kind.__name__}: the model has none; it has {kinds}.")
    return found


def _named(outputs: Sequence[LayerOutput], name: str, argument: str) -> list[LayerOutput]:
    for fitting in (
        [one for one in outputs if one.name == name],
        [one for one in outputs if one.key.path == name],
    ):
        if fitting:
            return fitting
    inside = [
        one for one in outputs if one.name.endswith(f"/{name}") or one.key.path.endswith(f"/{name}")
    ]
    if len({one.key.path for one in inside}) > 1:
        raise ValueError(f"{argument}={name!r} fits several layers: give one of {_listed(inside)}.")
    if not inside:
        names = [one.name for one in outputs]
        close = get_close_matches(name, names, n=3, cutoff=0.4) or names[-3:]
        raise ValueError(
            f"{argument}={name!r} is not in the model: did you mean one of "
            f"{', '.join(map(repr, close))}? kcore.inspect.activations lists all names."
        )
    return inside


def _listed(outputs: Sequence[LayerOutput]) -> str:
    return ", ".join(repr(one.name) for one in outputs)
