"""Resample a batch of images once, with operations of `keras.ops`."""

from typing import Any

from keras import ops

__all__ = ["resample"]


def resample(
    images: Any,
    addends: Any,
    bits: Any,
    *,
    fill_mode: str,
    cval: Any,
    interpolation_order: int,
    channels_first: bool,
) -> Any:
    """Interpolate, for each pixel of the output, the pixels of the input around its coordinates.

    Args:
        images: `(n, height, width, channels)` or `(n, channels, height, width)`, uint8 or float32.
        addends: int32 `(n, 2, height + width)` from `kcore.augment._coordinates`.
        bits: int32 `(n,)`, how many bits of the `addends` are the fraction.
        fill_mode: "nearest", "constant", "reflect" or "wrap".
        cval: the value outside the image for "constant", a number or a tensor that broadcasts.
        interpolation_order: 0 for the nearest pixel, 1 for bilinear.
        channels_first: which of the two layouts `images` has.

    Returns:
        float32 tensor of the shape of `images`.
    """
    height, width = images.shape[2:] if channels_first else images.shape[1:3]
    bits = bits[:, None, None]
    rows = addends[:, 0, :height, None] + addends[:, 0, None, height:]
    columns = addends[:, 1, :height, None] + addends[:, 1, None, height:]
    table = _Table(images, channels_first)
    mapped_rows = _mapped(rows, height, bits, fill_mode)
    mapped_columns = _mapped(columns, width, bits, fill_mode)
    if interpolation_order == 0:
        row, column = _nearest(mapped_rows, height, bits), _nearest(mapped_columns, width, bits)
        pixels = table.pixels(row, column)
    else:
        vertical = _neighbors(mapped_rows, height, bits, fill_mode)
        horizontal = _neighbors(mapped_columns, width, bits, fill_mode)
        pixels = _between(table, vertical, horizontal)
    if fill_mode != "constant":
        return pixels
    inside = _inside(rows, height, bits) & _inside(columns, width, bits)
    return ops.where(table.spread(inside), pixels, cval)


def _mapped(coordinate: Any, size: int, bits: Any, fill_mode: str) -> Any:
    """Map coordinates outside the axis into it, by the rules of `scipy.ndimage`."""
    last = ops.left_shift(size - 1, bits)
    if fill_mode == "reflect":
        period = ops.left_shift(2 * size, bits)
        one = ops.left_shift(1, bits)
        within = ops.mod(coordinate, period)
        return ops.where(within <= last + one - 1, within, period - one - within)
    if fill_mode == "wrap" and size > 1:
        within = ops.mod(coordinate, last)
        # Both ends belong to the axis, and a coordinate left of it enters at its right end.
        at_last = (within == 0) & (coordinate <= last) & (coordinate != 0)
        return ops.where(at_last, last, within)
    return ops.minimum(ops.maximum(coordinate, 0), last)


def _inside(coordinate: Any, size: int, bits: Any) -> Any:
    return (coordinate >= 0) & (coordinate <= ops.left_shift(size - 1, bits))


def _nearest(coordinate: Any, size: int, bits: Any) -> Any:
    half = ops.right_shift(ops.left_shift(1, bits), 1)
    index = ops.right_shift(coordinate + half, bits)
    return ops.minimum(ops.maximum(index, 0), size - 1)


def _neighbors(coordinate: Any, size: int, bits: Any, fill_mode: str) -> tuple[Any, Any, Any]:
    """Return the indices on both sides of each coordinate, and the weight (< 1) of the second."""
    low = ops.right_shift(coordinate, bits)
    fraction = coordinate - ops.left_shift(low, bits)
    # A pixel that is hit exactly is mixed with itself, and so keeps its value whatever its neighbor
    # holds. It may be the last one, which has no neighbor.
    high = low + ops.minimum(fraction, 1)
    if fill_mode == "reflect":  # half a pixel beyond the first and last still belongs to them
        low, high = ops.maximum(low, 0), ops.minimum(high, size - 1)
    weight = ops.cast(fraction, "float32") / ops.cast(ops.left_shift(1, bits), "float32")
    return low, high, weight


def _between(table: "_Table", vertical: Any, horizontal: Any) -> Any:
    """Mix the four pixels around each pair of coordinates."""
    top, bottom, down = vertical
    left, right, across = horizontal
    down, across = table.spread(down), table.spread(across)
    upper = _mixed(table.pixels(top, left), table.pixels(top, right), across)
    lower = _mixed(table.pixels(bottom, left), table.pixels(bottom, right), across)
    return _mixed(upper, lower, down)


def _mixed(first: Any, second: Any, weight: Any) -> Any:
    return first + (second - first) * weight


class _Table:
    """The pixels of a batch, by image, row and column."""

    def __init__(self, images: Any, channels_first: bool):
        self._channels_first = channels_first
        count = ops.shape(images)[0]
        if channels_first:
            channels, height, self._width = images.shape[1:]
            self._entries = ops.reshape(images, (-1,))
            planes = ops.reshape(ops.arange(count * channels), (-1, channels, 1, 1))
            self._start = planes * (height * self._width)
        else:
            height, self._width, channels = images.shape[1:]
            self._entries = ops.reshape(images, (-1, channels))
            self._start = ops.reshape(ops.arange(count), (-1, 1, 1)) * (height * self._width)

    def pixels(self, row: Any, column: Any) -> Any:
        """Look up all channels, as float32, for indices `(n, height, width)` that are in range."""
        index = row * self._width + column
        if self._channels_first:
            index = index[:, None]
        return ops.cast(_entries(self._entries, self._start + index), "float32")

    def spread(self, values: Any) -> Any:
        """Give values `(n, height, width)` an axis for the channels."""
        return ops.expand_dims(values, 1 if self._channels_first else -1)


def _entries(table: Any, indices: Any) -> Any:
    """Return `table[indices]` for indices that are all in range.

    Where tensors can be indexed by tensors, that is faster than `keras.ops.take`, which checks for
    indices out of range; and unsigned indices, which can't count from the end, are faster still.
    """
    try:
        return table[ops.cast(indices, "uint32")]
    except (TypeError, ValueError, IndexError):
        return ops.take(table, indices, axis=0)
