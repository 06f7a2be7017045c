"""Show the kernels of a convolution as tiles, in which gray is zero."""

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._arguments import check_integer
from kcore.visualize._arrays import as_real
from kcore.visualize._tiles import LARGEST_SCALE, enlarged, fitting_scale, picture_of, tile

__all__ = ["filters"]

_GRID_GAP, _TABLE_GAP = 6, 3
_LARGEST_TILE = 48
# A notebook shows pictures up to this width pixel by pixel, such as a table of 64 filters.
_AVAILABLE = 960
_AXES = "(kernel height, kernel width, input channels, filters)"


def filters(
    kernel: npt.ArrayLike,
    *,
    max_filters: int = 64,
    max_inputs: int = 16,
    scale: int | None = None,
) -> Image.Image:
    """Show the filters of a convolution.

    Each filter is divided by its largest absolute weight, so that mid-gray is zero, white the
    largest positive weight and black the largest negative one. A filter of zeros is mid-gray, and a
    weight that is not finite is black.

    A kernel with one input channel gives a grid of gray tiles, one with three a grid of colored
    tiles (red, green and blue in this order). Any other gives a table: a column for each filter,
    with its input channels below each other.

    Args:
        kernel: `(kernel height, kernel width, input channels, filters)`, as Keras keeps it:
            `layer.kernel`.
        max_filters: how many filters to show, starting with the first.
        max_inputs: how many input channels to show in a table, starting with the first.
        scale: width and height of each weight in pixels of the picture, at most 1000; None enlarges
            kernels to tiles of up to 48 pixels, as long as the picture is at most 960 pixels wide.

    Returns:
        The picture, of mode "RGB" for three input channels, else "L". A notebook shows it, its
        `save` writes a file, and `numpy.asarray` gives its pixels.

    Raises:
        ValueError: if `kernel` has another shape or isn't made of real numbers, or another argument
            is not an integer of at least 1, or `scale` is greater than 1000.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> kcore.visualize.filters(np.ones((3, 3, 1, 4)))
        <PIL.Image.Image image mode=L size=102x102 at ...>
    """
    weights = as_real("kernel", kernel, _AXES)
    if weights.ndim != 4:
        raise ValueError(f"kernel with shape {weights.shape} must be {_AXES}.")
    max_filters = check_integer("max_filters", max_filters)
    max_inputs = check_integer("max_inputs", max_inputs)
    scale = None if scale is None else check_integer("scale", scale, maximum=LARGEST_SCALE)
    shades = _shades(weights[..., :max_filters])
    if weights.shape[2] in (1, 3):
        tiles = np.moveaxis(shades, -1, 0)
        columns, gap = math.ceil(math.sqrt(len(tiles))), _GRID_GAP
    else:
        kept = shades[:, :, :max_inputs]
        columns, gap = kept.shape[3], _TABLE_GAP
        tiles = kept.transpose(2, 3, 0, 1).reshape(-1, *kept.shape[:2], 1)
    if tiles.shape[-1] == 1:
        tiles = tiles[..., 0]
    if scale is None:
        height, width = tiles.shape[1:3]
        scale = fitting_scale(
            height, width, columns, gap, largest=_LARGEST_TILE, available=_AVAILABLE
        )
    return picture_of(tile(enlarged(tiles, scale), columns, gap))


def _shades(weights: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    is_finite = np.isfinite(weights)
    known = np.where(is_finite, weights, 0)
    largest = np.abs(known).max(axis=(0, 1, 2))
    share = known / np.where(largest == 0, 1, largest)
    return np.where(is_finite, np.rint(127.5 + 127.5 * share), 0).astype(np.uint8)
