"""Compute cases other than a layer on an array: operations, odd calls, unknown sizes.

Each probe takes its shapes and numbers from a case, and returns an array or raises. Probes run in a
worker process, like everything that computes.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from backends_tests.cases import Case, arrays
from backends_tests.gradient import gradients
from backends_tests.layers import layer_class

__all__ = ["PROBES"]

Tensor = Any
"""An array of NumPy or of the backend."""

Function = Callable[[Tensor], Tensor]


def layer_eager(case: Case) -> Tensor:
    """Call a layer with new weights; only a refusal, or the shape, matters."""
    return _plain_layer(case)(ops.ones(case.input_shape))


def layer_symbolic(case: Case) -> Tensor:
    """Call a layer on a symbolic input, and return zeros of the inferred shape."""
    return np.zeros(_plain_layer(case)(keras.Input(batch_shape=case.input_shape)).shape)


def layer_unknown_sizes(case: Case) -> Tensor:
    """Call a layer in a model with unknown sizes."""
    shape: list[int | None] = [None] * (case.axes + 2)
    shape[1 if case.data_format == "channels_first" else -1] = case.channels
    inputs = keras.Input(batch_shape=tuple(shape))
    model = keras.Model(inputs, _plain_layer(case)(inputs))
    return model.predict_on_batch(arrays(case).x)


def conv(case: Case) -> Tensor:
    """`keras.ops.conv` on arrays."""
    x, (kernel, *_) = arrays(case).x, arrays(case).weights
    return ops.conv(x, kernel, case.strides, case.padding, case.data_format, case.dilation_rate)


def conv_symbolic(case: Case) -> Tensor:
    """`keras.ops.conv` in a functional model."""
    return _in_model(conv_call(case), case)


def conv_channel_mismatch(case: Case) -> Tensor:
    """`keras.ops.conv` on a symbolic input with fewer channels than the kernel reads."""
    kernel = np.ones((*case.kernel, case.channels + 2, case.filters), "float32")
    return np.zeros(ops.conv(keras.Input(batch_shape=case.input_shape), kernel).shape)


def conv_channel_mismatch_eager(case: Case) -> Tensor:
    """`keras.ops.conv` on an array with fewer channels than the kernel reads."""
    kernel = np.ones((*case.kernel, case.channels + 2, case.filters), "float32")
    return ops.conv(arrays(case).x, kernel)


def conv_transpose(case: Case) -> Tensor:
    """`keras.ops.conv_transpose` on arrays."""
    return conv_transpose_call(case)(arrays(case).x)


def conv_transpose_symbolic(case: Case) -> Tensor:
    """`keras.ops.conv_transpose` in a functional model."""
    return _in_model(conv_transpose_call(case), case)


def depthwise_conv(case: Case) -> Tensor:
    """`keras.ops.depthwise_conv` on arrays."""
    x, (kernel, *_) = arrays(case).x, arrays(case).weights
    return ops.depthwise_conv(x, kernel, case.strides, case.padding, case.data_format)


def depthwise_conv_with_lists(case: Case) -> Tensor:
    """`keras.ops.depthwise_conv` with strides as a list."""
    x, (kernel, *_) = arrays(case).x, arrays(case).weights
    return ops.depthwise_conv(
        x, kernel, list(case.effective_strides), case.padding, case.data_format
    )


def max_pool_with_default_strides(case: Case) -> Tensor:
    """`keras.ops.max_pool(x, 2)` with one integer and no strides."""
    return ops.max_pool(arrays(case).x, case.kernel[0])


def max_pool_in_capitals(case: Case) -> Tensor:
    """`MaxPooling` with `padding="SAME"`, called on an array."""
    return _in_capitals(case)(arrays(case).x)


def max_pool_in_capitals_symbolic(case: Case) -> Tensor:
    """`MaxPooling` with `padding="SAME"`, in a functional model."""
    return _in_model(_in_capitals(case), case)


def adaptive_pool_symbolic(case: Case) -> Tensor:
    """`keras.ops.adaptive_*_pool` on a symbolic input: zeros of the inferred shape."""
    pool = ops.adaptive_max_pool if "Max" in case.layer else ops.adaptive_average_pool
    inputs = keras.Input(batch_shape=case.input_shape)
    return np.zeros(pool(inputs, case.output_size, data_format=case.data_format).shape)


def add_column(case: Case) -> Tensor:
    """`keras.ops.add` of a square of zeros and a column."""
    size = case.sizes[0]
    return ops.add(np.zeros((size, size), "float32"), np.arange(1.0, size + 1)[:, None])


def zero_kernel_with_bias(case: Case) -> Tensor:
    """A convolution with a kernel of zeros and the bias 1, 2, ...: the output is the bias."""
    bias = keras.initializers.Constant(np.arange(1.0, case.filters + 1))
    arguments = case.configuration | {"kernel_initializer": "zeros", "bias_initializer": bias}
    return layer_class(case)(**arguments)(arrays(case).x)


def counting_input_through_ones(case: Case) -> Tensor:
    """A convolution of 1, 2, 3, ... with a kernel of ones."""
    x = np.arange(1.0, np.prod(case.input_shape) + 1).reshape(case.input_shape)
    kernel = np.ones((*case.kernel, case.channels, case.filters))
    x, kernel = x.astype("float32"), kernel.astype("float32")
    return ops.conv(x, kernel, case.strides, case.padding, case.data_format)


def average_of_ten_and_twenty(case: Case) -> Tensor:
    """`AveragePooling` of the cells 10 and 20."""
    layer = layer_class(case)(**case.configuration)
    return layer(np.array([10.0, 20.0], "float32").reshape(case.input_shape))


def gradient_of_tied_maximum(case: Case, run_eagerly: bool = False) -> Tensor:
    """The gradient of a max pool over a constant input, summed over the input."""
    layer = layer_class(case)(**case.configuration)
    x = np.ones(case.input_shape, "float32")
    shape = layer.compute_output_shape(case.input_shape)
    (found,) = gradients([layer], [x], [np.ones(shape, "float32")], run_eagerly)
    return np.sum(found.of[0])


def gradient_of_tied_maximum_eager(case: Case) -> Tensor:
    """The gradient of a max pool over a constant input, in a step that isn't compiled."""
    return gradient_of_tied_maximum(case, run_eagerly=True)


