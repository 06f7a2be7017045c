"""Convolutions with Keras's arguments and values, and faster gradients where XLA's are slow."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
from keras import ops

from kcore.layers._convolution_gradients import convolve_in_parts, pays
from kcore.layers._lowering import as_floats, avoids_xla_on_cpu, check_fit, computes_on_cpus
from kcore.layers._saved_as_keras import saved_as_keras
from kcore.nn._convolution import correlate
from kcore.shapes import Windows, conv_windows, spatial_sizes

__all__ = ["Conv1D", "Conv2D", "Conv3D"]

Function = Callable[[Any, Any], Any]


class Convolution:
    """What the three layers share; the class of Keras comes after it."""

    def convolution_op(self: Any, inputs: Any, kernel: Any) -> Any:
        """Convolve without bias and activation."""
        x = as_floats(self, inputs)
        check_fit(self, x)
        kernel = ops.cast(kernel, x.dtype)
        if x.shape[0] == 0:
            # TensorFlow answers an empty batch with wrong shapes or garbage.
            return ops.zeros(self.compute_output_shape(tuple(x.shape)), dtype=x.dtype)
        padding = self.padding
        if padding == "causal":
            x, padding = ops.pad(x, _causal_pads(self)), "valid"
        lowering = _lowering(self, x, kernel, _windows(self, x, padding))
        if lowering is None:
            options = (list(self.strides), padding, self.data_format, self.dilation_rate)
            return ops.conv(x, kernel, *options)
        if self.data_format == "channels_last":
            return lowering(x, kernel)
        return ops.moveaxis(lowering(ops.moveaxis(x, 1, -1), kernel), -1, 1)

    def call(self: Any, inputs: Any) -> Any:
        """Convolve, add the bias and apply the activation."""
        outputs = self.convolution_op(inputs, self.kernel)
        if self.use_bias:
            outputs = _with_bias(self, outputs)
        return outputs if self.activation is None else self.activation(outputs)


@saved_as_keras
class Conv1D(Convolution, keras.layers.Conv1D):
    """Convolve sequences: Keras's `Conv1D` with the same values on every backend.

    Takes the arguments of `keras.layers.Conv1D`. Inputs are (batch, steps, channels), or (batch,
    channels, steps) with `data_format="channels_first"`; see `Conv2D`.
    """


@saved_as_keras
class Conv2D(Convolution, keras.layers.Conv2D):
    """Convolve images: Keras's `Conv2D` with the same values, and faster training on JAX.

    On a CPU under JAX, the gradients of larger images are computed a few images at a time. The
    values are the same up to rounding: the sum over images is taken in another order, in at least
    float32. On TensorFlow, on a GPU and under a distribution, Keras's own operation runs.

    Where Keras's layer is wrong or ends the process, this one is right: integers are cast to the
    layer's dtype, a bias with `data_format="channels_first"` goes to its channel, an empty batch
    gives an empty output, and a window that doesn't fit is refused in eager calls too.

    The arguments are those of `keras.layers.Conv2D`. Saved models name the layer as Keras's, so
    they load without kcore.

    Args:
        filters: number of output channels.
        kernel_size: cells that a filter reads, one integer or (height, width).
        strides: cells from one position to the next, one integer or (height, width).
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; `None` takes Keras's setting.
        dilation_rate: cells from one read cell to the next, one integer or (height, width); not
            together with strides above 1.
        groups: number of groups into which the channels are divided.
        activation: function or name of an activation, or `None`.
        use_bias: whether each output channel has a bias.
        **kwargs: the other arguments of `keras.layers.Conv2D`.

    Call arguments:
        inputs: images (batch, height, width, channels), or (batch, channels, height, width) with
            `data_format="channels_first"`.

    Raises:
        ValueError: if an argument is out of range; when the layer is called, if a filter doesn't
            fit into the images.
    """


@saved_as_keras
class Conv3D(Convolution, keras.layers.Conv3D):
    """Convolve volumes: Keras's `Conv3D` with the same values on every backend.

    Takes the arguments of `keras.layers.Conv3D`. Inputs are (batch, depth, height, width,
    channels), or (batch, channels, depth, height, width) with `data_format="channels_first"`; see
    `Conv2D`.
    """


def _windows(layer: Any, x: Any, padding: str) -> Windows:
    sizes = spatial_sizes(tuple(x.shape), layer.data_format)
    return conv_windows(sizes, layer.kernel_size, layer.strides, padding, layer.dilation_rate)


def _causal_pads(layer: Any) -> list[tuple[int, int]]:
    before = ((layer.kernel_size[0] - 1) * layer.dilation_rate[0], 0)
    none = (0, 0)
    return [none, before, none] if layer.data_format == "channels_last" else [none, none, before]


def _lowering(layer: Any, x: Any, kernel: Any, windows: Windows) -> Function | None:
    """Return a convolution with channels last that is better than the backend's, if one is.

    The backend's may be slow, or wrong, or not exist.
    """
    is_first = layer.data_format == "channels_first"
    if avoids_xla_on_cpu():
        batch, *sizes = tuple(x.shape)
        channels = sizes.pop(0 if is_first else -1)
        is_faster = pays((batch, *sizes, channels), kernel, windows)
        return partial(convolve_in_parts, windows=windows) if is_faster else None
    if keras.backend.backend() != "tensorflow":
        return None
    has_none = is_first and keras.backend.standardize_dtype(x.dtype) == "float16"
    are_unequal = len(set(layer.strides)) > 1
    if are_unequal or (has_none and computes_on_cpus()):
        return partial(correlate, ops.conv, windows=windows)
    return None


def _with_bias(layer: Any, outputs: Any) -> Any:
    bias = ops.cast(layer.bias, outputs.dtype)
    if layer.data_format == "channels_last":
        # Keras's own form, which TensorFlow runs together with the convolution.
        return ops.add(outputs, ops.reshape(bias, (1,) * (layer.rank + 1) + (-1,)))
    # On TensorFlow, ops.add would guess to which axis a bias belongs.
    return outputs + ops.reshape(bias, (1, -1, *(1,) * layer.rank))
