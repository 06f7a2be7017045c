"""Compute every layer of the grid from its definition, in NumPy and float64.

A window is a table: row `o`, column `t` holds the input cell that output position `o` reads
through tap `t`; a cell outside the input is a pad. Everything else follows from the tables: a
convolution multiplies the cells that the table gathers, a pool reduces them, and a gradient is
scattered back through the same table. Functions take channels last; `evaluate` and `gradients` take
both data formats.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from backends_tests import cases
from backends_tests.cases import Case

__all__ = [
    "bound",
    "evaluate",
    "gradient_bounds",
    "gradients",
    "tables_of",
    "taps",
    "transposed_taps",
]

Array = npt.NDArray[Any]

Tables = Sequence[Array]
"""The table of each axis."""


def same_pads(size: int, reach: int, strides: int, positions: int) -> tuple[int, int]:
    """Return the pads before and after that the last position needs; an odd pad goes after."""
    total = max((positions - 1) * strides + reach - size, 0)
    return total // 2, total - total // 2


def taps(size: int, kernel: int, strides: int, dilation_rate: int, padding: str) -> Array:
    """Return the table of a forward window: `(positions, kernel)` input cells."""
    reach = (kernel - 1) * dilation_rate + 1
    before = 0
    if padding == "valid":
        positions = (size - reach) // strides + 1
    else:
        positions = math.ceil(size / strides)
        before = reach - 1
    if padding == "same":
        before, _ = same_pads(size, reach, strides, positions)
    starts = np.arange(positions)[:, None] * strides - before
    return starts + np.arange(kernel)[None, :] * dilation_rate


def transposed_taps(
    size: int,
    kernel: int,
    strides: int,
    dilation_rate: int,
    padding: str,
    output_padding: int | None,
) -> tuple[Array, int]:
    """Return a transposed window's table, `(size, kernel)` output cells, and the output's size."""
    reach = (kernel - 1) * dilation_rate + 1
    if padding == "valid":
        added = max(strides - reach, 0) if output_padding is None else output_padding
        length, before = (size - 1) * strides + reach + added, 0
    else:
        length = size * strides
        if output_padding is not None:
            length = (size - 1) * strides + reach % 2 + output_padding
        before, _ = same_pads(length, reach, strides, size)
    starts = np.arange(size)[:, None] * strides - before
    return starts + np.arange(kernel)[None, :] * dilation_rate, length


def adaptive_taps(size: int, positions: int) -> Array:
    """Return the table of adaptive windows; unused columns hold -1, which is a pad."""
    starts = [position * size // positions for position in range(positions)]
    stops = [-(-(position + 1) * size // positions) for position in range(positions)]
    widest = max(stop - start for start, stop in zip(starts, stops, strict=True))
    table = np.array(starts)[:, None] + np.arange(widest)[None, :]
    return np.where(table < np.array(stops)[:, None], table, -1)


def gather(x: Array, tables: Tables, fill: float) -> Array:
    """Return what each position reads, `(batch, positions, taps, channels)`; a pad is `fill`."""
    for axis, table in enumerate(tables):
        at, size = 1 + 2 * axis, x.shape[1 + 2 * axis]
        slab = np.full((*x.shape[:at], 1, *x.shape[at + 1 :]), fill, x.dtype)
        inside = (table >= 0) & (table < size)
        x = np.take(np.concatenate([x, slab], axis=at), np.where(inside, table, size), axis=at)
    spatial = [2 * axis + 1 for axis in range(len(tables))]
    order = [0, *spatial, *(axis + 1 for axis in spatial), x.ndim - 1]
    positions = math.prod(len(table) for table in tables)
    width = math.prod(table.shape[1] for table in tables)
    return x.transpose(order).reshape(x.shape[0], positions, width, x.shape[-1])


def scatter(values: Array, tables: Tables, sizes: Sequence[int]) -> Array:
    """Add up `(batch, positions, taps, channels)` in the cells of the tables; drop the pads."""
    batch, channels = values.shape[0], values.shape[-1]
    axes = len(tables)
    positions = [len(table) for table in tables]
    widths = [table.shape[1] for table in tables]
    values = values.reshape(batch, *positions, *widths, channels)
    pairs = [axis for one in range(axes) for axis in (1 + one, 1 + axes + one)]
    values = values.transpose(0, *pairs, values.ndim - 1)
    for axis, (table, size) in enumerate(zip(tables, sizes, strict=True)):
        moved = np.moveaxis(values, (1 + axis, 2 + axis), (0, 1))
        total = np.zeros((size + 1, *moved.shape[2:]), values.dtype)
        inside = (table >= 0) & (table < size)
        np.add.at(total, np.where(inside, table, size), moved)
        values = np.moveaxis(total[:size], 0, 1 + axis)
    return values


def tables_of(case: Case) -> tuple[list[Array], tuple[int, ...]]:
    """Return the tables of each axis and the spatial sizes of the output."""
    if case.layer in cases.TRANSPOSED:
        added = case.output_padding or (None,) * case.axes
        windows = zip(
            case.sizes, case.kernel, case.effective_strides, case.dilation_rate, strict=True
        )
        pairs = [
            transposed_taps(*window, case.padding, extra)
            for window, extra in zip(windows, added, strict=True)
        ]
        return [table for table, _ in pairs], tuple(length for _, length in pairs)
    if case.layer in cases.GLOBAL_POOLS:
        tables = [np.arange(size)[None, :] for size in case.sizes]
    elif case.layer in cases.ADAPTIVE_POOLS:
        tables = [adaptive_taps(*pair) for pair in zip(case.sizes, case.output_size, strict=True)]
    else:
        rates = case.dilation_rate or (1,) * case.axes
        columns = zip(case.sizes, case.kernel, case.effective_strides, rates, strict=True)
        tables = [taps(*column, case.padding) for column in columns]
    return tables, tuple(len(table) for table in tables)


def evaluate(case: Case, x: Array, weights: Sequence[Array]) -> Array:
    """Return the true output of the layer, in float64 and in the data format of the case."""
    x = _channels_last(case, x.astype("float64"))
    weights = [weight.astype("float64") for weight in weights]
    tables, sizes = tables_of(case)
    with np.errstate(invalid="ignore", over="ignore"):
        if case.layer in cases.TRAINED:
            y = _linear(case, x, weights, tables, sizes)
            if case.use_bias:
                y = y + weights[-1]
        else:
            y = pool(case, x, tables)
    if case.layer in cases.GLOBAL_POOLS:
        return y.reshape(x.shape[0], x.shape[-1])
    return _as_case(case, y.reshape(x.shape[0], *sizes, y.shape[-1]))


def bound(case: Case, x: Array, weights: Sequence[Array]) -> Array:
    """Return the sum of magnitudes in each output, to which rounding errors are proportional."""
    finite = np.where(np.isfinite(x), x, 0)
    return np.abs(evaluate(case, np.abs(finite), [np.abs(weight) for weight in weights]))


def _linear(
    case: Case, x: Array, weights: Sequence[Array], tables: Tables, sizes: Sequence[int]
) -> Array:
    """Return a trained layer's output without bias, as `(batch, positions, filters)`."""
    if case.layer in cases.TRANSPOSED:
        sent = np.einsum("b...c,tfc->b...tf", x, _flat(case, weights[0]))
        taps_in_all = math.prod(case.kernel)
        sent = sent.reshape(x.shape[0], math.prod(case.sizes), taps_in_all, case.filters)
        return scatter(sent, tables, sizes).reshape(x.shape[0], math.prod(sizes), case.filters)
    read = gather(x, tables, fill=0.0)
    if case.layer in cases.CONVOLUTIONS:
        return _grouped(read, _flat(case, weights[0]), case.groups)
    deep = depthwise(read, _flat(case, weights[0]))
    return deep @ _flat(case, weights[1])[0] if case.layer in cases.SEPARABLE else deep


