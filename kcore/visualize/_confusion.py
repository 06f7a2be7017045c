"""Which classes a model takes for which others: the counts, and their picture."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from kcore._arguments import check_integer
from kcore._arrays import read_array
from kcore.visualize._arrays import Names, as_class_indices, check_class_names, columns_of
from kcore.visualize._color_map import ink_on_paper
from kcore.visualize._lettering import Font, fitted, font_of

__all__ = ["confusion_matrix", "confusion_picture"]

_CELL = 44
_NARROW_CELL = 12
_MANY_CLASSES = 25
_MARGIN = 8
_FONT_SIZE = 13
_NAME_WIDTH = 140
_LINE = _FONT_SIZE + 6
_PAPER, _INK, _LIGHT_INK, _RULE = "#ffffff", "#202020", "#ffffff", "#d0d0d0"


def confusion_matrix(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, classes: int | None = None
) -> npt.NDArray[np.int64]:
    """Count how often each class is taken for each class.

    Args:
        labels: the true class index of each image, (images,) or (images, 1); or one-hot rows or
            probabilities, (images, classes).
        predictions: the predicted class of each image, in the same ways: what a softmax returns
            can be given as it is.
        classes: number of classes; by default that of the rows, or the largest index and one.

    Returns:
        The counts, `(classes, classes)` int64: row is the true class, column the predicted one.

    Raises:
        ValueError: if the indices are no integers of at least 0, if one is not below `classes`, if
            a row isn't made of probabilities that sum to 1, or if there are not as many predictions
            as labels.

    Example:
        >>> import kcore
        >>> kcore.visualize.confusion_matrix([0, 0, 1, 1, 1], [0, 1, 1, 1, 0])
        array([[1, 1],
               [1, 2]])
    """
    if classes is None:
        classes = columns_of("labels", labels) or columns_of("predictions", predictions)
    else:
        classes = check_integer("classes", classes)
    true = as_class_indices("labels", labels, classes)
    predicted = as_class_indices("predictions", predictions, classes)
    if len(true) != len(predicted):
        raise ValueError(f"There are {len(predicted)} predictions for {len(true)} labels.")
    if classes is None:
        if not len(true):
            raise ValueError("There are no labels; give classes, the number of classes.")
        classes = int(max(true.max(), predicted.max())) + 1
    counts = np.bincount(true * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def confusion_picture(
    matrix: npt.ArrayLike, class_names: Names | None = None
) -> npt.NDArray[np.uint8]:
    """Draw a confusion matrix, with the true classes as rows and the predicted ones as columns.

    The darker a cell, the larger its share of its row, which is the true class; the number in it is
    the count. With more than 25 classes the cells are small and bear no numbers.

    Args:
        matrix: counts, `(classes, classes)`: what `confusion_matrix` returns.
        class_names: the name of each class, in the order of their indices, or name -> index;
            without it the indices are written. Names that look alike once they are cut are written
            with their indices.

    Returns:
        The picture, `(height, width, 3)` uint8.

    Raises:
        ValueError: if the matrix is not square or holds anything but counts, or there is not one
            name for each class.

    Example:
        >>> import kcore
        >>> picture = kcore.visualize.confusion_picture([[9, 1], [2, 8]], ["cat", "dog"])
        >>> picture.dtype, picture.shape[-1]
        (dtype('uint8'), 3)
    """
    counts = check_matrix(matrix)
    font = font_of(_FONT_SIZE if len(counts) <= _MANY_CLASSES else _NARROW_CELL - 2)
    names = fitted(check_class_names(class_names, len(counts)), font, _NAME_WIDTH)
    return _Sheet(counts, names, font).draw()


def check_matrix(matrix: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the counts of a square matrix, or say what is wrong with it."""
    counts = read_array("matrix", matrix)
    is_square = counts.ndim == 2 and counts.shape[0] == counts.shape[1] > 0
    if not is_square or not np.issubdtype(counts.dtype, np.integer) or counts.min() < 0:
        raise ValueError(
            f"matrix with shape {counts.shape} and dtype {counts.dtype} must be counts, "
            "(classes, classes): what confusion_matrix returns."
        )
    return counts.astype(np.int64)


def row_shares(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return each count divided by the sum of its row; 0 in a row without counts."""
    sums = counts.sum(axis=1, keepdims=True)
    return counts / np.where(sums == 0, 1, sums)


class _Sheet:
    """The layout of one picture: names at the left and above, cells right of and below them."""

    def __init__(self, counts: npt.NDArray[np.int64], names: list[str], font: Font):
        self._counts, self._names, self._font = counts, names, font
        self._has_numbers = len(counts) <= _MANY_CLASSES
        widest = max(font.getlength(f"{count:,}") for count in counts.flat)
        self._cell = max(_CELL, round(widest) + 12) if self._has_numbers else _NARROW_CELL
        longest = max(font.getlength(name) for name in names)
        self._name_space = round(max(longest, font.getlength("is"))) + 2 * _MARGIN
        self._left = _LINE + self._name_space
        self._top = _LINE + self._name_space

    def draw(self) -> npt.NDArray[np.uint8]:
        side = len(self._counts) * self._cell
        width = max(self._left + side, round(self._left + self._font.getlength("predicted class")))
        sheet = Image.new("RGB", (width + _MARGIN, self._top + side + _MARGIN), _PAPER)
        self._write_upright(sheet, "true class", _MARGIN // 2, self._top + side // 2)
        draw = ImageDraw.Draw(sheet)
        middle = max(
            self._left, self._left + side / 2 - self._font.getlength("predicted class") / 2
        )
        draw.text((middle, _MARGIN // 2), "predicted class", fill=_INK, font=self._font)
        for index, name in enumerate(self._names):
            center = index * self._cell + self._cell // 2
            right = self._left - _MARGIN - self._font.getlength(name)
            draw.text((right, self._top + center), name, fill=_INK, font=self._font, anchor="lm")
            self._write_upright(sheet, name, self._left + center, self._top - _MARGIN, foot=True)
        self._draw_cells(draw)
        return np.asarray(sheet)

    def _draw_cells(self, draw: ImageDraw.ImageDraw) -> None:
        shares = row_shares(self._counts)
        colors = ink_on_paper(shares)
        for (row, column), count in np.ndenumerate(self._counts):
            left, top = self._left + column * self._cell, self._top + row * self._cell
            box = (left, top, left + self._cell, top + self._cell)
            draw.rectangle(box, fill=tuple(map(int, colors[row, column])), outline=_RULE)
            if self._has_numbers and count:
                ink = _LIGHT_INK if shares[row, column] > 0.6 else _INK
                center = (left + self._cell / 2, top + self._cell / 2)
                draw.text(center, f"{count:,}", fill=ink, font=self._font, anchor="mm")

    def _write_upright(
        self, sheet: Image.Image, text: str, x: int, y: int, foot: bool = False
    ) -> None:
        """Write from below to above: ending at `y` with the foot, or centered on it."""
        length, line = max(1, round(self._font.getlength(text))), min(_LINE, self._cell)
        label = Image.new("L", (length, line), 255)
        ImageDraw.Draw(label).text((0, line // 2), text, fill=32, font=self._font, anchor="lm")
        upright = label.rotate(90, expand=True)
        left = x - line // 2 if foot else x
        sheet.paste(upright, (left, y - length if foot else y - length // 2))
