"""The kernels of a convolution as tiles, in which gray is zero."""

import math

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore.visualize._arrays import as_real
from kcore.visualize._feature_grid import tile

__all__ = ["filters"]

_GAP = 2
_AXES = "(kernel height, kernel width, input channels, filters)"


def filters(
    kernel: npt.ArrayLike, *, max_filters: int = 64, max_inputs: int = 16, tile_size: int = 24
) -> npt.NDArray[np.uint8]:
    """Show the filters of a convolution.

    Each filter is divided by its largest absolute weight, so that mid-gray is zero, white the
    largest weight upwards and black the largest downwards. A filter of zeros is mid-gray, and a
    weight that is not finite is black.

    A kernel that reads one channel gives a grid of gray tiles, one that reads three a grid of
    colored tiles (red, green and blue in this order). Any other gives a table: a column for each
    filter, with the input channels below each other.

    Args:
        kernel: `(kernel height, kernel width, input channels, filters)`, as Keras keeps it:
            `layer.kernel`.
        max_filters: show the first so many filters.
        max_inputs: show the first so many input channels of a table.
        tile_size: at least so many pixels for the longer side of each kernel. Weights are enlarged
            by integers without smoothing.

    Returns:
        The picture, `(height, width, 3)` uint8.

    Raises:
        ValueError: if the kernel has another shape, or is no array of real numbers.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> kcore.visualize.filters(np.ones((3, 3, 1, 4)), tile_size=24).shape
        (50, 50, 3)
    """
    weights = as_real("kernel", kernel, _AXES)
    if weights.ndim != 4:
        raise ValueError(f"kernel with shape {weights.shape} must be {_AXES}.")
    max_filters = check_integer("max_filters", max_filters)
    max_inputs = check_integer("max_inputs", max_inputs)
    tile_size = check_integer("tile_size", tile_size)
    shades = _shades(weights[..., :max_filters])
    if weights.shape[2] in (1, 3):
        tiles = np.moveaxis(shades, -1, 0)
        columns = math.ceil(math.sqrt(len(tiles)))
    else:
        kept = shades[:, :, :max_inputs]
        columns = kept.shape[3]
        tiles = kept.transpose(2, 3, 0, 1).reshape(-1, *kept.shape[:2], 1)
    colored = np.broadcast_to(tiles, (*tiles.shape[:3], 3))
    return tile(_enlarged(colored, tile_size), columns, _GAP)


def _shades(weights: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    is_finite = np.isfinite(weights)
    known = np.where(is_finite, weights, 0)
    largest = np.abs(known).max(axis=(0, 1, 2))
    share = known / np.where(largest == 0, 1, largest)
    return np.where(is_finite, np.rint(127.5 + 127.5 * share), 0).astype(np.uint8)


def _enlarged(tiles: npt.NDArray[np.uint8], tile_size: int) -> npt.NDArray[np.uint8]:
    times = max(1, math.ceil(tile_size / max(tiles.shape[1:3])))
    return tiles.repeat(times, axis=1).repeat(times, axis=2)
