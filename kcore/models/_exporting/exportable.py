"""Build the model to export: in float32, from operations that converters translate correctly.

Layers that act at random in training are left out. Measured with Keras 3.15: on TensorFlow, the
constants of a `Normalization` become inputs that nobody can feed, and the exact GELU has no
translation (tf2onnx 1.17). On JAX, a max pooling is translated into one that also runs over batch
and channels, which ONNX Runtime refuses (jax2onnx 0.17). The operations that replace them here
compute the same values.
"""

import functools
import math
from typing import Any

import keras
import numpy as np

from kcore import shapes
from kcore.layers._saved_as_keras import plain_class
from kcore.models._copying import copy_weights
from kcore.models._transfer.randomness import acts_in_training_only

__all__ = ["exportable"]


def exportable(model: Any) -> Any:
    """Copy a functional or sequential model into one that can be exported, in float32."""
    graph = _graph(model)
    copy = keras.models.clone_model(graph, clone_function=_in_float32, recursive=True)
    copy_weights(graph, copy)
    return _translatable(copy)


def _in_float32(layer: Any) -> Any:
    config = layer.get_config()
    if "dtype" in config:
        config["dtype"] = "float32"
    # Converters know Keras's layers, not the lowerings of kcore's.
    return plain_class(layer).from_config(config)


def _translatable(model: Any) -> Any:
    """Rewire a model and those nested in it, with other operations in place of some layers."""
    return keras.models.clone_model(
        _graph(model), clone_function=lambda layer: layer, call_function=_call
    )


def _graph(model: Any) -> Any:
    """Return a functional model that has the layers of a functional or sequential one."""
    return keras.Model(model.inputs[0], model.outputs[0], name=model.name)


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    if acts_in_training_only(layer):
        return args[0]
    if isinstance(layer, keras.layers.Pipeline):
        return functools.reduce(lambda x, inner: _call(inner, x), layer.layers, args[0])
    if isinstance(layer, keras.Model) and len(layer.inputs) == len(layer.outputs) == 1:
        return _translatable(layer)(*args, **kwargs)
    if isinstance(layer, keras.layers.Normalization):
        return _normalized(layer, *args)
    if isinstance(layer, keras.layers.MaxPooling2D) and keras.backend.backend() == "jax":
        return _max_pooled(layer, *args)
    if _ends_in_gelu(layer):
        return _gelu(layer(*args, **kwargs))
    return layer(*args, **kwargs)


def _ends_in_gelu(layer: Any) -> bool:
    """Tell whether a layer ends in GELU, and take the activation out of the layer."""
    if getattr(layer, "activation", None) is keras.activations.gelu:
        layer.activation = _linear_for_gelu  # of a copy that nobody else holds
    return getattr(layer, "activation", None) is _linear_for_gelu


def _linear_for_gelu(x: Any) -> Any:
    return x


def _gelu(x: Any) -> Any:
    return 0.5 * x * (1.0 + keras.ops.erf(x * math.sqrt(0.5)))


def _normalized(layer: Any, x: Any) -> Any:
    mean, variance = (keras.ops.convert_to_numpy(part) for part in (layer.mean, layer.variance))
    deviation = np.maximum(np.sqrt(variance), keras.config.epsilon())
    x = keras.ops.cast(x, "float32")
    return x * deviation + mean if layer.invert else (x - mean) / deviation


def _max_pooled(layer: Any, x: Any) -> Any:
    """Take the maximum of slices, one for each offset in the window."""
    if layer.data_format != "channels_last" or None in x.shape[1:3]:
        return layer(x)
    rows, columns = (
        shapes.pool_window(size, pool, stride, layer.padding)
        for size, pool, stride in zip(x.shape[1:3], layer.pool_size, layer.strides, strict=True)
    )
    if layer.padding == "same":
        x = keras.ops.pad(x, ((0, 0), rows.pads, columns.pads, (0, 0)), constant_values=-np.inf)
    row_offsets, column_offsets = (range(size) for size in layer.pool_size)
    slices = [
        x[:, _every(rows, row), _every(columns, column)]
        for row in row_offsets
        for column in column_offsets
    ]
    return functools.reduce(keras.ops.maximum, slices)


def _every(window: Any, offset: int) -> slice:
    """Return the cells that one offset in the window meets as it slides."""
    return slice(offset, offset + (window.output_size - 1) * window.strides + 1, window.strides)
