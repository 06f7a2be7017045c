"""Max and average pools of images."""

from collections.abc import Sequence
from typing import Any

import keras

from kcore.nn._arguments import (
    channels_last,
    channels_of,
    check_fit,
    check_known,
    from_channels_last,
    image_data_format,
    output_shape,
    pair,
    same_or_valid,
)
from kcore.nn._operation import TensorFunction
from kcore.nn._reach import pool_in_reach
from kcore.shapes import pool_windows, spatial_sizes

__all__ = ["avg_pool", "max_pool"]

Ints = int | Sequence[int]
Shape = tuple[int | None, ...]


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
        """Pool with channels last; take the slower way only if a value is not finite."""
        window |= _in_reach(x, data_format, **window)
        return keras.ops.cond(
            keras.ops.all(keras.ops.isfinite(x)),
            lambda: _native(x, data_format, window),
            lambda: _of_any_values(x, data_format, window),
        )


@keras.saving.register_keras_serializable(package="kcore.nn")
class AvgPool(Pool):
    """`avg_pool` as a node of a functional model."""

    @staticmethod
    def compute(x: Any, *, data_format: str, **window: Any) -> Any:
        """Pool with channels last."""
        window |= _in_reach(x, data_format, **window)
        x = channels_last(x, data_format)
        y = keras.ops.average_pool(x, **window, data_format="channels_last")
        return from_channels_last(y, data_format)


def _in_reach(
    x: Any, data_format: str, pool_size: Any, strides: Any, padding: str
) -> dict[str, Any]:
    return pool_in_reach(spatial_sizes(x.shape, data_format), pool_size, strides)


def _native(x: Any, data_format: str, window: dict[str, Any]) -> Any:
    x = channels_last(x, data_format)
    return from_channels_last(
        keras.ops.max_pool(x, **window, data_format="channels_last"), data_format
    )


def _of_any_values(x: Any, data_format: str, window: dict[str, Any]) -> Any:
    """Pool the values other than NaN and minus infinity, and the masks of these two separately."""
    ops = keras.ops
    is_nan, is_low = ops.isnan(x), x == -float("inf")
    has_nan = _native(ops.cast(is_nan, x.dtype), data_format, window) > 0
    has_more = _native(ops.cast(ops.logical_not(is_low), x.dtype), data_format, window) > 0
    y = _native(ops.where(ops.logical_or(is_nan, is_low), _lowest(x), x), data_format, window)
    y = ops.where(has_more, y, ops.full_like(y, -float("inf")))
    return ops.where(has_nan, ops.full_like(y, float("nan")), y)


def _lowest(x: Any) -> Any:
    """Return a value that never wins: the smallest finite one."""
    finite = keras.ops.where(keras.ops.isfinite(x), x, keras.ops.zeros_like(x))
    return keras.ops.min(finite)


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
