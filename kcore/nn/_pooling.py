"""Max and average pools of images."""

from collections.abc import Sequence
from operator import gt
from typing import Any

import keras
import numpy as np

from kcore.nn._arguments import (
    channels_last,
    channels_of,
    check_fit,
    check_known,
    from_channels_last,
    image_data_format,
    known,
    output_shape,
    pair,
    same_or_valid,
)
from kcore.nn._operation import TensorFunction
from kcore.nn._reach import pool_in_reach
from kcore.shapes import pool_windows, spatial_sizes

__all__ = ["avg_pool", "largest", "max_pool", "mean"]

Ints = int | Sequence[int]
Numbers = tuple[int, ...]
Shape = tuple[int | None, ...]

_KEEP_NAN_AND_INFINITIES = ("jax", "numpy")  # backends whose own maximum does


def max_pool(
    x: Any,
    ksize: Ints,
    strides: Ints | None = None,
    padding: str = "SAME",
    data_format: str | None = None,
) -> Any:
    """Take the largest value of each window, for each channel.

    Padding never counts: a window over negative values has a negative maximum. A window that holds
    NaN gives NaN, and minus infinity stays minus infinity; Keras's own pool on TensorFlow keeps
    neither.

    Args:
        x: images (batch, height, width, channels), or (batch, channels, height, width) with
            `data_format="channels_first"`. Integers are converted to floats.
        ksize: size of the window: one integer, (height, width), or four such as `[1, 8, 8, 1]`.
        strides: pixels from one window to the next, in the same forms as `ksize`; `None` for
            `ksize`.
        padding: `"SAME"` or `"VALID"`, in upper or lower case.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Returns:
        Images of the size that `kcore.shapes.pool_window` gives.

    Raises:
        ValueError: if the rank is not 4, an argument is out of range, or an unpadded window doesn't
            fit into the images.

    Example:
        >>> import numpy as np
        >>> x = np.ones((2, 64, 64, 8), "float32")
        >>> tuple(max_pool(x, ksize=[1, 8, 8, 1], strides=[1, 8, 8, 1], padding="SAME").shape)
        (2, 8, 8, 8)
    """
    return MaxPool(**_settings(ksize, strides, padding, data_format))(x)


def avg_pool(
    x: Any,
    ksize: Ints,
    strides: Ints | None = None,
    padding: str = "SAME",
    data_format: str | None = None,
) -> Any:
    """Take the mean of each window, for each channel; padding is not counted.

    Args:
        x: images (batch, height, width, channels), or (batch, channels, height, width) with
            `data_format="channels_first"`. Integers are converted to floats.
        ksize: size of the window: one integer, (height, width), or four such as `[1, 8, 8, 1]`.
        strides: pixels from one window to the next, in the same forms as `ksize`; `None` for
            `ksize`.
        padding: `"SAME"` or `"VALID"`, in upper or lower case.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Returns:
        Images of the size that `kcore.shapes.pool_window` gives.

    Raises:
        ValueError: if the rank is not 4, an argument is out of range, or an unpadded window doesn't
            fit into the images.

    Example:
        >>> import numpy as np
        >>> x = np.array([10.0, 20.0]).reshape(1, 1, 2, 1)
        >>> float(avg_pool(x, ksize=(1, 3), strides=(1, 2))[0, 0, 0, 0])
        15.0
    """
    return AvgPool(**_settings(ksize, strides, padding, data_format))(x)


class Pool(TensorFunction):
    """The common part of both pooling functions."""

    @staticmethod
    def output_shape(x: Any, *, data_format: str, **window: Any) -> Shape:
        """Work out the shape."""
        channels = channels_of(x, data_format)
        sizes, pool_size = spatial_sizes(x.shape, data_format), window["pool_size"]
        check_fit(f"ksize={tuple(pool_size)}", sizes, pool_size, (1, 1), window["padding"])
        windows = pool_windows(sizes, **window)
        return output_shape(x, windows, channels, data_format)

    @staticmethod
    def check_computable(
        x: Any, *, data_format: str, pool_size: Any, strides: Any, padding: str
    ) -> None:
        """Refuse what needs a known height and width."""
        sizes = spatial_sizes(x.shape, data_format)
        check_known("ksize", pool_size, sizes)
        check_known("strides", strides, sizes)


