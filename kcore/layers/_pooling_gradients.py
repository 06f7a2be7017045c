"""The gradient of a max pool, which gives each window's to its first maximum.

XLA's own gradient on a CPU visits every window cell by cell. Here the position of the maximum in
its window is found for all windows at once, and compared with each position.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from kcore.shapes import Windows

__all__ = ["max_pool_by_positions"]

Numbers = tuple[int, ...]


def max_pool_by_positions(x: Any, windows: Windows) -> Any:
    """Take the maximum of each window; gradients go to its first maximum in row-major order.

    Args:
        x: (batch, *spatial, channels) with known sizes.
        windows: the window of each spatial axis, without dilation.

    Returns:
        (batch, *output sizes, channels).
    """
    size = tuple(axis.kernel_size for axis in windows.axes)
    strides = tuple(axis.strides for axis in windows.axes)
    padding = windows.axes[0].padding

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def pool(x: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            positions = _positions_of_maxima(_in_windows(x, windows), windows)
            is_apart = all(step >= length for step, length in zip(strides, size, strict=True))
            spread = _spread_apart if is_apart else _spread_overlapping
            return _cut_to(spread(upstream, positions, size, strides), x, windows)

        return ops.max_pool(x, size, strides, padding, "channels_last"), gradient

    return pool(x)


def _in_windows(x: Any, windows: Windows) -> Any:
    """Pad spatial axes with minus infinity, and cut off the cells that no window reaches."""
    pads, kept = [(0, 0)], [slice(None)]
    for axis in windows.axes:
        before, after = axis.pads
        pads.append((before, after))
        kept.append(slice((axis.output_size - 1) * axis.strides + axis.kernel_size))
    if any(after for _, after in pads):
        x = ops.pad(x, (*pads, (0, 0)), constant_values=-math.inf)
    return x[tuple(kept)]


def _positions_of_maxima(x: Any, windows: Windows) -> Any:
    """Number the cells of a window from 0, and return the first that holds the maximum.

    The cells are compared with each other, not with the output of the pool: the compiler may
    compute `x` again, with another rounding.
    """
    cells = iter(_cells(x, windows))
    largest, positions = next(cells), None
    for position, cell in enumerate(cells, start=1):
        is_larger = cell > largest
        before = ops.zeros_like(is_larger, dtype="int32") if positions is None else positions
        positions = ops.where(is_larger, position, before)
        largest = ops.where(is_larger, cell, largest)
    return ops.zeros(largest.shape, dtype="int32") if positions is None else positions


def _cells(x: Any, windows: Windows) -> Iterator[Any]:
    """Yield, for each position in a window, the cells of all windows there."""
    for offsets in itertools.product(*(range(axis.kernel_size) for axis in windows.axes)):
        kept = [slice(None)]
        for offset, axis in zip(offsets, windows.axes, strict=True):
            last = offset + (axis.output_size - 1) * axis.strides
            kept.append(slice(offset, last + 1, axis.strides))
        yield x[tuple(kept)]


def _spread_apart(upstream: Any, positions: Any, size: Numbers, strides: Numbers) -> Any:
    """Give each gradient to one cell of its window, where windows don't overlap."""
    own = _numbered(size, strides)
    own = np.reshape(own, (1, *itertools.chain(*((1, step) for step in strides)), 1))
    wide = (slice(None), *(slice(None), None) * len(strides))
    is_chosen = positions[wide] == ops.convert_to_tensor(own)
    spread = ops.where(is_chosen, upstream[wide], ops.zeros((), dtype=upstream.dtype))
    return ops.reshape(spread, _joined_shape(upstream.shape, strides))


def _spread_overlapping(upstream: Any, positions: Any, size: Numbers, strides: Numbers) -> Any:
    """Add the gradients that each cell gets from all its windows.

    Windows that begin `strides` apart meet the cells of one phase, the remainder of a coordinate
    divided by the stride. A cell's gradients come from windows a few steps before it.
    """
    reach = [(length - 1) // step for length, step in zip(size, strides, strict=True)]
    own = _numbered(size, [(steps + 1) * step for steps, step in zip(reach, strides, strict=True)])
    phases = []
    for phase in itertools.product(*map(range, strides)):
        total: Any = 0
        for back in itertools.product(*(range(steps + 1) for steps in reach)):
            cell = (start + step * n for start, step, n in zip(phase, strides, back, strict=True))
            number = int(own[tuple(cell)])
            if number >= 0:
                total += ops.pad(
                    ops.where(positions == number, upstream, ops.zeros((), dtype=upstream.dtype)),
                    [
                        (0, 0),
                        *((n, steps - n) for n, steps in zip(back, reach, strict=True)),
                        (0, 0),
                    ],
                )
        phases.append(total)
    return _interleaved(phases, strides)


def _interleaved(phases: Sequence[Any], strides: Numbers) -> Any:
    """Put the cells of all phases where they belong; a phase that no window reads is 0."""
    rank = len(strides)
    shape = next(each.shape for each in phases if not isinstance(each, int))
    zeros = ops.zeros_like(next(each for each in phases if not isinstance(each, int)))
    stacked = ops.stack([zeros if isinstance(each, int) else each for each in phases])
    stacked = ops.reshape(stacked, (*strides, *shape))
    order = [
        rank,
        *itertools.chain(*((rank + 1 + axis, axis) for axis in range(rank))),
        2 * rank + 1,
    ]
    return ops.reshape(ops.transpose(stacked, order), _joined_shape(shape, strides))


def _numbered(size: Sequence[int], extent: Sequence[int]) -> npt.NDArray[np.int32]:
    """Number the cells of a window in row-major order, and those after it -1."""
    numbers = np.full(extent, -1, "int32")
    numbers[tuple(map(slice, size))] = np.arange(math.prod(size)).reshape(size)
    return numbers


def _joined_shape(shape: Sequence[int], strides: Numbers) -> tuple[int, ...]:
    batch, *sizes, channels = shape
    return (batch, *(size * step for size, step in zip(sizes, strides, strict=True)), channels)


def _cut_to(spread: Any, x: Any, windows: Windows) -> Any:
    """Cut off pads and surplus cells, and add zeros for cells that no window reads."""
    pads, kept = [(0, 0)], [slice(None)]
    for axis, size, spread_size in zip(
        windows.axes, x.shape[1:-1], spread.shape[1:-1], strict=True
    ):
        before, _ = axis.pads
        kept.append(slice(before, before + size))
        pads.append((0, max(before + size - spread_size, 0)))
    cut = spread[tuple(kept)]
    return ops.pad(cut, (*pads, (0, 0))) if any(after for _, after in pads) else cut
