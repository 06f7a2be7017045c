"""The images that a model gets wrong with the greatest confidence."""

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
    """One image that was taken for another class.

    Attributes:
        index: position of the image.
        label: its true class.
        prediction: the class that it was taken for.
        confidence: the probability that the model gave to that class.
    """

    index: int
    label: int
    prediction: int
    confidence: float


def worst_mistakes(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, count: int | None = 16
) -> list[Mistake]:
    """List the wrong predictions, those of the greatest confidence first.

    Args:
        labels: the true class index of each image, (images,) or (images, 1); or one-hot rows or
            probabilities, (images, classes).
        probabilities: `(images, classes)`: what `model.predict` returns behind a softmax; or
            `(images,)` or `(images, 1)` behind a sigmoid, where 0.5 and more means class 1.
        count: at most so many; None for all.

    Returns:
        The mistakes; an empty list if there is none. Equal ones keep the order of the images.

    Raises:
        ValueError: if `labels` are no classes, or no classes of `probabilities`; if there is not
            one row of probabilities for each, or if a value is no probability.

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
    """Show the images that were got wrong with the greatest confidence, worst first.

    Below each image stands its true class, and "x", the confidence and the class that it was taken
    for. If nothing is wrong, the picture says so.

    Args:
        images: as `gallery` takes them.
        labels: as `worst_mistakes` takes them.
        probabilities: as `worst_mistakes` takes them.
        class_names: as `gallery` takes them; without it the indices are written.
        count: show at most so many; None for all.
        columns: images in one row, as in `gallery`.
        tile_size: height and width of each image in the picture, in pixels.

    Returns:
        The picture, `(height, width, 3)` uint8.

    Raises:
        ValueError: as `worst_mistakes` and `gallery` do, or if there are not as many images as
            labels.
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
        probabilities: as `worst_mistakes` takes them.

    Raises:
        ValueError: if the shape is another, or a value lies outside of 0..1.
    """
    values = as_real("probabilities", probabilities, "(images, classes)")
    if values.ndim not in (1, 2):
        raise ValueError(
            f"probabilities with shape {values.shape} must be (images, classes), or (images,) or "
            "(images, 1) of a sigmoid."
        )
    low, high = values.min(), values.max()
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        raise ValueError(
            f"probabilities range from {low:.4g} to {high:.4g}; they must lie in 0..1. "
            "Of logits, take the softmax or the sigmoid first."
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
