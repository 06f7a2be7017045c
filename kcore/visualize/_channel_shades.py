"""Normalize the channels of a feature map, so that each shows where it responds."""

import numpy as np
import numpy.typing as npt

from kcore._warning import warn

__all__ = ["channel_shades"]

_MIDDLE = 128
_SPREAD = 64
# Up to a mean of this many shades, float32 has enough digits for a single shade.
_WELL_SCALED = 1e4
# This many values fit into the cache of a core.
_CACHED = 65536

Numbers = npt.NDArray[np.float64]


def channel_shades(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Normalize each channel of `(height, width, channels)` to shades.

    A channel is standardized to mean 0 and standard deviation 1, multiplied by 64, shifted by 128
    and clipped to 0..255; one whose values are all the same is 128 everywhere. NaN and minus
    infinity become 0, infinity 255, and they don't count in mean and deviation.

    Returns:
        The shades, in the same shape, uint8.

    Warns:
        UserWarning: if there are values that are not finite.
    """
    values = np.ascontiguousarray(values)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean, mean_square = _means(values)
        if not np.isfinite(mean_square).all() and not np.isfinite(values).all():
            return _shades_with_holes(values)
        if _squares_are_lost(values, mean_square):
            largest = np.abs(values).max(axis=(0, 1)).astype(np.float64)
            return channel_shades(values / np.where(largest == 0, 1, largest))
        deviation = _deviation(values, mean, mean_square)
    return _shades(values, mean, deviation)


def _means(values: npt.NDArray[np.floating]) -> tuple[Numbers, Numbers]:
    """Return the mean of each channel, and the mean of its squares."""
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
    # A whole row at a time, because NumPy's inner loop over few channels would be short; and few
    # rows at a time, so that intermediate results stay in the processor's cache.
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
        shades[known, channel] = channel_shades(numbers)[0, :, 0]
    return shades
