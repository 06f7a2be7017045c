"""Find the images that a model misclassifies with the greatest confidence."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._arguments import check_integer
from kcore._arrays import read_array
from kcore.visualize._arrays import Names, as_class_indices, as_real, columns_of
from kcore.visualize._gallery import gallery
from kcore.visualize._lettering import Lettering

__all__ = ["Mistake", "misclassified", "predicted_classes", "worst_mistakes"]

_ROUNDING = 1e-3
_NONE_SIZE = (440, 48)
_FONT_SIZE = 14


@dataclass(frozen=True)
class Mistake:
    """One image that a model took for another class.

    Attributes:
        index: position of the image, counted from 0.
        label: class index of its true class.
        prediction: class index of the predicted class.
        confidence: probability that the model gave to the predicted class, in 0..1.
    """

    index: int
    label: int
    prediction: int
    confidence: float


def worst_mistakes(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, count: int | None = 16
) -> list[Mistake]:
    """List the wrong predictions, those with the greatest confidence first.

    Args:
        labels: the true class of each image: class indices, `(images,)` or `(images, 1)`; or
            one-hot rows or probabilities, `(images, classes)`, whose largest entry counts.
        probabilities: `(images, classes)` in 0..1, such as `model.predict` returns for a softmax
            output; or `(images,)` or `(images, 1)` for a sigmoid output, where 0.5 or more means
            class 1.
        count: how many mistakes to list at most; None for all.

    Returns:
        The mistakes; an empty list if there is none. Mistakes of equal confidence keep the order of
        the images.

    Raises:
        ValueError: if `labels` aren't classes of `probabilities`; if there is not one row of
            probabilities for each label; if a value of `probabilities` lies outside 0..1; or if
            `count` is not an integer of at least 1.

    Example:
        >>> import kcore
        >>> probabilities = [[0.4, 0.6], [0.9, 0.1], [0, 1]]
        >>> for mistake in kcore.visualize.worst_mistakes([0, 1, 1], probabilities):
        ...     print(mistake)
        Mistake(index=1, label=1, prediction=0, confidence=0.9)
        Mistake(index=0, label=0, prediction=1, confidence=0.6)
    """
    predictions, confidences = predicted_classes(probabilities)
    true = as_class_indices("labels", labels, columns_of("probabilities", probabilities) or 2)
    if len(true) != len(predictions):
        raise ValueError(
            f"There are {len(predictions)} rows of probabilities for {len(true)} labels."
        )
    wrong = np.flatnonzero(true != predictions)
    worst = wrong[np.argsort(-confidences[wrong], kind="stable")]
    if count is not None:
        worst = worst[: check_integer("count", count)]
    return [
        Mistake(int(i), int(true[i]), int(predictions[i]), float(confidences[i])) for i in worst
    ]


def misclassified(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    class_names: Names | None = None,
    count: int | None = 16,
    columns: int | None = None,
    tile_size: int = 112,
) -> Image.Image:
    """Show the misclassified images, those with the greatest confidence first.

    Below each image are its true class, and "✗" with the confidence and the predicted class. If
    nothing is misclassified, the picture says so.

    Args:
        images: `(images, height, width)` or `(images, height, width, channels)` with 1 or 3
            channels; uint8 in 0..255, or floating point in 0..1.
        labels: the true class of each image: class indices, `(images,)` or `(images, 1)`; or
            one-hot rows or probabilities, `(images, classes)`, whose largest entry counts.
        probabilities: `(images, classes)` in 0..1, such as `model.predict` returns for a softmax
            output; or `(images,)` or `(images, 1)` for a sigmoid output, where 0.5 or more means
            class 1.
        class_names: the name of each class: a sequence in the order of the class indices, or a
            mapping of names to class indices; None to write the indices. Names that look alike once
            they are cut to the width of a tile are written with their indices.
        count: how many images to show at most; None for all.
        columns: how many images to put in a row; None makes the picture about twice as wide as
            high.
        tile_size: height and width of the square for each image in the picture, in pixels, from 8
            to 4096. Images keep their proportions; small ones are enlarged without smoothing, so
            that pixels stay visible.

    Returns:
        The picture, of mode "RGB". A notebook shows it, its `save` writes a file, and
        `numpy.asarray` gives its pixels, `(height, width, 3)` uint8.

    Raises:
        ValueError: if `images` has another shape, dtype or range than those above; if there are not
            as many images as labels and rows of probabilities; if `labels` aren't classes of
            `probabilities`, or a class has no name; if a value of `probabilities` lies outside
            0..1; or if `count`, `columns` or `tile_size` is out of range.

    Warns:
        UserWarning: if no font of this computer holds the script of a name, or its letters can't be
            put in order and joined; the warning says what to install.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> images, probabilities = np.zeros((3, 28, 28)), [[0.4, 0.6], [0.9, 0.1], [0, 1]]
        >>> kcore.visualize.misclassified(images, [0, 1, 1], probabilities).size
        (242, 156)
    """
    mistakes = worst_mistakes(labels, probabilities, count)
    pictures = read_array("images", images)
    if not pictures.ndim:
        raise ValueError("images with shape () must be (images, height, width, ...).")
    if len(pictures) != len(np.asarray(labels)):
        raise ValueError(f"There are {len(np.asarray(labels))} labels for {len(pictures)} images.")
    if not mistakes:
        return _nothing_wrong(len(pictures))
    return gallery(
        pictures[[mistake.index for mistake in mistakes]],
        [mistake.label for mistake in mistakes],
        [mistake.prediction for mistake in mistakes],
        confidences=[mistake.confidence for mistake in mistakes],
        class_names=class_names,
        columns=columns,
        tile_size=tile_size,
    )


def predicted_classes(
    probabilities: npt.ArrayLike,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.floating]]:
    """Return the predicted class of each row, and its probability.

    Args:
        probabilities: `(images, classes)`, or `(images,)` or `(images, 1)` for a sigmoid output,
            where 0.5 or more means class 1.

    Raises:
        ValueError: if the shape is a different one, or a value lies outside 0..1.
    """
    values = as_real("probabilities", probabilities, "(images, classes)")
    if values.ndim not in (1, 2):
        raise ValueError(
            f"probabilities with shape {values.shape} must be (images, classes), or (images,) or "
            "(images, 1) for a sigmoid output."
        )
    low, high = values.min(), values.max()
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        raise ValueError(
            f"probabilities range from {low:.4g} to {high:.4g}; they must lie in 0..1. "
            "If they are logits, apply softmax or sigmoid first."
        )
    if values.ndim == 1 or values.shape[1] == 1:
        positive = values.reshape(-1)
        is_positive = positive >= 0.5
        return is_positive.astype(np.intp), np.where(is_positive, positive, 1 - positive)
    return values.argmax(axis=1), values.max(axis=1)


def _nothing_wrong(images: int) -> Image.Image:
    sheet = Image.new("RGB", _NONE_SIZE, "#ffffff")
    text = f"All {images:,} images are classified correctly."
    lettering = Lettering([text], _FONT_SIZE)
    left = (_NONE_SIZE[0] - lettering.width(text)) // 2
    lettering.write(sheet, text, (left, _NONE_SIZE[1] // 2 - _FONT_SIZE // 2), "#202020")
    return sheet