def conv_call(case: Case) -> Function:
    """Return the convolution of a case as a function of its input."""
    kernel = arrays(case).weights[0]
    return lambda x: ops.conv(
        x, kernel, case.strides, case.padding, case.data_format, case.dilation_rate
    )


def conv_transpose_call(case: Case) -> Function:
    """Return the transposed convolution of a case as a function of its input."""
    kernel = arrays(case).weights[0]
    return lambda x: ops.conv_transpose(
        x,
        kernel,
        case.strides,
        case.padding,
        output_padding=case.output_padding,
        data_format=case.data_format,
        dilation_rate=case.dilation_rate,
    )


PROBES: dict[str, Callable[[Case], Tensor]] = {
    probe.__name__: probe
    for probe in (
        adaptive_pool_symbolic,
        add_column,
        average_of_ten_and_twenty,
        conv,
        conv_channel_mismatch,
        conv_channel_mismatch_eager,
        conv_symbolic,
        conv_transpose,
        conv_transpose_symbolic,
        counting_input_through_ones,
        depthwise_conv,
        depthwise_conv_with_lists,
        gradient_of_tied_maximum,
        gradient_of_tied_maximum_eager,
        layer_eager,
        layer_symbolic,
        layer_unknown_sizes,
        max_pool_in_capitals,
        max_pool_in_capitals_symbolic,
        max_pool_with_default_strides,
        zero_kernel_with_bias,
    )
}
"""Name -> probe."""


def _plain_layer(case: Case) -> Any:
    weights = {} if "Pooling" in case.layer else {"bias_initializer": "ones"}
    return layer_class(case)(**case.configuration, **weights)


def _in_capitals(case: Case) -> Any:
    arguments = case.configuration | {"padding": case.padding.upper()}
    return layer_class(case)(**arguments)


def _in_model(function: Function, case: Case) -> Tensor:
    inputs = keras.Input(batch_shape=case.input_shape)
    return keras.Model(inputs, function(inputs)).predict_on_batch(arrays(case).x)
