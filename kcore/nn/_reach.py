"""Replace strides and dilation far beyond an image by smaller ones that read the same cells.

Backends pad for every cell that a window covers, count cells in 32 bits, or loop over all of them,
so they must not be given arbitrarily large numbers.
"""

from dataclasses import replace
from typing import Any

import keras

from kcore.shapes import Window, Windows

__all__ = ["pool_in_reach", "with_equal_strides", "with_explicit_pads", "within_reach"]


def within_reach(x: Any, filters: Any, windows: Windows) -> tuple[Any, Any, Windows]:
    """Leave out taps that read only padding, and shorten strides that leave one position.

    Args:
        x: images, channels last.
        filters: (filter height, filter width, ...).
        windows: the window of each axis.

    Returns:
        Images, filters and windows that give the same values.
    """
    windows = Windows(tuple(map(_shortened, windows.axes)))
    if not any(map(_has_idle_taps, windows.axes)):
        return x, filters, windows
    pads, axes = [(0, 0)], []
    for number, axis in enumerate(windows.axes):
        first, last = _reading_taps(axis)
        x, pad, size = _read_part(x, number + 1, axis, first, last)
        pads.append(pad)
        rate = axis.dilation_rate if last > first else 1
        axes.append(Window(size, last - first + 1, axis.strides, rate, "valid"))
        filters = filters[(slice(None),) * number + (slice(first, last + 1),)]
    return keras.ops.pad(x, (*pads, (0, 0))), filters, Windows(tuple(axes))


def with_explicit_pads(x: Any, windows: Windows) -> tuple[Any, Windows]:
    """Add the pads of SAME windows to the images, if all sizes are known."""
    if windows.axes[0].padding == "valid" or None in windows.pads:
        return x, windows
    padded = keras.ops.pad(x, ((0, 0), *windows.pads, (0, 0)))
    sizes = (axis.size + sum(axis.pads) for axis in windows.axes)
    axes = (
        replace(axis, size=size, padding="valid")
        for axis, size in zip(windows.axes, sizes, strict=True)
    )
    return padded, Windows(tuple(axes))


def with_equal_strides(x: Any, windows: Windows) -> tuple[Any, Windows]:
    """Give axes with a single position the stride of the others, and cut them to its window."""
    strides = [axis.strides for axis in windows.axes if axis.output_size != 1]
    if not strides or windows.axes[0].padding != "valid":
        return x, windows
    axes, kept = [], [slice(None)]
    for axis in windows.axes:
        if axis.output_size == 1:
            reach = axis.effective_kernel_size
            axis = replace(axis, size=reach, strides=strides[0])
        kept.append(slice(None, axis.size if axis.output_size == 1 else None))
        axes.append(axis)
    return x[tuple(kept)], Windows(tuple(axes))


def pool_in_reach(
    sizes: tuple[int | None, ...], pool_size: tuple[int, ...], strides: tuple[int, ...]
) -> dict[str, tuple[int, ...]]:
    """Return the smallest window and strides known to give the same pools.

    A padded window of twice the size reaches over the whole axis at every position, as all larger
    ones do.
    """
    pairs = list(zip(sizes, pool_size, strides, strict=True))
    return {
        "pool_size": tuple(k if size is None else min(k, 2 * size) for size, k, _ in pairs),
        "strides": tuple(s if size is None else min(s, size) for size, _, s in pairs),
    }


def _shortened(axis: Window) -> Window:
    rate = 1 if axis.kernel_size == 1 else axis.dilation_rate
    assert axis.strides is not None
    strides = axis.strides if axis.size is None else min(axis.strides, axis.size)
    return Window(axis.size, axis.kernel_size, strides, rate, axis.padding)


def _has_idle_taps(axis: Window) -> bool:
    return axis.padding == "same" and axis.size is not None and axis.dilation_rate >= axis.size > 0


def _reading_taps(axis: Window) -> tuple[int, int]:
    """Return the first and the last tap that any position puts on a cell; one tap if none does."""
    assert axis.kernel_size is not None
    assert axis.size is not None
    if axis.padding == "valid":
        return 0, axis.kernel_size - 1
    before, moved = _before_and_moved(axis)
    first = max(-((moved - before) // axis.dilation_rate), 0)
    last = min((axis.size - 1 + before) // axis.dilation_rate, axis.kernel_size - 1)
    first = min(first, axis.kernel_size - 1)
    return first, max(first, last)


def _read_part(
    x: Any, number: int, axis: Window, first: int, last: int
) -> tuple[Any, tuple[int, int], int]:
    """Cut an axis to what the taps read, and return the pads that it still needs and its size."""
    assert axis.size is not None
    before, moved = _before_and_moved(axis)
    start = first * axis.dilation_rate - before
    size = moved + (last - first) * axis.dilation_rate + 1
    kept = [min(max(edge, 0), axis.size) for edge in (start, start + size)]
    pad = min(max(-start, 0), size)
    x = x[(slice(None),) * number + (slice(*kept),)]
    return x, (pad, size - pad - (kept[1] - kept[0])), size


def _before_and_moved(axis: Window) -> tuple[int, int]:
    """Return the pads before an axis, and cells from its first position to its last."""
    assert axis.pads is not None
    assert axis.output_size is not None
    assert axis.strides is not None
    return axis.pads[0], (axis.output_size - 1) * axis.strides