@keras.saving.register_keras_serializable(package="kcore.nn")
class MaxPool(Pool):
    """`max_pool` as a node of a functional model."""

    @staticmethod
    def compute(x: Any, *, data_format: str, **window: Any) -> Any:
        """Pool with channels last."""
        y = largest(channels_last(x, data_format), data_format="channels_last", **window)
        return from_channels_last(y, data_format)


@keras.saving.register_keras_serializable(package="kcore.nn")
class AvgPool(Pool):
    """`avg_pool` as a node of a functional model."""

    @staticmethod
    def compute(x: Any, *, data_format: str, **window: Any) -> Any:
        """Pool with channels last."""
        y = mean(channels_last(x, data_format), data_format="channels_last", **window)
        return from_channels_last(y, data_format)


def largest(x: Any, *, pool_size: Numbers, strides: Numbers, padding: str, data_format: str) -> Any:
    """Take the maximum of each window as JAX and NumPy do, on every backend.

    Args:
        x: floats (batch, *spatial, channels) or (batch, channels, *spatial), with one to three
            spatial axes.
        pool_size: cells of a window along each spatial axis.
        strides: cells from one window to the next along each axis.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """
    sizes = spatial_sizes(x.shape, data_format)
    window = _window(sizes, pool_size, strides, padding, data_format)
    if keras.backend.backend() in _KEEP_NAN_AND_INFINITIES:
        return keras.ops.max_pool(x, **window)
    return _with_nan_and_infinities(x, _largest_finite(x, window), window)


def _with_nan_and_infinities(x: Any, y: Any, window: dict[str, Any]) -> Any:
    """Correct maxima `y` of windows of `x` that hold NaN or nothing but minus infinity.

    The gradient stays that of `y`: a condition inside it would slow down every training step.
    """

    @keras.ops.custom_gradient  # type: ignore[untyped-decorator]
    def corrected(y: Any) -> Any:
        # A sum is finite only if all its terms are, and takes less time than asking each of them.
        is_finite = keras.ops.isfinite(keras.ops.sum(x))
        values = keras.ops.cond(is_finite, lambda: y, lambda: _largest_of_any(x, window))
        return values, _passed_on

    return corrected(y)


def _passed_on(*arguments: Any, upstream: Any = None) -> Any:
    """Return the gradient, which Keras passes by name on some backends."""
    return arguments[0] if upstream is None else upstream


def mean(x: Any, *, pool_size: Numbers, strides: Numbers, padding: str, data_format: str) -> Any:
    """Take the mean of each window without its pads; the arguments are those of `largest`.

    TensorFlow compiles a wrong gradient for windows longer than their axis (tensorflow#48773), so
    these get explicit pads, and their means are corrected.
    """
    sizes = spatial_sizes(x.shape, data_format)
    window = _window(sizes, pool_size, strides, padding, data_format)
    known_sizes = known(sizes)
    if len(known_sizes) == len(sizes) and any(map(gt, window["pool_size"], known_sizes)):
        return _mean_of_long_windows(x, known_sizes, window)
    if _lacks_volumes(x):
        return _image_by_image(keras.ops.average_pool, x, window)
    return keras.ops.average_pool(x, **window)


def _window(
    sizes: Shape, pool_size: Numbers, strides: Numbers, padding: str, data_format: str
) -> dict[str, Any]:
    within_reach = pool_in_reach(sizes, pool_size, strides)
    return {**within_reach, "padding": padding, "data_format": data_format}


