"""Show the channels of a feature map as tiles beside each other."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._arguments import check_choice, check_integer
from kcore.visualize._arrays import as_real, channels_last
from kcore.visualize._channel_shades import channel_shades
from kcore.visualize._color_maps import color_table, is_gray, is_identity
from kcore.visualize._tiles import (
    LARGEST_SCALE,
    columns_of_square,
    enlarged,
    fitting_scale,
    picture_of,
    tile,
)

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = ["feature_grid", "fitted_grid"]

Indices = npt.NDArray[np.uint16]

# Positions of other colors behind the 256 of a color map.
_PAPER, _BLACK, _WHITE = 256, 257, 258
_AXES = "(height, width, channels)"
_GAP = 2
# A notebook shows pictures up to this width pixel by pixel.
_AVAILABLE = 640
_LARGEST_TILE = 160
# For the grids of many layers below each other.
_LARGEST_OF_MANY_LAYERS = 96


def feature_grid(
    feature_map: npt.ArrayLike,
    *,
    layout: str = "grid",
    max_channels: int | None = None,
    scale: int | None = None,
    gap: int = _GAP,
    cmap: "str | Colormap" = "viridis",
    data_format: str | None = None,
) -> Image.Image:
    """Show each channel of a feature map as a tile, normalized on its own.

    The values of a channel are standardized to mean 0 and standard deviation 1, multiplied by 64,
    shifted by 128 and clipped to 0..255, the range of the color map: its middle is the channel's
    mean, and its ends are two standard deviations away. So a tile shows where its channel responds,
    not how strongly compared with other channels. A channel whose values are all the same has the
    middle color everywhere; any other is normalized, however small its values are. NaN and minus
    infinity are drawn black and infinity white; they don't count in mean and deviation.

    `feature_grid(maps, layout="row", scale=1, gap=0, cmap="gray")` has exactly one pixel for each
    value, in `(height, width * channels)`.

    Args:
        feature_map: `(height, width, channels)` in any real dtype, or a batch of one such map; with
            "channels_first", `(channels, height, width)`.
        layout: "grid" makes the picture about square, "row" puts all channels in one row. Channels
            run from left to right, then down.
        max_channels: how many channels to show, starting with the first; None for all.
        scale: width and height of each value in pixels of the picture, at most 1000; None enlarges
            small maps to tiles of up to 160 pixels, as long as the picture is at most 640 pixels
            wide.
        gap: white pixels between neighboring tiles, at most 1000.
        cmap: a matplotlib color map or its name, such as "viridis", "inferno" or "gray".
        data_format: "channels_last", "channels_first", or None for Keras's default.

    Returns:
        The picture, of mode "RGB", or "L" if the color map is gray. A notebook shows it, its `save`
        writes a file, and `numpy.asarray` gives its pixels.

    Raises:
        ValueError: if `feature_map` has another shape or isn't made of real numbers, or an option
            has another value than those above.

    Warns:
        UserWarning: if there are values that are not finite.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> maps = np.random.default_rng(0).normal(size=(1, 13, 13, 64))
        >>> picture = kcore.visualize.feature_grid(maps, data_format="channels_last")
        >>> picture.size
        (638, 638)
        >>> picture.save("maps.png")  # doctest: +SKIP
    """
    check_choice("layout", layout, ("row", "grid"))
    gap = check_integer("gap", gap, minimum=0, maximum=LARGEST_SCALE)
    table = color_table(cmap)
    values = channels_last("feature_map", as_real("feature_map", feature_map, _AXES), data_format)
    if max_channels is not None:
        values = values[..., : check_integer("max_channels", max_channels)]
    height, width, channels = values.shape
    columns = channels if layout == "row" else columns_of_square(channels, height, width)
    if scale is None:
        scale = fitting_scale(
            height, width, columns, gap, largest=_LARGEST_TILE, available=_AVAILABLE
        )
    scale = check_integer("scale", scale, maximum=LARGEST_SCALE)
    if is_identity(table):
        shades = np.moveaxis(channel_shades(values), -1, 0)
        return picture_of(tile(enlarged(shades, scale), columns, gap))
    sheet = tile(enlarged(_tiles(values), scale), columns, gap, _PAPER)
    return picture_of(_colored(sheet, table))


def fitted_grid(
    values: npt.NDArray[np.floating], width: int, cmap: "str | Colormap" = "viridis"
) -> npt.NDArray[np.uint8]:
    """Return the pixels of a grid of `(height, width, channels)` that fits into `width` pixels.

    Small maps are enlarged by integers, as far as they fit; large ones are averaged before they are
    colored, so the grid has only colors of the color map.
    """
    channels = values.shape[-1]
    across = columns_of_square(channels, *values.shape[:2])
    tiles = _tiles(values)
    width_of_one = max(1, (width + _GAP) // across - _GAP)
    if tiles.shape[2] > width_of_one:
        tiles = _averaged(tiles, width_of_one)
    rows, columns = tiles.shape[1:]
    scale = fitting_scale(
        rows, columns, across, _GAP, largest=_LARGEST_OF_MANY_LAYERS, available=width
    )
    sheet = tile(enlarged(tiles, scale), across, _GAP, _PAPER)
    return _colored(sheet, color_table(cmap))


def _tiles(values: npt.NDArray[np.floating]) -> Indices:
    """Return `(channels, height, width)`: the position of each value's color in `_colored`."""
    positions = channel_shades(values).astype(np.uint16)
    if not np.isfinite(values).all():
        positions[np.isnan(values) | (values == -np.inf)] = _BLACK
        positions[values == np.inf] = _WHITE
    return np.moveaxis(positions, -1, 0)


def _averaged(tiles: Indices, width: int) -> Indices:
    height = max(1, round(tiles.shape[1] * width / tiles.shape[2]))
    shades = np.minimum(tiles, 255).astype(np.uint8)
    small = [Image.fromarray(one).resize((width, height), Image.Resampling.BOX) for one in shades]
    return np.stack([np.asarray(one, np.uint16) for one in small])


def _colored(sheet: Indices, table: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return `(height, width)` of a gray color table, and `(height, width, 3)` of another."""
    paper, black, white = [255] * 3, [0] * 3, [255] * 3
    colors = np.vstack([table, paper, black, white]).astype(np.uint8)
    return np.take(colors[:, 0] if is_gray(table) else colors, sheet, axis=0)
