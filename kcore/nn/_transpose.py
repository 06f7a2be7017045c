"""Transposed convolutions of images with explicit filters."""

from collections.abc import Sequence
from typing import Any

import keras

from kcore._memory import check_memory
from kcore.nn._arguments import (
    channels_last,
    channels_of,
    check_known,
    check_rank,
    floating_dtype,
    from_channels_last,
    image_data_format,
    itemsize,
    known,
    output_shape,
    pair,
    same_or_valid,
)
from kcore.nn._operation import TensorFunction
from kcore.shapes import TransposedWindow, Windows, spatial_sizes
from kcore.shapes import _checks as checks

__all__ = ["conv2d_transpose"]

Ints = int | Sequence[int]
Shape = tuple[int | None, ...]


def conv2d_transpose(
    x: Any,
    filters: Any,
    strides: Ints = 1,
    padding: str = "SAME",
    output_padding: Ints | None = None,
    data_format: str | None = None,
    dilation_rate: Ints = 1,
) -> Any:
    """Run a convolution backwards: each pixel writes as many output pixels as a filter has.

    Args:
        x: images (batch, height, width, channels), or (batch, channels, height, width) with
            `data_format="channels_first"`. Integers are converted to floats.
        filters: (filter height, filter width, channels out, channels in).
        strides: one integer, (height, width), or four such as `[1, 2, 2, 1]`.
        padding: `"SAME"` or `"VALID"`, in upper or lower case.
        output_padding: `None` for Keras's default size (`size * strides` for SAME), or the pixels
            to add to the smallest output, one integer or (height, width).
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.
        dilation_rate: pixels from one pixel that a filter writes to the next, in the same forms as
            `strides`; both may be above 1.

    Returns:
        Images of the size that `kcore.shapes.TransposedWindow` gives.

    Raises:
        ValueError: if ranks or channels don't match, or an argument is out of range.

    Example:
        >>> import numpy as np
        >>> x, filters = np.ones((1, 2, 3, 4), "float32"), np.ones((3, 3, 5, 4), "float32")
        >>> tuple(conv2d_transpose(x, filters, strides=2).shape)
        (1, 4, 6, 5)
        >>> tuple(conv2d_transpose(x, filters, strides=2, output_padding=0).shape)
        (1, 3, 5, 5)
    """
    data_format = image_data_format(data_format)
    added = None
    if output_padding is not None:
        added = checks.per_axis(2, 0, output_padding=output_padding)
    node = Conv2DTranspose(
        data_format=data_format,
        strides=pair("strides", strides, data_format),
        padding=same_or_valid(padding),
        output_padding=added,
        dilation_rate=pair("dilation_rate", dilation_rate, data_format),
    )
    return node(x, filters)


@keras.saving.register_keras_serializable(package="kcore.nn")
class Conv2DTranspose(TensorFunction):
    """`conv2d_transpose` as a node of a functional model."""

    tensors = ("x", "filters")

    @staticmethod
    def output_shape(x: Any, filters: Any, *, data_format: str, **window: Any) -> Shape:
        """Check channels and work out the shape."""
        channels = channels_of(x, data_format)
        check_rank("filters", filters, 4, "(height, width, channels out, channels in)")
        out, wanted = filters.shape[2:]
        if channels is not None and channels != wanted:
            raise ValueError(
                f"x has {channels} channels, but filters.shape={tuple(filters.shape)} takes "
                f"{wanted}; transposed filters are (height, width, channels out, channels in)."
            )
        windows = _windows_of(x, filters, data_format, **window)
        return output_shape(x, windows, out, data_format)

    @staticmethod
    def check_computable(x: Any, filters: Any, *, data_format: str, **window: Any) -> None:
        """Refuse intermediate results that are too large, and what needs a known size."""
        windows = _windows_of(x, filters, data_format, **window)
        strides = tuple(axis.strides for axis in windows.axes)
        rates = tuple(axis.dilation_rate for axis in windows.axes)
        sizes = [axis.size for axis in windows.axes]
        check_known("strides", strides, sizes)
        check_known("dilation_rate", rates, sizes)
        if None in sizes and max(strides) > 1 and max(rates) > 1:
            raise ValueError(
                f"strides={strides} with dilation_rate={rates} need a known height and width; "
                "give the model an input shape."
            )
        _check_extent(x, filters, windows, data_format)

    @staticmethod
    def compute(x: Any, filters: Any, *, data_format: str, **window: Any) -> Any:
        """Compute the whole result with channels last, then cut it to its size."""
        windows = _windows_of(x, filters, data_format, **window)
        x = channels_last(x, data_format)
        is_dilated = max(axis.dilation_rate for axis in windows.axes) > 1
        whole = _spread_and_correlate if is_dilated else _uncut
        return from_channels_last(_cut(*whole(x, filters, windows)), data_format)


