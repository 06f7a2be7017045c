"""Convolutions of images with explicit filters: plain, grouped, depthwise, separable."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kcore.nn._arguments import (
    channels_last,
    channels_of,
    check_fit,
    check_known,
    check_rank,
    floating_dtype,
    from_channels_last,
    image_data_format,
    output_shape,
    pair,
    same_or_valid,
)
from kcore.nn._operation import TensorFunction
from kcore.nn._reach import with_equal_strides, with_explicit_pads, within_reach
from kcore.shapes import Windows, depthwise_conv_windows, spatial_sizes

__all__ = ["conv2d", "correlate", "depthwise_conv2d", "separable_conv2d"]

Ints = int | Sequence[int]
Shape = tuple[int | None, ...]


def conv2d(
    x: Any,
    filters: Any,
    strides: Ints = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Any:
    """Convolve images with filters (a cross-correlation, as everywhere in deep learning).

    Filters for fewer channels than the images have make groups: with 6 channels and filters for 2,
    the first third of the filters reads channels 0 and 1, and so on.

    Args:
        x: images (batch, height, width, channels), or (batch, channels, height, width) with
            `data_format="channels_first"`. Integers are converted to floats.
        filters: (filter height, filter width, channels in, channels out).
        strides: one integer, (height, width), or four such as `[1, 2, 2, 1]`.
        padding: `"SAME"` or `"VALID"`, in upper or lower case.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.
        dilation_rate: pixels from one pixel that a filter reads to the next, in the same forms as
            `strides`; both may be above 1.

    Returns:
        Images with as many channels as there are filters.

    Raises:
        ValueError: if ranks or channels don't match, an argument is out of range, or an unpadded
            filter doesn't fit into the images.

    Example:
        >>> import numpy as np
        >>> x, filters = np.ones((2, 64, 64, 3), "float32"), np.ones((4, 4, 3, 8), "float32")
        >>> tuple(conv2d(x, filters, strides=[1, 1, 1, 1], padding="SAME").shape)
        (2, 64, 64, 8)
    """
    return Conv2D(**_settings(strides, padding, data_format, dilation_rate))(x, filters)


def depthwise_conv2d(
    x: Any,
    filters: Any,
    strides: Ints = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Any:
    """Convolve each channel with its own filters.

    Args:
        x: images (batch, height, width, channels), or (batch, channels, height, width) with
            `data_format="channels_first"`. Integers are converted to floats.
        filters: (filter height, filter width, channels, multiplier). The outputs of one channel are
            adjacent.
        strides: one integer, (height, width), or four such as `[1, 2, 2, 1]`.
        padding: `"SAME"` or `"VALID"`, in upper or lower case.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.
        dilation_rate: pixels from one pixel that a filter reads to the next, in the same forms as
            `strides`; both may be above 1.

    Returns:
        Images of `channels * multiplier` channels.

    Raises:
        ValueError: if ranks or channels don't match, an argument is out of range, or an unpadded
            filter doesn't fit into the images.

    Example:
        >>> import numpy as np
        >>> x, filters = np.ones((1, 9, 9, 2), "float32"), np.ones((3, 3, 2, 4), "float32")
        >>> tuple(depthwise_conv2d(x, filters, strides=2, padding="VALID").shape)
        (1, 4, 4, 8)
    """
    settings = _settings(strides, padding, data_format, dilation_rate)
    return DepthwiseConv2D(**settings)(x, filters)


def separable_conv2d(
    x: Any,
    depthwise_filters: Any,
    pointwise_filters: Any,
    strides: Ints = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Any:
    """Convolve each channel with its own filters, then mix channels at each pixel.

    Args:
        x: images (batch, height, width, channels), or (batch, channels, height, width) with
            `data_format="channels_first"`. Integers are converted to floats.
        depthwise_filters: (filter height, filter width, channels, multiplier).
        pointwise_filters: (1, 1, channels * multiplier, channels out).
        strides: strides of the depthwise step: one integer, (height, width), or four such as
            `[1, 2, 2, 1]`.
        padding: `"SAME"` or `"VALID"`, in upper or lower case.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.
        dilation_rate: pixels from one pixel that a depthwise filter reads to the next, in the same
            forms as `strides`; both may be above 1.

    Returns:
        Images with as many channels as there are pointwise filters.

    Raises:
        ValueError: if ranks or channels don't match, an argument is out of range, or an unpadded
            filter doesn't fit into the images.
    """
    settings = _settings(strides, padding, data_format, dilation_rate)
    return SeparableConv2D(**settings)(x, depthwise_filters, pointwise_filters)


@keras.saving.register_keras_serializable(package="kcore.nn")
class Conv2D(TensorFunction):
    """`conv2d` as a node of a functional model."""

    tensors = ("x", "filters")

    @staticmethod
    def output_shape(x: Any, filters: Any, *, data_format: str, **window: Any) -> Shape:
        """Check channels and groups, and work out the shape."""
        channels = channels_of(x, data_format)
        check_rank("filters", filters, 4, "(height, width, channels in, channels out)")
        wanted, out = filters.shape[2:]
        if channels is not None and (channels % wanted or out % (channels // wanted)):
            raise ValueError(
                f"x has {channels} channels, but filters.shape={tuple(filters.shape)} reads "
                f"{wanted} and gives {out}. Both the channels of x and the filters must divide "
                "into equal groups."
            )
        _check_fit("filters", x, filters, data_format, **window)
        return output_shape(x, windows_of(x, filters, data_format, **window), out, data_format)

    @staticmethod
    def check_computable(x: Any, filters: Any, *, data_format: str, **window: Any) -> None:
        """Refuse what needs a known height and width."""
        _check_known(x, windows_of(x, filters, data_format, **window))

    @staticmethod
    def compute(x: Any, filters: Any, *, data_format: str, **window: Any) -> Any:
        """Convolve with channels last."""
        windows = windows_of(x, filters, data_format, **window)
        y = correlate(keras.ops.conv, channels_last(x, data_format), filters, windows)
        return from_channels_last(y, data_format)


def _depthwise_shape(
    name: str, x: Any, filters: Any, data_format: str, window: Mapping[str, Any]
) -> Shape:
    channels = channels_of(x, data_format)
    check_rank(name, filters, 4, "(height, width, channels, multiplier)")
    wanted, multiplier = filters.shape[2:]
    if channels is not None and channels != wanted:
        raise ValueError(
            f"x has {channels} channels, but {name}.shape={tuple(filters.shape)} is for {wanted}."
        )
    _check_fit(name, x, filters, data_format, **window)
    return output_shape(
        x, windows_of(x, filters, data_format, **window), wanted * multiplier, data_format
    )


@keras.saving.register_keras_serializable(package="kcore.nn")
class DepthwiseConv2D(TensorFunction):
    """`depthwise_conv2d` as a node of a functional model."""

    tensors = ("x", "filters")

    @staticmethod
    def output_shape(x: Any, filters: Any, *, data_format: str, **window: Any) -> Shape:
        """Check channels and work out the shape."""
        return _depthwise_shape("filters", x, filters, data_format, window)

    @staticmethod
    def check_computable(x: Any, filters: Any, *, data_format: str, **window: Any) -> None:
        """Refuse what needs a known height and width."""
        _check_known(x, windows_of(x, filters, data_format, **window))

    @staticmethod
    def compute(x: Any, filters: Any, *, data_format: str, **window: Any) -> Any:
        """Convolve with channels last."""
        windows = windows_of(x, filters, data_format, **window)
        y = correlate(keras.ops.depthwise_conv, channels_last(x, data_format), filters, windows)
        return from_channels_last(y, data_format)


@keras.saving.register_keras_serializable(package="kcore.nn")
class SeparableConv2D(TensorFunction):
    """`separable_conv2d` as a node of a functional model."""

    tensors = ("x", "depthwise_filters", "pointwise_filters")

    @staticmethod
    def output_shape(
        x: Any, filters: Any, pointwise: Any, *, data_format: str, **window: Any
    ) -> Shape:
        """Check both filters and work out the shape."""
        deep = _depthwise_shape("depthwise_filters", x, filters, data_format, window)
        wanted = filters.shape[2] * filters.shape[3]
        if tuple(pointwise.shape[:-1]) != (1, 1, wanted):
            raise ValueError(
                f"pointwise_filters.shape={tuple(pointwise.shape)} must be (1, 1, {wanted}, "
                "channels out): one entry for each output of the depthwise filters."
            )
        out = pointwise.shape[-1]
        if data_format == "channels_first":
            return (deep[0], out, *deep[2:])
        return (*deep[:-1], out)

    @staticmethod
    def check_computable(
        x: Any, filters: Any, pointwise: Any, *, data_format: str, **window: Any
    ) -> None:
        """Refuse what needs a known height and width."""
        _check_known(x, windows_of(x, filters, data_format, **window))

    @staticmethod
    def compute(x: Any, filters: Any, pointwise: Any, *, data_format: str, **window: Any) -> Any:
        """Convolve with channels last; channels are mixed by a matrix product."""
        windows = windows_of(x, filters, data_format, **window)
        deep = correlate(keras.ops.depthwise_conv, channels_last(x, data_format), filters, windows)
        return from_channels_last(keras.ops.matmul(deep, pointwise[0, 0]), data_format)


def _check_fit(
    name: str, x: Any, filters: Any, data_format: str, padding: str, dilation_rate: Any, **_: Any
) -> None:
    shape = tuple(filters.shape)
    sizes = spatial_sizes(x.shape, data_format)
    check_fit(f"{name}.shape={shape}", sizes, shape[:2], dilation_rate, padding)


def windows_of(
    x: Any,
    filters: Any,
    data_format: str,
    strides: tuple[int, int],
    padding: str,
    dilation_rate: tuple[int, int],
) -> Windows:
    """Describe the filters on the height and width of the images."""
    sizes = spatial_sizes(x.shape, data_format)
    kernel = tuple(int(size) for size in filters.shape[:2])
    return depthwise_conv_windows(sizes, kernel, strides, padding, dilation_rate)


def correlate(operation: Any, x: Any, filters: Any, windows: Windows) -> Any:
    """Run one of Keras's convolutions in a form that every backend computes alike.

    TensorFlow refuses strides together with dilation, and unequal strides of float16 in a depthwise
    convolution: there every cell is computed, and those between strides are dropped. With unequal
    strides to a single row or column it leaves output memory unwritten, so the strides are made
    equal there.

    Args:
        operation: `keras.ops.conv` or `keras.ops.depthwise_conv`.
        x: images (batch, height, width, channels), or any other number of spatial axes.
        filters: as the operation takes them.
        windows: the window of each axis.
    """
    x, filters, windows = within_reach(x, filters, windows)
    is_mixed = _is_mixed(x, windows)
    strides, rates, padding = _numbers(windows)
    if is_mixed or len(set(strides)) > 1:
        x, windows = with_explicit_pads(x, windows)
        x, windows = with_equal_strides(x, windows)
        strides, rates, padding = _numbers(windows)
    # Whether a single row or column is left shows only when the sizes are known.
    is_unsure = len(set(strides)) > 1 and None in windows.output_size and padding == "valid"
    if not (is_mixed or is_unsure):
        return operation(x, filters, strides, padding, "channels_last", rates)
    y = operation(x, filters, 1, padding, "channels_last", rates)
    return y[(slice(None), *(slice(None, None, step) for step in strides))]


def _numbers(windows: Windows) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    strides = tuple(axis.strides for axis in windows.axes)
    return strides, tuple(axis.dilation_rate for axis in windows.axes), windows.axes[0].padding


def _is_mixed(x: Any, windows: Windows) -> bool:
    """Tell whether some backend can't combine these strides with the dilation, or each other."""
    strides, rates, _ = _numbers(windows)
    is_half = floating_dtype(x) == "float16"
    return max(strides) > 1 and (max(rates) > 1 or (is_half and len(set(strides)) > 1))


def _check_known(x: Any, windows: Windows) -> None:
    """Refuse what no backend can compute without knowing the size of the images."""
    strides, rates, padding = _numbers(windows)
    sizes = [axis.size for axis in windows.axes]
    check_known("strides", strides, sizes)
    check_known("dilation_rate", rates, sizes)
    if padding == "same" and None in windows.pads and _is_mixed(x, windows):
        raise ValueError(
            f"strides={strides} with dilation_rate={rates} and padding='SAME' need a known height "
            "and width; give the model an input shape, or use padding='VALID'."
        )


def _settings(
    strides: Ints, padding: str, data_format: str | None, dilation_rate: Ints
) -> dict[str, Any]:
    data_format = image_data_format(data_format)
    return {
        "data_format": data_format,
        "strides": pair("strides", strides, data_format),
        "padding": same_or_valid(padding),
        "dilation_rate": pair("dilation_rate", dilation_rate, data_format),
    }
