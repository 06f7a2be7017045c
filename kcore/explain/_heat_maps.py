"""Heat maps: resized to the image, rescaled to 0..1, and all zeros if they mean nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._warning import warn

__all__ = ["channels_last", "finished", "resized", "warn_of_holes", "without_holes"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

# Float32 leaves about seven digits; less spread than this is rounding.
_FLAT = 1e-6


def channels_last(array: Array, is_channels_first: bool) -> Array:
    """Return (batch, height, width, channels)."""
    return np.moveaxis(array, 1, -1) if is_channels_first else array


def resized(maps: Array, size: tuple[int, int]) -> Array:
    """Resize (..., height, width) by linear interpolation between the centers of cells.

    Beyond the outermost centers, values are those at the edge.
    """
    height, width = (_interpolation(*sizes) for sizes in zip(maps.shape[-2:], size, strict=True))
    return np.einsum("Hh,...hw,Ww->...HW", height, maps, width, optimize=True)


def finished(raw: Array, size: tuple[int, int], of: str) -> Floats:
    """Resize maps to the image and rescale them to 0..1.

    Negative values count against the class and become 0. The rest is divided by its maximum. A map
    without a positive value, with the same value everywhere or with values that aren't finite says
    nothing about positions: it becomes all zeros, and a warning gives the indices of the images.

    Args:
        raw: (images, height, width).
        size: height and width of the image.
        of: the function that makes the maps, for the warning.

    Returns:
        (images, height, width) float32.
    """
    maps = raw.astype(np.float64)
    is_finite = np.isfinite(maps).all(axis=(1, 2))
    maps[~is_finite] = 0
    positive = np.maximum(maps, 0)
    highest, lowest = positive.max(axis=(1, 2)), positive.min(axis=(1, 2))
    is_positive = highest > 0
    is_flat = is_positive & (highest - lowest <= _FLAT * highest)
    for reason, is_hit in (
        ("their values aren't finite", ~is_finite),
        ("they have no positive value", is_finite & ~is_positive),
        ("they are the same everywhere", is_flat),
    ):
        _warn(of, reason, np.flatnonzero(is_hit))
    positive[is_flat] = 0
    large = resized(positive, size)
    top = large.max(axis=(1, 2), keepdims=True)
    return np.divide(large, top, out=np.zeros_like(large), where=top > 0).astype(np.float32)


def without_holes(of: str, maps: Array) -> Array:
    """Return signed maps, with all zeros for each map that has a value that isn't finite."""
    axes = tuple(range(1, maps.ndim))
    is_finite = np.isfinite(maps).all(axis=axes)
    _warn(of, "their values aren't finite", np.flatnonzero(~is_finite))
    return np.where(np.expand_dims(is_finite, axes), maps, np.zeros_like(maps))


def warn_of_holes(of: str, what: str, values: Array) -> None:
    """Warn about samples for which a model gives values that aren't finite.

    Args:
        of: the function.
        what: what the values are.
        values: (samples, ...).
    """
    is_finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not is_finite.all():
        indices = ", ".join(map(str, np.flatnonzero(~is_finite)))
        warn(
            f"{of}: the {what} of these samples are NaN or infinite, because the model's weights "
            f"are, or something in it overflows: {indices}."
        )


def _warn(of: str, reason: str, images: Sequence[int] | Array) -> None:
    if len(images):
        indices = ", ".join(map(str, images))
        warn(f"{of}: the maps of these images are all zeros, because {reason}: {indices}.")


def _interpolation(cells: int, pixels: int) -> Array:
    """Return (pixels, cells), the weight of each cell in each pixel."""
    centers = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    before = np.floor(centers).astype(int)
    after = np.minimum(before + 1, cells - 1)
    fraction = centers - before
    weights = np.zeros((pixels, cells))
    rows = np.arange(pixels)
    np.add.at(weights, (rows, before), 1 - fraction)
    np.add.at(weights, (rows, after), fraction)
    return weights
