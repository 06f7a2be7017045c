"""Show many images in one picture, each with its label and its prediction."""

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._arguments import check_integer
from kcore._arrays import read_array
from kcore.visualize._arrays import Names, as_class_indices, as_names, as_pixels
from kcore.visualize._lettering import Lettering

__all__ = ["gallery"]

_MARGIN = 6
_FONT_SIZE = 12
_LINE = _FONT_SIZE + 4
_LARGEST_TILE = 4096
_RIGHT_SIGN, _WRONG_SIGN = "✓", "✗"
_PAPER, _INK, _RIGHT, _WRONG = "#ffffff", "#202020", "#1a6b2f", "#b3261e"


def gallery(
    images: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    predictions: npt.ArrayLike | None = None,
    *,
    confidences: Sequence[float] | None = None,
    class_names: Names | None = None,
    captions: Sequence[str] | None = None,
    columns: int | None = None,
    tile_size: int = 112,
) -> Image.Image:
    """Tile images into one picture, with the true and the predicted class below each.

    A right prediction is marked "✓" and written in green, a wrong one is marked "✗" and written in
    red, so the picture can be read without colors too.

    Args:
        images: `(images, height, width)` or `(images, height, width, channels)` with 1 or 3
            channels; uint8 in 0..255, or floating point in 0..1.
        labels: the true class of each image: class indices, `(images,)` or `(images, 1)`; or
            one-hot rows or probabilities, `(images, classes)`, whose largest entry counts. None for
            unlabeled images.
        predictions: the predicted class of each image: class indices, `(images,)` or `(images, 1)`;
            or one-hot rows or probabilities, `(images, classes)`, whose largest entry counts. None
            to leave them out.
        confidences: the probability of each prediction, in 0..1, to be written before it.
        class_names: the name of each class: a sequence in the order of the class indices, or a
            mapping of names to class indices; None to write the indices. Names that look alike once
            they are cut to the width of a tile are written with their indices.
        captions: a text for each image, to be written below the rest in as many lines as it needs.
        columns: how many images to put in a row; None makes the picture about twice as wide as
            high.
        tile_size: height and width of the square for each image in the picture, in pixels, from 8
            to 4096. Images keep their proportions; small ones are enlarged without smoothing, so
            that pixels stay visible.

    Returns:
        The picture, of mode "RGB". A notebook shows it, its `save` writes a file, and
        `numpy.asarray` gives its pixels, `(height, width, 3)` uint8.

    Raises:
        ValueError: if there is no image; if `images` has another shape, dtype or range than those
            above; if `labels` or `predictions` don't hold one class for each image, or a class has
            no name; if there are `confidences` without `predictions`, or not one in 0..1 for each
            image; if there is not one caption for each image; or if `columns` or `tile_size` is out
            of range.

    Warns:
        UserWarning: if no font of this computer holds the script of a name or a caption, or its
            letters can't be put in order and joined; the warning says what to install.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> picture = kcore.visualize.gallery(np.zeros((6, 28, 28)), columns=3, tile_size=28)
        >>> picture.size
        (108, 74)
    """
    tiles = _as_tiles(images)
    tile_size = check_integer("tile_size", tile_size, minimum=8, maximum=_LARGEST_TILE)
    columns = _columns(len(tiles), columns)
    percentages = _percentages(confidences, predictions, len(tiles))
    names = None if class_names is None else as_names(class_names)
    captions = _checked_captions(captions, len(tiles))
    lettering = Lettering([*(names or ()), *captions, _RIGHT_SIGN, _WRONG_SIGN], _FONT_SIZE)
    texts = _answers(
        labels, predictions, percentages, len(tiles), _Names(names, lettering, tile_size)
    )
    for lines, caption in zip(texts, captions, strict=True):
        lines += [(line, _INK) for line in _wrapped(caption, lettering, tile_size)]
    return _sheet(tiles, texts, columns, tile_size, lettering)


def _sheet(
    tiles: npt.NDArray[np.uint8],
    texts: list[list[tuple[str, str]]],
    columns: int,
    tile_size: int,
    lettering: Lettering,
) -> Image.Image:
    """Draw each image with its lines of text and color."""
    lines_each = max(map(len, texts))
    cell_width, cell_height = tile_size + _MARGIN, tile_size + _MARGIN + lines_each * _LINE
    rows = math.ceil(len(tiles) / columns)
    sheet = Image.new("RGB", (columns * cell_width + _MARGIN, rows * cell_height + _MARGIN), _PAPER)
    for index, (tile, lines) in enumerate(zip(tiles, texts, strict=True)):
        left = _MARGIN + index % columns * cell_width
        top = _MARGIN + index // columns * cell_height
        _paste(sheet, tile, left, top, tile_size)
        for number, (text, color) in enumerate(lines):
            lettering.write(sheet, text, (left, top + tile_size + 1 + number * _LINE), color)
    return sheet


