"""Lay a heat map over the image that it explains."""

from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._arguments import check_integer
from kcore.visualize._arrays import as_pixels, as_real
from kcore.visualize._color_maps import color_table
from kcore.visualize._tiles import LARGEST_SCALE, picture_of

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = ["overlay"]

# From ITU-R BT.601, as Pillow's conversion to gray.
_LUMA = np.array([0.299, 0.587, 0.114])
_ROUNDING = 1e-5


def overlay(
    image: npt.ArrayLike,
    heat_map: npt.ArrayLike,
    *,
    opacity: float = 0.75,
    cmap: "str | Colormap" = "inferno",
    scale: int = 1,
) -> Image.Image:
    """Lay a heat map over the image that it explains.

    The image becomes gray, so all color in the picture belongs to the map. The map is enlarged to
    the image's size by bilinear interpolation. Where the map is 1, its color covers the image with
    `opacity`; where it is lower, with proportionally less; and where it is 0, the image is
    unchanged.

    Args:
        image: `(height, width)` or `(height, width, channels)` with 1 or 3 channels, or a batch of
            one such image; uint8 in 0..255, or floating point in 0..1.
        heat_map: `(rows, columns)` of any size, or a batch of one such map, in 0..1: such as
            `kcore.explain.grad_cam` returns for one image.
        opacity: share of the color where the map is 1, in 0..1.
        cmap: a matplotlib color map or its name, such as "inferno", "viridis" or "jet". "inferno"
            goes from black through violet and orange to light yellow, and gets lighter in even
            steps.
        scale: width and height of each pixel of the image in pixels of the picture, at most 1000.

    Returns:
        The picture, of mode "RGB". A notebook shows it, its `save` writes a file, and
        `numpy.asarray` gives its pixels, `(scale * height, scale * width, 3)` uint8.

    Raises:
        ValueError: if an argument has another shape, dtype or range than those above.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> image = np.full((8, 8, 3), 200, dtype=np.uint8)
        >>> heat_map = np.array([[0.0, 1.0], [0.0, 0.0]])
        >>> picture = kcore.visualize.overlay(image, heat_map)
        >>> picture.getpixel((0, 7)), picture.getpixel((7, 0))
        ((200, 200, 200), (239, 241, 173))
    """
    scale = check_integer("scale", scale, maximum=LARGEST_SCALE)
    gray = _gray(as_pixels("image", image)).repeat(scale, axis=0).repeat(scale, axis=1)
    if isinstance(opacity, bool) or not isinstance(opacity, Real) or not 0 <= opacity <= 1:
        raise ValueError(f"opacity={opacity!r} must be a share: 0 <= opacity <= 1.")
    table = color_table(cmap)
    warmth = _resized(_checked_map(heat_map), gray.shape)
    colors = table[np.rint(warmth * (len(table) - 1)).astype(np.intp)]
    cover = (opacity * warmth)[..., np.newaxis]
    mixed = (1 - cover) * gray[..., np.newaxis] + cover * colors
    return picture_of(np.rint(mixed).astype(np.uint8))


def _gray(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.floating]:
    if pixels.ndim == 4 and len(pixels) == 1:
        pixels = pixels[0]
    if pixels.ndim == 3 and pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim == 2:
        return pixels.astype(np.float64)
    if pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise ValueError(
            f"image with shape {pixels.shape} must be (height, width) or (height, width, channels) "
            "with 1 or 3 channels."
        )
    gray: npt.NDArray[np.floating] = pixels @ _LUMA
    return gray


def _checked_map(heat_map: npt.ArrayLike) -> npt.NDArray[np.floating]:
    values = as_real("heat_map", heat_map, "(rows, columns)")
    if values.ndim == 3 and len(values) == 1:
        values = values[0]
    if values.ndim != 2:
        raise ValueError(
            f"heat_map with shape {values.shape} must be (rows, columns). If there are several "
            "maps, lay each over its own image: overlay(images[0], heat_maps[0])."
        )
    low, high = values.min(), values.max()
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        raise ValueError(f"heat_map ranges from {low:.4g} to {high:.4g}; it must lie in 0..1.")
    return values.clip(0, 1)


def _resized(values: npt.NDArray[np.floating], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    height, width = shape
    img = Image.fromarray(values.astype(np.float32))
    resized = img.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.float64).clip(0, 1)