def _grouped(read: Array, kernel: Array, groups: int) -> Array:
    """Convolve each group of channels with its own share of the filters."""
    reads = np.split(read, groups, axis=-1)
    kernels = np.split(kernel, groups, axis=-1)
    parts = [np.einsum("botc,tcf->bof", *pair) for pair in zip(reads, kernels, strict=True)]
    return np.concatenate(parts, axis=-1)


def depthwise(read: Array, kernel: Array) -> Array:
    """Convolve each channel alone; the outputs of one channel are next to each other."""
    deep = np.einsum("botc,tcm->bocm", read, kernel)
    return deep.reshape(*deep.shape[:2], math.prod(deep.shape[2:]))


def pool(case: Case, x: Array, tables: Tables) -> Array:
    """Reduce what each position reads, without the pads."""
    if "Max" in case.layer:
        return gather(x, tables, fill=-np.inf).max(axis=2)
    counted = gather(np.ones_like(x), tables, fill=0.0).sum(axis=2)
    return gather(x, tables, fill=0.0).sum(axis=2) / counted


def gradients(case: Case, x: Array, weights: Sequence[Array], upstream: Array) -> list[Array]:
    """Return the gradients of `sum(output * upstream)`: of the input, then of each weight.

    The cells that a max pool compares must differ.
    """
    x = _channels_last(case, x.astype("float64"))
    weights = [weight.astype("float64") for weight in weights]
    tables, sizes = tables_of(case)
    down = _channels_last(case, upstream.astype("float64"))
    down = down.reshape(x.shape[0], math.prod(sizes), case.output_channels)
    if case.layer not in cases.TRAINED:
        found = [_pool_gradient(case, x, tables, down)]
    elif case.layer in cases.TRANSPOSED:
        found = _transposed_gradients(case, x, weights[0], tables, down, sizes)
    else:
        found = _forward_gradients(case, x, weights, tables, down)
    bias = [down.sum(axis=(0, 1))] if case.layer in cases.TRAINED and case.use_bias else []
    return [_as_case(case, found[0]), *found[1:], *bias]


