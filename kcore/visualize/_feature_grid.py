"""The channels of a feature map as gray tiles, beside each other."""

import math

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_choice, check_integer
from kcore._warning import warn
from kcore.visualize._arrays import as_real, channels_last

__all__ = ["feature_grid"]

_MIDDLE = 128
_SPREAD = 64
_LARGEST_TILE = 96
_FITTED_GAP = 2
# Means of so many shades leave float32 enough digits for one.
_WELL_SCALED = 1e4
# So many values fit into the cache of a core.
_CACHED = 65536

Numbers = npt.NDArray[np.float64]


def feature_grid(
    feature_map: npt.ArrayLike,
    *,
    layout: str = "row",
    max_channels: int | None = None,
    gap: int = 0,
    data_format: str | None = None,
) -> npt.NDArray[np.uint8]:
    """Show each channel of a feature map in gray, normalized on its own.

    A channel's values are brought to mean 0 and standard deviation 1, multiplied by 64, moved up by
    128 and clipped to 0..255: mid-gray is the channel's mean, and black and white lie two standard
    deviations off. So a channel shows where it responds, not how strongly it does compared with its
    neighbors. A channel whose values are all the same is mid-gray everywhere;
    any other is normalized, however small its values are. NaN and minus infinity are drawn black
    and infinity white; they are left out of mean and deviation, and a warning counts the channels.

    Args:
        feature_map: `(height, width, channels)` in any real dtype, or a batch of one such map; with
            "channels_first", `(channels, height, width)`.
        layout: "row" puts all channels in one row, "grid" makes the picture about square. Channels
            run from left to right, then down.
        max_channels: show the first so many channels; all by default.
        gap: white pixels between neighboring tiles.
        data_format: "channels_last", "channels_first", or None for Keras's default.

    Returns:
        The picture, uint8. In a row without gaps it is `(height, width * channels)`.

    Raises:
        ValueError: if the shape, dtype or an option is another than those above.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> maps = np.random.default_rng(0).normal(size=(1, 13, 13, 64))
        >>> kcore.visualize.feature_grid(maps, data_format="channels_last").shape
        (13, 832)
        >>> kcore.visualize.feature_grid(maps, layout="grid", data_format="channels_last").shape
        (104, 104)
    """
    check_choice("layout", layout, ("row", "grid"))
    gap = check_integer("gap", gap, minimum=0)
    values = channels_last("feature_map", as_real("feature_map", feature_map, _AXES), data_format)
    if max_channels is not None:
        values = values[..., : check_integer("max_channels", max_channels)]
    shades = _normalized(values)
    height, width, channels = shades.shape
    if layout == "row" and gap == 0:
        return shades.transpose(0, 2, 1).reshape(height, channels * width)
    columns = channels if layout == "row" else _columns_of_a_square(channels, height, width)
    return tile(np.moveaxis(shades, -1, 0), columns, gap)


_AXES = "(height, width, channels)"


def tile(
    tiles: npt.NDArray[np.uint8], columns: int, gap: int, paper: int = 255
) -> npt.NDArray[np.uint8]:
    """Put tiles `(tiles, height, width, ...)` into rows of `columns`, with `gap` pixels between."""
    count, height, width = tiles.shape[:3]
    rows = math.ceil(count / columns)
    padded = np.full(
        (rows * columns, height + gap, width + gap, *tiles.shape[3:]), paper, dtype=np.uint8
    )
    padded[:count, :height, :width] = tiles
    in_rows = padded.reshape(rows, columns, *padded.shape[1:]).swapaxes(1, 2)
    sheet = in_rows.reshape(rows * (height + gap), columns * (width + gap), *tiles.shape[3:])
    return sheet[: sheet.shape[0] - gap, : sheet.shape[1] - gap]


