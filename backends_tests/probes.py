"""Small computations that are no layer on an array: operations, odd calls, unknown sizes.

Each takes a case for its shapes and numbers and returns an array, or raises. They run in a worker
process, as everything that computes.
"""

import keras
import numpy as np
from keras import ops

from backends_tests.cases import Case, arrays
from backends_tests.gradient import gradients

__all__ = ["PROBES"]


def layer_eager(case: Case):
    """Call a layer with freshly made weights; only whether it is refused, and its shape, matter."""
    return _plain_layer(case)(ops.ones(case.input_shape))


def layer_symbolic(case: Case):
    """Call a layer on a symbolic input and return zeros of the shape that it promises."""
    return np.zeros(_plain_layer(case)(keras.Input(batch_shape=case.input_shape)).shape)


def layer_unknown_sizes(case: Case):
    """Call a layer that was put into a model with unknown sizes."""
    shape = [None] * (case.axes + 2)
    shape[1 if case.data_format == "channels_first" else -1] = case.channels
    inputs = keras.Input(batch_shape=tuple(shape))
    model = keras.Model(inputs, _plain_layer(case)(inputs))
    return model.predict_on_batch(arrays(case).x)


def conv(case: Case):
    """`keras.ops.conv` on arrays."""
    x, (kernel, *_) = arrays(case).x, arrays(case).weights
    return ops.conv(x, kernel, case.strides, case.padding, case.data_format, case.dilation_rate)


def conv_symbolic(case: Case):
    """`keras.ops.conv` in a functional model."""
    return _in_model(conv_call(case), case)


def conv_channel_mismatch(case: Case):
    """`keras.ops.conv` on a symbolic input with fewer channels than the kernel reads."""
    kernel = np.ones((*case.kernel, case.channels + 2, case.filters), "float32")
    return np.zeros(ops.conv(keras.Input(batch_shape=case.input_shape), kernel).shape)


def conv_channel_mismatch_eager(case: Case):
    """`keras.ops.conv` on an array with fewer channels than the kernel reads."""
    kernel = np.ones((*case.kernel, case.channels + 2, case.filters), "float32")
    return ops.conv(arrays(case).x, kernel)


def conv_transpose(case: Case):
    """`keras.ops.conv_transpose` on arrays."""
    return conv_transpose_call(case)(arrays(case).x)


def conv_transpose_symbolic(case: Case):
    """`keras.ops.conv_transpose` in a functional model."""
    return _in_model(conv_transpose_call(case), case)


def depthwise_conv(case: Case):
    """`keras.ops.depthwise_conv` on arrays."""
    x, (kernel, *_) = arrays(case).x, arrays(case).weights
    return ops.depthwise_conv(x, kernel, case.strides, case.padding, case.data_format)


def depthwise_conv_with_lists(case: Case):
    """`keras.ops.depthwise_conv` with strides as a list."""
    x, (kernel, *_) = arrays(case).x, arrays(case).weights
    return ops.depthwise_conv(x, kernel, list(case.strides), case.padding, case.data_format)


def max_pool_with_default_strides(case: Case):
    """`keras.ops.max_pool(x, 2)` with one integer and no strides."""
    return ops.max_pool(arrays(case).x, case.kernel[0])


def max_pool_in_capitals(case: Case):
    """`MaxPooling` with `padding="SAME"`, called on an array."""
    return _in_capitals(case)(arrays(case).x)


def max_pool_in_capitals_symbolic(case: Case):
    """`MaxPooling` with `padding="SAME"`, in a functional model."""
    return _in_model(_in_capitals(case), case)


def adaptive_pool_symbolic(case: Case):
    """`keras.ops.adaptive_*_pool` on a symbolic input: zeros of the promised shape."""
    pool = ops.adaptive_max_pool if "Max" in case.layer else ops.adaptive_average_pool
    inputs = keras.Input(batch_shape=case.input_shape)
    return np.zeros(pool(inputs, case.output_size, data_format=case.data_format).shape)


def add_column(case: Case):
    """`keras.ops.add` of a square of zeros and a column."""
    size = case.sizes[0]
    return ops.add(np.zeros((size, size), "float32"), np.arange(1.0, size + 1)[:, None])


def zero_kernel_with_bias(case: Case):
    """A convolution with a kernel of zeros and the bias 1, 2, ...: the output is the bias."""
    bias = keras.initializers.Constant(np.arange(1.0, case.filters + 1))
    arguments = case.configuration | {"kernel_initializer": "zeros", "bias_initializer": bias}
    return getattr(keras.layers, case.layer)(**arguments)(arrays(case).x)


def counting_input_through_ones(case: Case):
    """A convolution of 1, 2, 3, ... with a kernel of ones."""
    x = np.arange(1.0, np.prod(case.input_shape) + 1).reshape(case.input_shape)
    kernel = np.ones((*case.kernel, case.channels, case.filters))
    x, kernel = x.astype("float32"), kernel.astype("float32")
    return ops.conv(x, kernel, case.strides, case.padding, case.data_format)


def average_of_ten_and_twenty(case: Case):
    """`AveragePooling` of the cells 10 and 20."""
    layer = getattr(keras.layers, case.layer)(**case.configuration)
    return layer(np.array([10.0, 20.0], "float32").reshape(case.input_shape))


def gradient_of_tied_maximum(case: Case, run_eagerly: bool = False):
    """The input's gradient of a max pool over a constant, summed over the input."""
    layer = getattr(keras.layers, case.layer)(**case.configuration)
    x = np.ones(case.input_shape, "float32")
    shape = layer.compute_output_shape(case.input_shape)
    (found,) = gradients([layer], [x], [np.ones(shape, "float32")], run_eagerly)
    return np.sum(found.of[0])


def gradient_of_tied_maximum_eager(case: Case):
    """The same, in a step that isn't compiled."""
    return gradient_of_tied_maximum(case, run_eagerly=True)


def conv_call(case: Case):
    """Return the convolution of a case as a function of its input."""
    kernel = arrays(case).weights[0]
    return lambda x: ops.conv(
        x, kernel, case.strides, case.padding, case.data_format, case.dilation_rate
    )


def conv_transpose_call(case: Case):
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


PROBES = {
    name: function
    for name, function in globals().items()
    if callable(function) and getattr(function, "__module__", "") == __name__ and name[0] != "_"
}
"""Name -> probe."""


def _plain_layer(case: Case):
    weights = {} if "Pooling" in case.layer else {"bias_initializer": "ones"}
    return getattr(keras.layers, case.layer)(**case.configuration, **weights)


def _in_capitals(case: Case):
    arguments = case.configuration | {"padding": case.padding.upper()}
    return getattr(keras.layers, case.layer)(**arguments)


def _in_model(function, case: Case):
    inputs = keras.Input(batch_shape=case.input_shape)
    return keras.Model(inputs, function(inputs)).predict_on_batch(arrays(case).x)