def gradient_bounds(case: Case, x: Array, weights: Sequence[Array], upstream: Array) -> list[Array]:
    """Return the sums of magnitudes in each gradient, as `bound` does for the output."""
    if case.layer in cases.TRAINED:
        x, weights = np.abs(x), [np.abs(weight) for weight in weights]
    return gradients(case, x, weights, np.abs(upstream))


def _pool_gradient(case: Case, x: Array, tables: Tables, down: Array) -> Array:
    """Send a maximum's gradient to its cell, an average's to its cells in equal shares."""
    if "Max" in case.layer:
        read = gather(x, tables, fill=-np.inf)
        shares = read == read.max(axis=2, keepdims=True)
    else:
        shares = gather(np.ones_like(x), tables, fill=0.0)
        shares = shares / shares.sum(axis=2, keepdims=True)
    return scatter(shares * down[:, :, None, :], tables, case.sizes)


def _transposed_gradients(
    case: Case, x: Array, kernel: Array, tables: Tables, down: Array, sizes: Sequence[int]
) -> list[Array]:
    down = down.reshape(x.shape[0], *sizes, case.filters)
    read = gather(down, tables, fill=0.0)
    flat = x.reshape(x.shape[0], -1, case.channels)
    to_input = np.einsum("botf,tfc->boc", read, _flat(case, kernel)).reshape(x.shape)
    to_kernel = np.einsum("botf,boc->tfc", read, flat).reshape(kernel.shape)
    return [to_input, to_kernel]


def _forward_gradients(
    case: Case, x: Array, weights: Sequence[Array], tables: Tables, down: Array
) -> list[Array]:
    read = gather(x, tables, fill=0.0)
    kernel = _flat(case, weights[0])
    if case.layer in cases.CONVOLUTIONS:
        to_read, to_kernel = _grouped_gradients(read, kernel, down, case.groups)
        to_weights = [to_kernel.reshape(weights[0].shape)]
    else:
        to_weights = []
        if case.layer in cases.SEPARABLE:
            deep = depthwise(read, kernel)
            to_weights = [np.einsum("bod,bof->df", deep, down).reshape(weights[1].shape)]
            down = down @ _flat(case, weights[1])[0].T
        down = down.reshape(*down.shape[:2], case.channels, case.depth_multiplier)
        to_read = np.einsum("bocm,tcm->botc", down, kernel)
        to_kernel = np.einsum("botc,bocm->tcm", read, down).reshape(weights[0].shape)
        to_weights = [to_kernel, *to_weights]
    return [scatter(to_read, tables, case.sizes), *to_weights]


def _grouped_gradients(read: Array, kernel: Array, down: Array, groups: int) -> tuple[Array, Array]:
    shares = [np.split(array, groups, axis=-1) for array in (read, kernel, down)]
    to_read, to_kernel = [], []
    for one_read, one_kernel, one_down in zip(*shares, strict=True):
        to_read.append(np.einsum("bof,tcf->botc", one_down, one_kernel))
        to_kernel.append(np.einsum("botc,bof->tcf", one_read, one_down))
    return np.concatenate(to_read, axis=-1), np.concatenate(to_kernel, axis=-1)


def _flat(case: Case, kernel: Array) -> Array:
    """Join the spatial axes of a kernel to one axis of taps."""
    return kernel.reshape(-1, *kernel.shape[case.axes :])


def _channels_last(case: Case, x: Array) -> Array:
    return np.moveaxis(x, 1, -1) if case.data_format == "channels_first" else x


def _as_case(case: Case, x: Array) -> Array:
    return np.moveaxis(x, -1, 1) if case.data_format == "channels_first" else x