def fitted_grid(values: npt.NDArray[np.floating], width: int) -> npt.NDArray[np.uint8]:
    """Return the grid of `(height, width, channels)`, enlarged so that small maps can be seen.

    Values are enlarged by integers as far as the grid stays within `width` pixels.
    """
    rows, columns, channels = values.shape
    across = _columns_of_a_square(channels, rows, columns)
    room = (width + _FITTED_GAP) // across - _FITTED_GAP
    times = max(1, min(_LARGEST_TILE // max(rows, columns), room // columns))
    enlarged = values.repeat(times, axis=0).repeat(times, axis=1)
    return feature_grid(enlarged, layout="grid", gap=_FITTED_GAP, data_format="channels_last")


def _normalized(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Return the shades of each channel of `(height, width, channels)`."""
    values = np.ascontiguousarray(values)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean, mean_square = _means(values)
        if not np.isfinite(mean_square).all() and not np.isfinite(values).all():
            return _shades_with_holes(values)
        if _squares_are_lost(values, mean_square):
            largest = np.abs(values).max(axis=(0, 1)).astype(np.float64)
            return _normalized(values / np.where(largest == 0, 1, largest))
        deviation = _deviation(values, mean, mean_square)
    return _shades(values, mean, deviation)


def _means(values: npt.NDArray[np.floating]) -> tuple[Numbers, Numbers]:
    """Return the mean of each channel, and that of its squares."""
    height, width, channels = values.shape
    rows = values.reshape(height, width * channels)
    # Columns are summed in their own dtype, which is fast, and their sums in float64.
    sums = np.add.reduce(rows, axis=0)
    sums_of_squares = np.einsum("hk,hk->k", rows, rows)
    total, total_of_squares = (
        one.reshape(width, channels).sum(axis=0, dtype=np.float64)
        for one in (sums, sums_of_squares)
    )
    return total / (height * width), total_of_squares / (height * width)


def _squares_are_lost(values: npt.NDArray[np.floating], mean_square: Numbers) -> bool:
    """Tell whether squares are too large for the dtype, or too small for all of their digits."""
    if not np.isfinite(mean_square).all():
        return True
    limits = np.finfo(values.dtype)
    is_small = mean_square < limits.tiny / limits.eps
    return bool(is_small.any() and values[..., is_small].any())


def _deviation(values: npt.NDArray[np.floating], mean: Numbers, mean_square: Numbers) -> Numbers:
    """Return the standard deviation of each channel; exactly 0 where all values are the same.

    Where a mean is much larger than the deviation, their squares cancel each other: there the mean
    is replaced by a more exact one too.
    """
    variance = mean_square - mean**2
    cancels = (variance <= 1e-3 * mean_square) & (mean_square > 0)
    if cancels.any():
        part = values[..., cancels].astype(np.float64)
        mean[cancels] = part.mean(axis=(0, 1))
        variance[cancels] = ((part - mean[cancels]) ** 2).mean(axis=(0, 1))
        variance[cancels] *= (part != part[0, 0]).any(axis=(0, 1))
    return np.sqrt(variance)


def _shades(
    values: npt.NDArray[np.floating], mean: Numbers, deviation: Numbers
) -> npt.NDArray[np.uint8]:
    height, width, channels = values.shape
    factor = _SPREAD / np.where(deviation == 0, np.inf, deviation)
    dtype: np.dtype[np.floating] = values.dtype
    if dtype == np.float32 and not (np.abs(mean) * factor < _WELL_SCALED).all():
        dtype = np.dtype(np.float64)
    # A whole row at a time: NumPy's inner loop would be as short as the channels are few. And few
    # rows at a time, so that what lies between the steps stays in the processor's cache.
    factors, offsets = np.empty((2, width, channels), dtype)
    factors[:], offsets[:] = factor, _MIDDLE - mean * factor
    rows = values.reshape(height, width * channels)
    shades = np.empty(rows.shape, np.uint8)
    step = max(1, _CACHED // rows.shape[1])
    scaled = np.empty((min(step, height), rows.shape[1]), dtype)
    for top in range(0, height, step):
        part = rows[top : top + step]
        held = scaled[: len(part)]
        np.multiply(part, factors.reshape(-1), out=held)
        held += offsets.reshape(-1)
        shades[top : top + step] = np.clip(held, 0, 255, out=held)
    return shades.reshape(values.shape)


def _shades_with_holes(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    is_finite = np.isfinite(values)
    broken = int((~is_finite.all(axis=(0, 1))).sum())
    warn(
        f"{broken} of {values.shape[2]} channels hold values that are not finite; "
        "NaN is drawn black."
    )
    shades = np.where(values == np.inf, 255, 0).astype(np.uint8)
    for channel in np.flatnonzero(is_finite.any(axis=(0, 1))):
        known = is_finite[..., channel]
        numbers = values[known, channel].reshape(1, -1, 1)
        shades[known, channel] = _normalized(numbers)[0, :, 0]
    return shades


def _columns_of_a_square(channels: int, height: int, width: int) -> int:
    """Return how many tiles of this size make rows about as long as the rows are many."""
    return min(channels, max(1, math.ceil(math.sqrt(channels * height / width))))
