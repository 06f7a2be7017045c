"""Windows over whole shapes: one for each spatial axis; they refuse what Keras's layers refuse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kcore.shapes import _checks as checks
from kcore.shapes._pool import AdaptiveWindow, global_window, pool_window
from kcore.shapes._shown import Shown
from kcore.shapes._transpose import TransposedWindow
from kcore.shapes._window import PADDINGS, Window

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


@dataclass(frozen=True, repr=False)
class Windows(Shown):
    """One window for each spatial axis. Printing them draws them.

    Attributes:
        axes: `Window`, `TransposedWindow` or `AdaptiveWindow` of each axis, in the order of the
            axes.

    Raises:
        TypeError: if `axes` holds anything else.
        ValueError: if `axes` is empty.
    """

    axes: tuple[Any, ...]

    def __post_init__(self) -> None:
        """Check that there is a window for at least one axis."""
        axes = checks.sequence("axes", self.axes)
        for number, axis in enumerate(axes):
            checks.instance((Window, TransposedWindow, AdaptiveWindow), **{f"axes[{number}]": axis})
        if not axes:
            raise ValueError("axes=() is empty; give a window for each spatial axis.")
        checks.settle(self, axes)

    @property
    def output_size(self) -> tuple[int | None, ...]:
        """Number of output cells along each axis, None where it is unknown."""
        return tuple(axis.output_size for axis in self.axes)

    @property
    def pads(self) -> tuple[tuple[int, int] | None, ...]:
        """Pads before and after, for each axis, None where they are unknown."""
        return tuple(axis.pads for axis in self.axes)

    def output_shape(
        self, batch: int | None, channels: int | None, data_format: str = "channels_last"
    ) -> tuple[int | None, ...]:
        """Return the whole output shape, with batch and channels.

        Args:
            batch: size of the batch axis, 0 or more; None where it is unknown.
            channels: number of output channels, 0 or more; None where it is unknown.
            data_format: `"channels_last"` or `"channels_first"`.

        Returns:
            `(batch, *spatial, channels)` or `(batch, channels, *spatial)`.

        Raises:
            ValueError: if a number is below 0, or `data_format` is unknown.
            TypeError: if a number is not an integer.
        """
        data_format = checks.one_of(DATA_FORMATS, data_format=data_format)
        checks.size_or_unknown(0, batch=batch, channels=channels)
        if data_format == "channels_first":
            return (batch, channels, *self.output_size)
        return (batch, *self.output_size, channels)

    def __str__(self) -> str:
        return "\n".join(f"axis {index}: {axis}" for index, axis in enumerate(self.axes))


def spatial_sizes(shape: Sizes, data_format: str = "channels_last") -> tuple[int | None, ...]:
    """Return the spatial part of a shape with batch and channels.

    Args:
        shape: `(batch, *spatial, channels)` or `(batch, channels, *spatial)`.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: if `data_format` is unknown.
        TypeError: if `shape` is not a sequence.

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
        kernel_size: cells that one position reads: one integer, or one for each axis.
        strides: cells from one position to the next: one integer, or one for each axis.
        padding: `"valid"`, `"same"`, or, for one axis, `"causal"`.
        dilation_rate: cells from one read cell to the next: one integer, or one for each axis.

    Returns:
        One window for each axis. Printing them draws them.

    Raises:
        ValueError: if a number is below 1, the padding is unknown, a window doesn't fit, the length
            of a sequence differs from that of `sizes`, or strides and dilation rate both exceed 1,
            even on different axes.
        TypeError: if a number is not an integer.

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
    """Describe what a Keras depthwise or separable convolution does to the spatial axes.

    Unlike other convolutions, these may have strides and dilation together.

    Args:
        sizes: spatial sizes without batch and channels, None where unknown.
        kernel_size: cells that one position reads: one integer, or one for each axis.
        strides: cells from one position to the next: one integer, or one for each axis.
        padding: `"valid"`, `"same"`, or, for one axis, `"causal"`.
        dilation_rate: cells from one read cell to the next: one integer, or one for each axis.

    Returns:
        One window for each axis. Printing them draws them.

    Raises:
        ValueError: if a number is below 1, the padding is unknown, a window doesn't fit, or the
            length of a sequence differs from that of `sizes`.
        TypeError: if a number is not an integer.

    Example:
        >>> depthwise_conv_windows((10, 10), 3, strides=2, dilation_rate=3).output_size
        (2, 2)
    """
    sizes = checks.sizes_of_axes(sizes)
    axes = len(sizes)
    allowed = PADDINGS if axes == 1 else ("valid", "same")
    padding = checks.one_of(allowed, padding=padding)
    kernels = checks.per_axis(axes, kernel_size=kernel_size)
    steps = checks.per_axis(axes, strides=strides)
    rates = checks.per_axis(axes, dilation_rate=dilation_rate)
    columns = zip(sizes, kernels, steps, rates, strict=True)
    return Windows(tuple(Window(*column, padding=padding) for column in columns))


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
        kernel_size: cells that one input cell writes to: one integer, or one for each axis.
        strides: output cells from one input cell to the next: one integer, or one for each axis.
        padding: `"valid"` or `"same"`.
        output_padding: None for Keras's default length, or cells added at the end of the shortest
            output: one integer below `strides`, or one for each axis.
        dilation_rate: cells from one written cell to the next: one integer, or one for each axis.

    Returns:
        One transposed window for each axis. Printing them draws them.

    Raises:
        ValueError: if a number is out of range, the padding is unknown, no output cell is left, the
            length of a sequence differs from that of `sizes`, or strides and dilation rate both
            exceed 1, even on different axes.
        TypeError: if a number is not an integer.

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
            TransposedWindow(*column, padding=padding, output_padding=extra)
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
        pool_size: cells that one position reads: one integer, or one for each axis.
        strides: cells from one position to the next: one integer, or one for each axis; None for
            `pool_size`.
        padding: `"valid"` or `"same"`.

    Returns:
        One window for each axis. Printing them draws them.

    Raises:
        ValueError: if a number is below 1, the padding is unknown, a window doesn't fit, or the
            length of a sequence differs from that of `sizes`.
        TypeError: if a number is not an integer.

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
    """Describe what a Keras global pooling does: one window over the whole of each axis.

    Args:
        sizes: spatial sizes without batch and channels, None where unknown.

    Returns:
        One window for each axis. Printing them draws them.

    Raises:
        ValueError: if `sizes` is empty, or a size is below 1.
        TypeError: if `sizes` is not a sequence of integers.

    Example:
        >>> global_pool_windows((7, None)).output_size
        (1, 1)
    """
    return Windows(tuple(global_window(size) for size in checks.sizes_of_axes(sizes)))


def adaptive_pool_windows(sizes: Sizes, output_size: int | Sequence[int]) -> Windows:
    """Describe what a Keras adaptive pooling does to the spatial axes.

    Args:
        sizes: spatial sizes without batch and channels, None where unknown.
        output_size: number of positions: one integer, or one for each axis.

    Returns:
        One adaptive window for each axis. Printing them draws them.

    Raises:
        ValueError: if a number is below 1, or the length of a sequence differs from that of
            `sizes`.
        TypeError: if a number is not an integer.

    Example:
        >>> adaptive_pool_windows((13, None), (4, 2)).output_size
        (4, 2)
    """
    sizes = checks.sizes_of_axes(sizes)
    outputs = checks.per_axis(len(sizes), output_size=output_size)
    return Windows(tuple(AdaptiveWindow(*pair) for pair in zip(sizes, outputs, strict=True)))
