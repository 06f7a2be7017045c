"""Cut a network at one of its layers, even at one inside a nested model."""

from typing import Any

import keras

from kcore.models._copying import copy_weights
from kcore.models._layer_choice import named_layers
from kcore.models._probabilities import PASSING

__all__ = ["cut"]


def cut(base: Any, path: str | None) -> Any:
    """Return a model of the base up to a layer, or all of it.

    Args:
        base: a functional or sequential model of images.
        path: the layer's path, as `kcore.models._layer_choice.layer_path` gives it, or None.

    Raises:
        ValueError: if the layer has several outputs or is the input; or if `path` is None, and the
            base has several outputs or ends in a classifier.
    """
    if path is None:
        _check_output(base)
        return keras.Model(base.inputs[0], base.outputs[0])
    return _cut(base, path.split("/"), path)


def _check_output(base: Any) -> None:
    if len(base.outputs) != 1:
        raise ValueError(
            f"base={base.name!r} has {len(base.outputs)} outputs: give cut_at, the layer whose "
            "output is wanted."
        )
    units = base.outputs[0].shape[-1]
    last = _last_layer(base)
    if len(base.outputs[0].shape) != 2 or not _is_classifying(last, units):
        return
    maps = [path for path, layer in named_layers(base) if _gives_a_feature_map(layer)]
    hint = f"its last feature map, cut_at={maps[-1]!r}, or another layer" if maps else "a layer"
    raise ValueError(
        f"base={base.name!r} ends in {last.name!r}, which gives {units} values for each "
        f"image, as a classifier does: a new head needs features. Give {hint}. cut_at=-1 takes "
        "these values anyway."
    )


def _last_layer(model: Any) -> Any:
    """Return the last layer that does more than pass values on or make probabilities of them."""
    for layer in reversed(model.layers):
        if isinstance(layer, keras.Model):
            return _last_layer(layer)
        if not isinstance(layer, (*PASSING, keras.layers.Softmax)):
            return layer
    return None


def _is_classifying(layer: Any, units: int | None) -> bool:
    """Tell whether a layer is `Dense`, or a 1x1 convolution of one pixel as in MobileNet."""
    if isinstance(layer, keras.layers.Conv2D):
        return layer.kernel_size == (1, 1) and layer.filters == units
    return isinstance(layer, keras.layers.Dense) and layer.units == units


def _gives_a_feature_map(layer: Any) -> bool:
    """Tell whether a layer gives (batch, height, width, channels), which the input does too."""
    try:
        shape = layer.output.shape
    except (AttributeError, ValueError):  # several outputs, or called several times
        return False
    is_map = len(shape) == 4 and shape[1:3] != (1, 1)
    return is_map and not isinstance(layer, keras.layers.InputLayer)


def _cut(base: Any, parts: list[str], cut_at: str) -> Any:
    layer, rest = _first(base, parts)
    if rest:
        return _cut_inside(base, layer, _cut(layer, rest, cut_at))
    if isinstance(layer, keras.layers.InputLayer):
        raise ValueError(f"cut_at={cut_at!r} is the input of {base.name!r}: cut at a later layer.")
    output = layer.outputs if isinstance(layer, keras.Model) else layer.output
    outputs = keras.tree.flatten(output)
    if len(outputs) != 1:
        raise ValueError(f"cut_at={cut_at!r} is a layer with several outputs: cut at another.")
    if isinstance(layer, keras.Model):
        return _cut_inside(base, layer, layer)
    return keras.Model(base.inputs[0], outputs[0])


def _first(base: Any, parts: list[str]) -> tuple[Any, list[str]]:
    """Find the layer that a path begins with; a layer's own name may have slashes."""
    for length in range(len(parts), 0, -1):
        for layer in base.layers:
            if layer.name == "/".join(parts[:length]):
                return layer, parts[length:]
    raise AssertionError(parts)  # checked before


def _cut_inside(base: Any, nested: Any, part: Any) -> Any:
    """Return the base up to a part of a model in it; the part takes that model's name."""
    copy = keras.models.clone_model(
        base
    )  # so that the layers of `base` itself get no further calls
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
