"""Put small pictures of one size together into one."""

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["LARGEST_SCALE", "columns_of_square", "enlarged", "fitting_scale", "picture_of", "tile"]

# A larger picture is surely a mistake, and would fill the memory.
LARGEST_SCALE = 1000

Pixels = npt.NDArray[np.uint8]
Tiles = TypeVar("Tiles", npt.NDArray[np.uint8], npt.NDArray[np.uint16])


def tile(tiles: Tiles, columns: int, gap: int, paper: int = 255) -> Tiles:
    """Put tiles `(tiles, height, width, ...)` into rows of `columns`, with `gap` pixels between."""
    count, height, width = tiles.shape[:3]
    rows = math.ceil(count / columns)
    if gap or count < rows * columns:
        padded = np.full(
            (rows * columns, height + gap, width + gap, *tiles.shape[3:]), paper, dtype=tiles.dtype
        )
        padded[:count, :height, :width] = tiles
        tiles = padded
    in_rows = tiles.reshape(rows, columns, *tiles.shape[1:]).swapaxes(1, 2)
    sheet = in_rows.reshape(rows * (height + gap), columns * (width + gap), *tiles.shape[3:])
    return sheet[: sheet.shape[0] - gap, : sheet.shape[1] - gap]


def enlarged(tiles: Tiles, scale: int) -> Tiles:
    """Repeat each pixel of tiles `(tiles, height, width, ...)` along both axes."""
    # The last axis first, while there are fewer rows of it.
    return tiles if scale == 1 else tiles.repeat(scale, axis=2).repeat(scale, axis=1)


def fitting_scale(
    height: int, width: int, columns: int, gap: int, *, largest: int, available: int
) -> int:
    """Return how often to repeat the pixels of tiles, so that small tiles can be seen well.

    Args:
        height: height of a tile, in pixels.
        width: width of a tile, in pixels.
        columns: tiles in a row.
        gap: pixels between two tiles.
        largest: greatest length of the longer side of a tile, in pixels.
        available: greatest width of a row, in pixels.
    """
    width_of_one = (available + gap) // columns - gap
    return max(1, min(largest // max(height, width), width_of_one // width))


def columns_of_square(count: int, height: int, width: int) -> int:
    """Return the number of columns in which `count` tiles make about a square."""
    return min(count, max(1, math.ceil(math.sqrt(count * height / width))))


def picture_of(pixels: Pixels) -> Image.Image:
    """Return gray pixels `(height, width)` or colored ones `(height, width, 3)` as a picture."""
    return Image.fromarray(np.ascontiguousarray(pixels))
