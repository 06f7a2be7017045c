"""Windows over whole shapes: one for each spatial axis, with the refusals of Keras's layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kcore.shapes import _checks as checks
from kcore.shapes._pool import AdaptiveWindow, adaptive_window, global_window, pool_window
from kcore.shapes._transpose import TransposedWindow, transposed_window
from kcore.shapes._window import PADDINGS, Window, window

__all__ = [
    "DATA_FORMATS",
    "Windows",
    "adaptive_pool_windows",
    "conv_transpose_windows",
    "conv_windows",
    "depthwise_conv_windows",
    "global_pool_windows",
    "pool_windows",
    "spatial_sizes",
]

DATA_FORMATS = ("channels_last", "channels_first")

Sizes = Sequence[int | None]


@dataclass(frozen=True)
class Windows:
    """One window for each spatial axis, in the order of the axes.

    Attributes:
        axes: `Window`, `TransposedWindow` or `AdaptiveWindow` of each axis.

    Raises:
        TypeError: if `axes` holds anything else.
        ValueError: if it is empty.
    """

    axes: tuple[Any, ...]

    def __post_init__(self) -> None:
        """Refuse what is no sequence of windows, or an empty one."""
        axes = checks.sequence("axes", self.axes)
        for number, axis in enumerate(axes):
            checks.instance((Window, TransposedWindow, AdaptiveWindow), **{f"axes[{number}]": axis})
        if not axes:
            raise ValueError("axes=() is empty; give a window for each spatial axis.")
        checks.settle(self, axes)

    @property
    def output_size(self) -> tuple[int | None, ...]:
        """Output cells along each axis."""
        return tuple(axis.output_size for axis in self.axes)

    @property
    def pads(self) -> tuple[tuple[int, int] | None, ...]:
        """Pads before and after, for each axis."""
        return tuple(axis.pads for axis in self.axes)

    def output_shape(
        self, batch: int | None, channels: int | None, data_format: str = "channels_last"
    ) -> tuple[int | None, ...]:
        """Return the whole output shape, with batch and channels at their places."""
        data_format = checks.one_of(DATA_FORMATS, data_format=data_format)
        checks.size_or_unknown(0, batch=batch, channels=channels)
        if data_format == "channels_first":
            return (batch, channels, *self.output_size)
        return (batch, *self.output_size, channels)

    def __str__(self) -> str:
        return "\n".join(f"axis {index}: {axis}" for index, axis in enumerate(self.axes))


def spatial_sizes(shape: Sizes, data_format: str = "channels_last") -> tuple[int | None, ...]:
    """Return the spatial part of a shape that has batch and channels.

    Example:
        >>> spatial_sizes((32, 3, 28, 30), "channels_first")
        (28, 30)
    """
    data_format = checks.one_of(DATA_FORMATS, data_format=data_format)
    shape = checks.sequence("shape", shape)  # type: ignore[assignment]
    return tuple(shape[2:] if data_format == "channels_first" else shape[1:-1])


def conv_windows(
    sizes: Sizes,
    kernel_size: int | Sequence[int],
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    dilation_rate: int | Sequence[int] = 1,
) -> Windows:
    """Describe what a Keras `Conv1D`, `Conv2D` or `Conv3D` does to the spatial axes.

    Args:
        sizes: spatial sizes without batch and channels, None where unknown.
        kernel_size: one integer, or one for each axis.
        strides: the same.
        padding: `"valid"`, `"same"`, or for one axis `"causal"`.
        dilation_rate: one integer, or one for each axis.

    Returns:
        One window for each axis. Printing them draws them.

    Raises:
        ValueError: for what `window` refuses, for strides together with dilation (on any axes,
            as Keras does), for `"causal"` on more than one axis, and for sequences of another
            length than `sizes`.
        TypeError: if a number is no integer.

    Example:
        >>> conv_windows((28, 30), 3, strides=(1, 2), padding="same").output_size
        (28, 15)
    """
    windows = depthwise_conv_windows(sizes, kernel_size, strides, padding, dilation_rate)
    checks.no_strides_with_dilation(
        [axis.strides for axis in windows.axes], [axis.dilation_rate for axis in windows.axes]
    )
    return windows


def depthwise_conv_windows(
    sizes: Sizes,
    kernel_size: int | Sequence[int],
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    dilation_rate: int | Sequence[int] = 1,
) -> Windows:
    """Describe a depthwise or separable convolution: as `conv_windows`, with dilated strides."""
    sizes = checks.sizes_of_axes(sizes)
    axes = len(sizes)
    allowed = PADDINGS if axes == 1 else ("valid", "same")
    padding = checks.one_of(allowed, padding=padding)
    kernels = checks.per_axis(axes, kernel_size=kernel_size)
    steps = checks.per_axis(axes, strides=strides)
    rates = checks.per_axis(axes, dilation_rate=dilation_rate)
    columns = zip(sizes, kernels, steps, rates, strict=True)
    return Windows(tuple(window(*column, padding=padding) for column in columns))


def conv_transpose_windows(
    sizes: Sizes,
    kernel_size: int | Sequence[int],
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    output_padding: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Windows:
    """Describe what a Keras transposed convolution does to the spatial axes.

    Args:
        sizes: spatial sizes without batch and channels, None where unknown.
        kernel_size: one integer, or one for each axis.
        strides: the same.
        padding: `"valid"` or `"same"`.
        output_padding: None, one integer, or one for each axis.
        dilation_rate: one integer, or one for each axis.

    Returns:
        One transposed window for each axis.

    Raises:
        ValueError: for what `transposed_window` refuses, for strides together with dilation, and
            for sequences of another length than `sizes`.
        TypeError: if a number is no integer.

    Example:
        >>> conv_transpose_windows((2, 3), 3, strides=2, padding="same").output_size
        (4, 6)
    """
    sizes = checks.sizes_of_axes(sizes)
    axes = len(sizes)
    kernels = checks.per_axis(axes, kernel_size=kernel_size)
    steps = checks.per_axis(axes, strides=strides)
    rates = checks.per_axis(axes, dilation_rate=dilation_rate)
    checks.no_strides_with_dilation(steps, rates)
    added: Sequence[int | None] = (None,) * axes
    if output_padding is not None:
        added = checks.per_axis(axes, 0, output_padding=output_padding)
    columns = zip(sizes, kernels, steps, rates, strict=True)
    return Windows(
        tuple(
            transposed_window(*column, padding=padding, output_padding=extra)
            for column, extra in zip(columns, added, strict=True)
        )
    )


def pool_windows(
    sizes: Sizes,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
) -> Windows:
    """Describe what a Keras max or average pooling does to the spatial axes.

    Args:
        sizes: spatial sizes without batch and channels, None where unknown.
        pool_size: one integer, or one for each axis.
        strides: the same; None for `pool_size`.
        padding: `"valid"` or `"same"`.

    Returns:
        One window for each axis.

    Raises:
        ValueError: for what `pool_window` refuses, and for sequences of another length.
        TypeError: if a number is no integer.

    Example:
        >>> pool_windows((7, 8), 3, strides=2).output_size
        (3, 3)
    """
    sizes = checks.sizes_of_axes(sizes)
    axes = len(sizes)
    pools = checks.per_axis(axes, pool_size=pool_size)
    steps = pools if strides is None else checks.per_axis(axes, strides=strides)
    columns = zip(sizes, pools, steps, strict=True)
    return Windows(tuple(pool_window(*column, padding=padding) for column in columns))


def global_pool_windows(sizes: Sizes) -> Windows:
    """Describe a global pool: one window over each whole axis."""
    return Windows(tuple(global_window(size) for size in checks.sizes_of_axes(sizes)))


def adaptive_pool_windows(sizes: Sizes, output_size: int | Sequence[int]) -> Windows:
    """Describe an adaptive pool.

    Example:
        >>> adaptive_pool_windows((13, None), (4, 2)).output_size
        (4, 2)
    """
    sizes = checks.sizes_of_axes(sizes)
    outputs = checks.per_axis(len(sizes), output_size=output_size)
    return Windows(tuple(adaptive_window(*pair) for pair in zip(sizes, outputs, strict=True)))