def _as_tiles(images: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    array = read_array("images", images)
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[-1] not in (1, 3)):
        raise ValueError(
            f"images with shape {array.shape} must be (images, height, width) or "
            "(images, height, width, channels) with 1 or 3 channels."
        )
    return as_pixels("images", array)


def _columns(count: int, columns: int | None) -> int:
    if columns is None:
        return min(count, math.ceil(math.sqrt(2 * count)))
    return min(count, check_integer("columns", columns))


class _Names:
    """The text for each class after a prefix, within the width of a tile."""

    def __init__(self, names: list[str] | None, lettering: Lettering, width: int):
        self._names, self._lettering, self._width = names, lettering, width
        self._fitted: dict[int, list[str]] = {}
        self.count = None if names is None else len(names)

    def line(self, prefix: str, index: int) -> str:
        """Return the line for a class, which no other class has after this prefix."""
        if self._names is None:
            return self._lettering.shorten(f"{prefix}{index}", self._width)
        width = self._width - math.ceil(self._lettering.width(prefix))
        if width not in self._fitted:
            self._fitted[width] = self._lettering.fitted(self._names, width)
        return self._lettering.shorten(prefix + self._fitted[width][index], self._width)


def _answers(
    labels: npt.ArrayLike | None,
    predictions: npt.ArrayLike | None,
    percentages: list[str],
    count: int,
    names: _Names,
) -> list[list[tuple[str, str]]]:
    """Return the lines of each image: text and color."""
    true = _indices("labels", labels, count, names.count)
    predicted = _indices("predictions", predictions, count, names.count)
    answers: list[list[tuple[str, str]]] = [[] for _ in range(count)]
    for image, lines in enumerate(answers):
        if true is not None:
            lines.append((names.line("", true[image]), _INK))
        if predicted is not None and true is None:
            lines.append((names.line(percentages[image], predicted[image]), _INK))
        elif predicted is not None and true is not None:
            is_right = predicted[image] == true[image]
            sign, color = (_RIGHT_SIGN, _RIGHT) if is_right else (_WRONG_SIGN, _WRONG)
            line = names.line(f"{sign} {percentages[image]}", predicted[image])
            lines.append((line, color))
    return answers


def _percentages(
    confidences: Sequence[float] | None, predictions: npt.ArrayLike | None, count: int
) -> list[str]:
    if confidences is None:
        return [""] * count
    if predictions is None:
        raise ValueError("confidences belong to predictions; give predictions too.")
    shape = read_array("confidences", confidences).shape
    if shape != (count,):
        raise ValueError(
            f"confidences with shape {shape} must be one number for each of the {count} images."
        )
    for confidence in confidences:
        if not isinstance(confidence, (Real, np.number)) or not 0 <= confidence <= 1.001:
            raise ValueError(f"confidences hold {confidence}; they must lie in 0..1.")
    return [f"{confidence:.0%} " for confidence in confidences]


def _checked_captions(captions: Sequence[str] | None, count: int) -> list[str]:
    if captions is None:
        return [""] * count
    if isinstance(captions, str) or read_array("captions", captions).shape != (count,):
        raise ValueError(f"captions must be a list of {count} texts, one for each image.")
    return [str(caption) for caption in captions]


def _wrapped(caption: str, lettering: Lettering, width: int) -> list[str]:
    """Break a caption into lines that are at most `width` pixels wide.

    Lines break between words, and inside a word that is wider, as sentences in Chinese are.
    """
    lines = [""]
    for word in lettering.drawable(caption).split():
        longer = f"{lines[-1]} {word}".strip()
        if lettering.width(longer) <= width:
            lines[-1] = longer
            continue
        lines.append("")
        for part in [word] if lettering.width(word) <= width else word:
            if lettering.width(lines[-1] + part) > width:
                lines.append("")
            lines[-1] += part
    return [line for line in lines if line]


def _indices(
    argument: str, values: npt.ArrayLike | None, count: int, classes: int | None
) -> list[int] | None:
    if values is None:
        return None
    indices = as_class_indices(argument, values, classes)
    if len(indices) != count:
        raise ValueError(f"There are {len(indices)} {argument} for {count} images; give one each.")
    return [int(index) for index in indices]


def _paste(
    sheet: Image.Image, tile: npt.NDArray[np.uint8], left: int, top: int, tile_size: int
) -> None:
    image = Image.fromarray(tile[..., 0] if tile.ndim == 3 and tile.shape[-1] == 1 else tile)
    scale = tile_size / max(image.size)
    width, height = (max(1, round(scale * side)) for side in image.size)
    resampling = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    resized = image.resize((width, height), resampling).convert("RGB")
    sheet.paste(resized, (left + (tile_size - width) // 2, top + (tile_size - height) // 2))