def _mean_of_long_windows(x: Any, sizes: Sequence[int], window: dict[str, Any]) -> Any:
    windows = pool_windows(sizes, window["pool_size"], window["strides"], window["padding"])
    is_last = window["data_format"] == "channels_last"
    factors = np.ones((1,) * (len(sizes) + 2))
    for number, axis in enumerate(windows.axes, start=1 if is_last else 2):
        before, _ = axis.pads
        first = np.arange(axis.output_size) * axis.strides - before
        last = np.minimum(first + axis.kernel_size, axis.size)
        counted = last - np.maximum(first, 0)
        shape = [-1 if each == number else 1 for each in range(factors.ndim)]
        factors = factors * np.reshape(axis.kernel_size / counted, shape)
    pads = [(0, 0), *windows.pads, (0, 0)] if is_last else [(0, 0), (0, 0), *windows.pads]
    y = mean(keras.ops.pad(x, pads), **{**window, "padding": "valid"})
    return y * keras.ops.cast(factors, y.dtype)


def _largest_finite(x: Any, window: dict[str, Any]) -> Any:
    if len(x.shape) == 5:
        # TensorFlow can't pool volumes of float16, and its eager gradient of volumes gives every
        # cell of a tied window the whole gradient.
        return _image_by_image(keras.ops.max_pool, x, window)
    return keras.ops.max_pool(x, **window)


def _largest_of_any(x: Any, window: dict[str, Any]) -> Any:
    """Pool the values other than NaN and minus infinity, and the masks of these two separately."""
    ops = keras.ops
    is_nan, is_low = ops.isnan(x), x == -float("inf")
    has_nan = _largest_finite(ops.cast(is_nan, x.dtype), window) > 0
    has_more = _largest_finite(ops.cast(ops.logical_not(is_low), x.dtype), window) > 0
    y = _largest_finite(ops.where(ops.logical_or(is_nan, is_low), _lowest(x), x), window)
    y = ops.where(has_more, y, ops.full_like(y, -float("inf")))
    return ops.where(has_nan, ops.full_like(y, float("nan")), y)


def _lowest(x: Any) -> Any:
    """Return a value that never wins: the smallest finite one."""
    finite = keras.ops.where(keras.ops.isfinite(x), x, keras.ops.zeros_like(x))
    return keras.ops.min(finite)


def _lacks_volumes(x: Any) -> bool:
    """Tell whether a backend can't pool these volumes, although it can pool such images."""
    is_half = keras.backend.standardize_dtype(x.dtype) == "float16"
    return is_half and len(x.shape) == 5 and keras.backend.backend() == "tensorflow"


def _image_by_image(pool: Any, x: Any, window: dict[str, Any]) -> Any:
    """Pool volumes along height and width, then along depth."""
    if window["data_format"] == "channels_first":
        x = keras.ops.transpose(x, (0, 2, 3, 4, 1))
        y = _image_by_image(pool, x, {**window, "data_format": "channels_last"})
        return keras.ops.transpose(y, (0, 4, 1, 2, 3))
    size, strides, padding = window["pool_size"], window["strides"], window["padding"]
    _, depth, height, width, channels = keras.ops.shape(x)
    y = keras.ops.reshape(x, (-1, height, width, channels))
    y = pool(y, size[1:], strides[1:], padding, "channels_last")
    _, height, width, _ = keras.ops.shape(y)
    y = keras.ops.reshape(y, (-1, depth, height * width, channels))
    y = pool(y, (size[0], 1), (strides[0], 1), padding, "channels_last")
    return keras.ops.reshape(y, (-1, keras.ops.shape(y)[1], height, width, channels))


def _settings(
    ksize: Ints, strides: Ints | None, padding: str, data_format: str | None
) -> dict[str, Any]:
    data_format = image_data_format(data_format)
    pool_size = pair("ksize", ksize, data_format)
    return {
        "data_format": data_format,
        "pool_size": pool_size,
        "strides": pool_size if strides is None else pair("strides", strides, data_format),
        "padding": same_or_valid(padding),
    }
