"""What every layer of the grid computes, in NumPy and float64, from the definition.

A window is a table: row `o`, column `t` holds the input cell that output position `o` reads
through tap `t`; a cell outside the input is a pad. Everything else follows from the tables: a
convolution multiplies what the table gathers, a pool reduces it, a gradient scatters back along
the same table. All functions take channels last; `evaluate` and `gradients` turn other inputs.
"""

import math
from collections.abc import Sequence

import numpy as np

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

Tables = Sequence[np.ndarray]


def same_pads(size: int, reach: int, strides: int, positions: int) -> tuple[int, int]:
    """Pads before and after, so that the last of `positions` fits; the odd one goes after."""
    total = max((positions - 1) * strides + reach - size, 0)
    return total // 2, total - total // 2


def taps(size: int, kernel: int, strides: int, dilation_rate: int, padding: str) -> np.ndarray:
    """Lay out a forward window: `(positions, kernel)` input cells, pads outside 0..size-1."""
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
) -> tuple[np.ndarray, int]:
    """Lay out a transposed window: `(size, kernel)` output cells, and the output's length."""
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


def adaptive_taps(size: int, positions: int) -> np.ndarray:
    """Lay out adaptive windows; unused columns hold -1, as a pad."""
    starts = [position * size // positions for position in range(positions)]
    stops = [-(-(position + 1) * size // positions) for position in range(positions)]
    widest = max(stop - start for start, stop in zip(starts, stops, strict=True))
    table = np.array(starts)[:, None] + np.arange(widest)[None, :]
    return np.where(table < np.array(stops)[:, None], table, -1)


def gather(x: np.ndarray, tables: Tables, fill: float) -> np.ndarray:
    """Return `(batch, positions, taps, channels)`: what each position reads, pads as `fill`."""
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


def scatter(values: np.ndarray, tables: Tables, sizes: Sequence[int]) -> np.ndarray:
    """Add `(batch, positions, taps, channels)` up at the cells of the tables; drop the pads."""
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


def tables_of(case: Case) -> tuple[list[np.ndarray], tuple[int, ...]]:
    """Return the tables of each axis and the spatial sizes of the output."""
    if case.layer in cases.TRANSPOSED:
        added = case.output_padding or (None,) * case.axes
        columns = zip(case.sizes, case.kernel, case.strides, case.dilation_rate, added, strict=True)
        pairs = [transposed_taps(n, k, s, d, case.padding, extra) for n, k, s, d, extra in columns]
        return [table for table, _ in pairs], tuple(length for _, length in pairs)
    if case.layer in cases.GLOBAL_POOLS:
        tables = [np.arange(size)[None, :] for size in case.sizes]
    elif case.layer in cases.ADAPTIVE_POOLS:
        tables = [adaptive_taps(*pair) for pair in zip(case.sizes, case.output_size, strict=True)]
    else:
        rates = case.dilation_rate or (1,) * case.axes
        strides = case.strides or case.kernel
        columns = zip(case.sizes, case.kernel, strides, rates, strict=True)
        tables = [taps(*column, case.padding) for column in columns]
    return tables, tuple(len(table) for table in tables)


def evaluate(case: Case, x: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    """Return what the layer must compute, in float64 and in the data format of the case."""
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


def bound(case: Case, x: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    """Return the sum of magnitudes behind each output: rounding errors are a share of it."""
    finite = np.where(np.isfinite(x), x, 0)
    return np.abs(evaluate(case, np.abs(finite), [np.abs(weight) for weight in weights]))


def _linear(case: Case, x, weights, tables: Tables, sizes: Sequence[int]) -> np.ndarray:
    """Return the trained layers without their bias, as `(batch, positions, filters)`."""
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


def _grouped(read: np.ndarray, kernel: np.ndarray, groups: int) -> np.ndarray:
    """Convolve each group of channels with its own share of the filters."""
    reads = np.split(read, groups, axis=-1)
    kernels = np.split(kernel, groups, axis=-1)
    parts = [np.einsum("botc,tcf->bof", *pair) for pair in zip(reads, kernels, strict=True)]
    return np.concatenate(parts, axis=-1)


def depthwise(read: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolve each channel alone; multiplied channels stand next to each other."""
    deep = np.einsum("botc,tcm->bocm", read, kernel)
    return deep.reshape(*deep.shape[:2], math.prod(deep.shape[2:]))


def pool(case: Case, x: np.ndarray, tables: Tables) -> np.ndarray:
    """Reduce what each position reads; pads take no part."""
    if "Max" in case.layer:
        return gather(x, tables, fill=-np.inf).max(axis=2)
    counted = gather(np.ones_like(x), tables, fill=0.0).sum(axis=2)
    return gather(x, tables, fill=0.0).sum(axis=2) / counted


def gradients(
    case: Case, x: np.ndarray, weights: Sequence[np.ndarray], upstream: np.ndarray
) -> list[np.ndarray]:
    """Return the gradients of `sum(output * upstream)`: for the input, then for each weight.

    The cells under a max pool must differ from each other.
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


def gradient_bounds(
    case: Case, x: np.ndarray, weights: Sequence[np.ndarray], upstream: np.ndarray
) -> list[np.ndarray]:
    """Return the sums of magnitudes behind each gradient, as `bound` does for the output."""
    if case.layer in cases.TRAINED:
        x, weights = np.abs(x), [np.abs(weight) for weight in weights]
    return gradients(case, x, weights, np.abs(upstream))


def _pool_gradient(case: Case, x, tables: Tables, down) -> np.ndarray:
    """Send the gradient of a maximum to its cell, of an average in equal shares to real cells."""
    if "Max" in case.layer:
        read = gather(x, tables, fill=-np.inf)
        shares = read == read.max(axis=2, keepdims=True)
    else:
        shares = gather(np.ones_like(x), tables, fill=0.0)
        shares = shares / shares.sum(axis=2, keepdims=True)
    return scatter(shares * down[:, :, None, :], tables, case.sizes)


def _transposed_gradients(case: Case, x, kernel, tables, down, sizes) -> list[np.ndarray]:
    down = down.reshape(x.shape[0], *sizes, case.filters)
    read = gather(down, tables, fill=0.0)
    flat = x.reshape(x.shape[0], -1, case.channels)
    to_input = np.einsum("botf,tfc->boc", read, _flat(case, kernel)).reshape(x.shape)
    to_kernel = np.einsum("botf,boc->tfc", read, flat).reshape(kernel.shape)
    return [to_input, to_kernel]


def _forward_gradients(case: Case, x, weights, tables, down) -> list[np.ndarray]:
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


def _grouped_gradients(read, kernel, down, groups: int) -> tuple[np.ndarray, np.ndarray]:
    shares = [np.split(array, groups, axis=-1) for array in (read, kernel, down)]
    to_read, to_kernel = [], []
    for one_read, one_kernel, one_down in zip(*shares, strict=True):
        to_read.append(np.einsum("bof,tcf->botc", one_down, one_kernel))
        to_kernel.append(np.einsum("botc,bof->tcf", one_read, one_down))
    return np.concatenate(to_read, axis=-1), np.concatenate(to_kernel, axis=-1)


def _flat(case: Case, kernel: np.ndarray) -> np.ndarray:
    """Join the spatial axes of a kernel into one axis of taps."""
    return kernel.reshape(-1, *kernel.shape[case.axes :])


def _channels_last(case: Case, x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 1, -1) if case.data_format == "channels_first" else x


def _as_case(case: Case, x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 1) if case.data_format == "channels_first" else x
