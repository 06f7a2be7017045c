"""Many images in one picture, each with its label and what a model said."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from kcore.arguments import check_whole

__all__ = ["gallery"]

_MARGIN = 6
_FONT_SIZE = 12
_LINE = _FONT_SIZE + 4
# Pillow's own font has few signs beyond ASCII.
_RIGHT_SIGN, _WRONG_SIGN = "=", "x"
_PAPER, _INK, _RIGHT, _WRONG = "#ffffff", "#202020", "#1a6b2f", "#b3261e"


def gallery(
    images: npt.ArrayLike,
    labels: Sequence[int] | npt.NDArray[np.integer] | None = None,
    predictions: Sequence[int] | npt.NDArray[np.integer] | None = None,
    *,
    class_names: Sequence[str] | None = None,
    columns: int | None = None,
    tile_size: int = 96,
) -> npt.NDArray[np.uint8]:
    """Tile images into one picture, with the true label and the predicted one below each.

    A right prediction is marked "=" and written in green, a wrong one is marked "x" and written in
    red, so that the picture reads without colours too.

    Args:
        images: `(images, height, width)` or `(images, height, width, channels)` with 1 or 3
            channels; uint8 in 0..255, or floating point in 0..1.
        labels: the true class index of each image, or `None`.
        predictions: the predicted class index of each image, or `None`.
        class_names: the name of each class; without it the indices are written.
        columns: images in one row; by default what makes the picture about twice as wide as high.
        tile_size: height and width of each image in the picture, in pixels. Images keep their
            proportions; small ones are enlarged without smoothing, so that pixels stay visible.

    Returns:
        The picture, `(height, width, 3)` uint8.

    Raises:
        ValueError: if there is no image, if the shape, dtype or range is another than those above,
            if there are not as many labels or predictions as images, or an index has no name.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> picture = kcore.visualize.gallery(np.zeros((6, 28, 28)), columns=3, tile_size=28)
        >>> picture.shape
        (74, 108, 3)
    """
    tiles = _as_uint8(np.asarray(images))
    tile_size = check_whole("tile_size", tile_size, minimum=8)
    columns = _columns(len(tiles), columns)
    captions = [
        _names("labels", labels, len(tiles), class_names),
        _names("predictions", predictions, len(tiles), class_names),
    ]
    lines = sum(names is not None for names in captions)
    cell_width, cell_height = tile_size + _MARGIN, tile_size + _MARGIN + lines * _LINE
    rows = math.ceil(len(tiles) / columns)
    sheet = Image.new("RGB", (columns * cell_width + _MARGIN, rows * cell_height + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, tile in enumerate(tiles):
        left = _MARGIN + index % columns * cell_width
        top = _MARGIN + index // columns * cell_height
        _paste(sheet, tile, left, top, tile_size)
        _caption(draw, captions, index, left, top + tile_size, tile_size)
    return np.asarray(sheet)


def _as_uint8(images: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] not in (1, 3)):
        raise ValueError(
            f"images with shape {images.shape} must be (images, height, width) or "
            "(images, height, width, channels) with 1 or 3 channels."
        )
    if images.size == 0:
        raise ValueError(f"images with shape {images.shape} hold no pixel; give an image.")
    if images.dtype == np.uint8:
        return images.astype(np.uint8, copy=False)
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images with dtype {images.dtype} must be uint8, or floats in 0..1.")
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"images range from {low:.4g} to {high:.4g}; floats must lie in 0..1. "
            "Rescale them, or give uint8."
        )
    return np.rint(images * 255).astype(np.uint8)


def _columns(count: int, columns: int | None) -> int:
    if columns is None:
        return min(count, math.ceil(math.sqrt(2 * count)))
    return check_whole("columns", columns)


def _names(
    argument: str,
    indices: Sequence[int] | npt.NDArray[np.integer] | None,
    count: int,
    class_names: Sequence[str] | None,
) -> list[str] | None:
    if indices is None:
        return None
    if len(indices) != count:
        raise ValueError(f"There are {len(indices)} {argument} for {count} images; give one each.")
    if class_names is None:
        return [str(index) for index in indices]
    for index in indices:
        if not 0 <= index < len(class_names):
            raise ValueError(
                f"{argument} hold the class index {index}, but class_names has "
                f"{len(class_names)} names."
            )
    return [class_names[index] for index in indices]


def _paste(
    sheet: Image.Image, tile: npt.NDArray[np.uint8], left: int, top: int, tile_size: int
) -> None:
    image = Image.fromarray(tile[..., 0] if tile.ndim == 3 and tile.shape[-1] == 1 else tile)
    scale = tile_size / max(image.size)
    width, height = (max(1, round(scale * side)) for side in image.size)
    resampling = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    resized = image.resize((width, height), resampling).convert("RGB")
    sheet.paste(resized, (left + (tile_size - width) // 2, top + (tile_size - height) // 2))


def _caption(
    draw: ImageDraw.ImageDraw,
    captions: Sequence[list[str] | None],
    index: int,
    left: int,
    top: int,
    width: int,
) -> None:
    font = ImageFont.load_default(_FONT_SIZE)
    true, predicted = (names[index] if names else None for names in captions)
    lines = [] if true is None else [(true, _INK)]
    if predicted is not None and true is not None:
        right = predicted == true
        lines.append(
            (f"{_RIGHT_SIGN if right else _WRONG_SIGN} {predicted}", _RIGHT if right else _WRONG)
        )
    elif predicted is not None:
        lines.append((predicted, _INK))
    for number, (text, colour) in enumerate(lines):
        shortened = _shorten(text, font, width)
        draw.text((left, top + 2 + number * _LINE), shortened, fill=colour, font=font)


def _shorten(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