def _windows_of(
    x: Any,
    filters: Any,
    data_format: str,
    strides: tuple[int, int],
    padding: str,
    output_padding: tuple[int, int] | None,
    dilation_rate: tuple[int, int],
) -> Windows:
    sizes = spatial_sizes(x.shape, data_format)
    kernel = tuple(int(size) for size in filters.shape[:2])
    added = output_padding or (None, None)
    columns = zip(sizes, kernel, strides, dilation_rate, strict=True)
    return Windows(
        tuple(
            TransposedWindow(*column, padding=padding, output_padding=extra)
            for column, extra in zip(columns, added, strict=True)
        )
    )


def _check_extent(x: Any, filters: Any, windows: Windows, data_format: str) -> None:
    """Refuse filters and strides that write too many cells, including those that are cut."""
    cells = []
    for axis in windows.axes:
        reach = axis.effective_kernel_size
        written = ((axis.size or 1) - 1) * axis.strides + max(reach, axis.strides)
        # Dilated filters are applied to pixels with as many pads around them.
        cells.append(written + (reach - 1 if axis.dilation_rate > 1 else 0))
    asked = (
        f"strides={tuple(axis.strides for axis in windows.axes)} with dilation_rate="
        f"{tuple(axis.dilation_rate for axis in windows.axes)} on x.shape={tuple(x.shape)}"
    )
    if max(cells) >= 2**31:
        raise ValueError(f"{asked} write {max(cells):,} cells along an axis; use smaller ones.")
    channels = max(filters.shape[2], filters.shape[3])
    shape = (*known(x.shape[:1]), *cells, channels)
    check_memory(asked, shape, itemsize(floating_dtype(x)), "use smaller ones, or smaller images")


def _uncut(x: Any, filters: Any, windows: Windows) -> tuple[Any, Windows, list[int]]:
    """Compute all cells that the pixels write, which gives the same on every backend."""
    strides = tuple(axis.strides for axis in windows.axes)
    y = keras.ops.conv_transpose(x, filters, strides, "valid", data_format="channels_last")
    return y, windows, [max(axis.effective_kernel_size, axis.strides) for axis in windows.axes]


def _spread_and_correlate(x: Any, filters: Any, windows: Windows) -> tuple[Any, Windows, list[int]]:
    """Compute the same for dilated filters, whose gradient TensorFlow gets wrong.

    Pixels are spread by the strides, then correlated with the flipped filters.
    """
    pads = []
    for axis, described in enumerate(windows.axes, start=1):
        x = _spread(x, axis, described.strides)
        pads.append((described.effective_kernel_size - 1,) * 2)
    x = keras.ops.pad(x, ((0, 0), *pads, (0, 0)))
    flipped = keras.ops.transpose(keras.ops.flip(filters, (0, 1)), (0, 1, 3, 2))
    rates = tuple(axis.dilation_rate for axis in windows.axes)
    y = keras.ops.conv(x, flipped, 1, "valid", "channels_last", rates)
    return y, windows, [axis.effective_kernel_size for axis in windows.axes]


def _spread(x: Any, axis: int, strides: int) -> Any:
    """Put `strides - 1` zeros after each cell of an axis, but none after the last."""
    if strides == 1:
        return x
    size = x.shape[axis]
    x = keras.ops.expand_dims(x, axis + 1)
    pads = [(0, 0)] * len(x.shape)
    pads[axis + 1] = (0, strides - 1)
    x = keras.ops.pad(x, pads)
    shape = [-1, *x.shape[1:axis], size * strides, *x.shape[axis + 2 :]]
    x = keras.ops.reshape(x, shape)
    return keras.ops.take(x, list(range((size - 1) * strides + 1)), axis=axis)


def _cut(y: Any, windows: Windows, widths: Sequence[int]) -> Any:
    """Cut the whole result at both sides, or extend it at the end by cells that nothing writes.

    Args:
        y: the whole result, channels last.
        windows: the window of each axis.
        widths: cells of `y` from the last pixel's first cell on, for each axis.
    """
    pads, kept = [(0, 0)], [slice(None)]
    for described, width in zip(windows.axes, widths, strict=True):
        before, _ = described.pads
        surplus = width - before - described.last_step
        pads.append((0, max(-surplus, 0)))
        kept.append(slice(before, -surplus if surplus > 0 else None))
    if any(after for _, after in pads):
        y = keras.ops.pad(y, (*pads, (0, 0)))
    return y[tuple(kept)]
