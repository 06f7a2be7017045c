"""Pools with Keras's arguments and values, and faster gradients where XLA's are slow."""

from typing import Any

import keras
from keras import ops

from kcore.layers._lowering import as_floats, avoids_xla_on_cpu, check_fit
from kcore.layers._pooling_gradients import max_pool_by_positions
from kcore.layers._saved_as_keras import saved_as_keras
from kcore.nn._pooling import largest, mean
from kcore.shapes import Windows, pool_windows, spatial_sizes
from kcore.shapes import _checks as checks

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


class Pooling:
    """What all pools share; the class of Keras comes after it."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Keras checks neither before the layer is called, and takes capitals only in eager calls.
        self.padding = checks.one_of(("valid", "same"), padding=self.padding)
        checks.at_least(1, **{f"strides[{axis}]": each for axis, each in enumerate(self.strides)})

    def call(self: Any, inputs: Any) -> Any:
        """Pool the inputs."""
        x = as_floats(self, inputs)
        check_fit(self, x)
        sizes = spatial_sizes(tuple(x.shape), self.data_format)
        # This refuses windows that don't fit too: before 3.15, Keras's pools don't.
        windows = pool_windows(sizes, self.pool_size, self.strides, self.padding)
        if avoids_xla_on_cpu() and None not in tuple(x.shape):
            if self.data_format == "channels_last":
                return self._pooled_by_xla(x, windows)
            return ops.moveaxis(self._pooled_by_xla(ops.moveaxis(x, 1, -1), windows), -1, 1)
        return self._pooled(
            x,
            pool_size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )


class MaxPooling(Pooling):
    """Pools that take a maximum."""

    _pooled = staticmethod(largest)
    _pooled_by_xla = staticmethod(max_pool_by_positions)


class AveragePooling(Pooling):
    """Pools that take a mean."""

    _pooled = staticmethod(mean)

    @staticmethod
    def _pooled_by_xla(x: Any, windows: Windows) -> Any:
        """Average windows that lie side by side as axes of their own, others as Keras does."""
        size = tuple(axis.kernel_size for axis in windows.axes)
        strides = tuple(axis.strides for axis in windows.axes)
        if size != strides or any(sum(axis.pads) for axis in windows.axes):
            window = {"pool_size": size, "strides": strides, "padding": windows.axes[0].padding}
            return mean(x, data_format="channels_last", **window)
        outputs = windows.output_size
        x = x[(slice(None), *(slice(n * k) for n, k in zip(outputs, size, strict=True)))]
        cells = [axis for pair in zip(outputs, size, strict=True) for axis in pair]
        x = ops.reshape(x, (x.shape[0], *cells, x.shape[-1]))
        return ops.mean(x, axis=tuple(range(2, 2 * len(size) + 1, 2)))


@saved_as_keras
class MaxPooling1D(MaxPooling, keras.layers.MaxPooling1D):
    """Take the maximum of each window of sequences: Keras's `MaxPooling1D`.

    Takes the arguments of `keras.layers.MaxPooling1D`. Inputs are (batch, steps,
    channels), or (batch, channels, steps) with `data_format="channels_first"`; see `MaxPooling2D`.
    """


@saved_as_keras
class MaxPooling2D(MaxPooling, keras.layers.MaxPooling2D):
    """Take the maximum of each window of images: Keras's `MaxPooling2D`, faster to train on JAX.

    On a CPU under JAX, the gradient is computed for all windows at once. As in Keras on both
    backends, it goes to the first maximum of a window, in row-major order. On TensorFlow, on a GPU
    and under a distribution, Keras's own operation runs.

    Where Keras's layer is wrong or ends the process, this one is right: integers are cast to the
    layer's dtype, NaN and minus infinity are kept on TensorFlow too, and a window that doesn't fit
    is refused in eager calls too.

    Saved models name the layer as Keras's, so they load without kcore.

    Args:
        pool_size: cells of a window, one integer or (height, width).
        strides: cells from one window to the next, one integer or (height, width); `None` for
            `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; `None` takes Keras's setting.
        **kwargs: `name` and `dtype`.

    Call arguments:
        inputs: images (batch, height, width, channels), or (batch, channels, height, width).

    Raises:
        ValueError: if an argument is out of range; when the layer is called, if a window doesn't
            fit into the images.
    """


@saved_as_keras
class MaxPooling3D(MaxPooling, keras.layers.MaxPooling3D):
    """Take the maximum of each window of volumes: Keras's `MaxPooling3D`.

    Takes the arguments of `keras.layers.MaxPooling3D`. Inputs are (batch, depth, height, width,
    channels), or (batch, channels, depth, height, width) with `data_format="channels_first"`;
    see `MaxPooling2D`.
    """


@saved_as_keras
class AveragePooling1D(AveragePooling, keras.layers.AveragePooling1D):
    """Take the mean of each window of sequences: Keras's `AveragePooling1D`.

    Takes the arguments of `keras.layers.AveragePooling1D`. Inputs are (batch, steps,
    channels), or (batch, channels, steps) with `data_format="channels_first"`; see
    `AveragePooling2D`.
    """


@saved_as_keras
class AveragePooling2D(AveragePooling, keras.layers.AveragePooling2D):
    """Take the mean of each window of images: Keras's `AveragePooling2D`, faster to train on JAX.

    Pads are not counted. On a CPU under JAX, windows that lie side by side are axes of an array of
    their own. On TensorFlow, on a GPU and under a distribution, Keras's own operation runs, except
    for windows longer than their axis, of which TensorFlow compiles a wrong gradient.

    Integers are cast to the layer's dtype, and a window that doesn't fit is refused in eager calls
    too. Saved models name the layer as Keras's, so they load without kcore.

    Args:
        pool_size: cells of a window, one integer or (height, width).
        strides: cells from one window to the next, one integer or (height, width); `None` for
            `pool_size`.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; `None` takes Keras's setting.
        **kwargs: `name` and `dtype`.

    Call arguments:
        inputs: images (batch, height, width, channels), or (batch, channels, height, width).

    Raises:
        ValueError: if an argument is out of range; when the layer is called, if a window doesn't
            fit into the images.
    """


@saved_as_keras
class AveragePooling3D(AveragePooling, keras.layers.AveragePooling3D):
    """Take the mean of each window of volumes: Keras's `AveragePooling3D`.

    Takes the arguments of `keras.layers.AveragePooling3D`. Inputs are (batch, depth, height, width,
    channels), or (batch, channels, depth, height, width) with `data_format="channels_first"`;
    see `AveragePooling2D`.
    """
