"""Whether a map is right: how a score falls without its best pixels, and rises with them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_finite, check_integer
from kcore._arrays import read_array
from kcore.explain._class_scores import chosen_classes
from kcore.explain._heat_maps import warn_of_holes
from kcore.inspect._layer_outputs import Score
from kcore.inspect._model_inputs import as_images, image_size
from kcore.inspect._model_runner import reader_of
from kcore.models._arguments import check_at_most

__all__ = ["FaithfulnessCurve", "deletion", "insertion"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

_MOST_STEPS = 10_000


@dataclass(frozen=True)
class FaithfulnessCurve:
    """How the probability of a class runs while pixels are deleted or inserted.

    Attributes:
        fractions: the part of the pixels that is deleted or inserted, (steps + 1,) from 0 to 1.
        probabilities: the model's output for the class, (images, steps + 1) float32; where the
            model was compiled with a loss `from_logits`, the softmax or sigmoid of it.
        class_index: the class, (images,) int64.
    """

    fractions: Floats
    probabilities: Floats
    class_index: Indices

    @property
    def area(self) -> Floats:
        """The area under the course of each image, by the trapezoidal rule, (images,)."""
        middles = (self.probabilities[:, 1:] + self.probabilities[:, :-1]) / 2
        return np.asarray(middles @ np.diff(self.fractions), np.float32)


def deletion(
    model: Any,
    images: Any,
    maps: Any,
    class_index: Any = None,
    *,
    steps: int = 20,
    value: float = 0.0,
    batch_size: int = 32,
) -> FaithfulnessCurve:
    """Delete pixels, those first that a map says matter most, and watch the class fall.

    A better map gives a smaller area under the course (Petsiuk and others, "RISE: Randomized input
    sampling for explanation of black-box models", BMVC 2018). Compare it with that of a map of
    random numbers.

    Args:
        model: a Keras model with one input and one output (images, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, scaled as the model takes them.
        maps: (images, height, width), such as those of `grad_cam`. Of equal values the one
            further up and left counts as the larger.
        class_index: the class, one for all or one for each image; None means the predicted ones.
        steps: in how many equal steps all pixels go.
        value: what a deleted pixel is.
        batch_size: the most images that run at a time.

    Returns:
        The course, from the whole image to none of it.

    Raises:
        TypeError: if `model` is no Keras model, or `images` no array.
        ValueError: if the model has no scores, `maps` doesn't fit to the images or holds NaN, or
            another argument is out of range.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> model, images = kcore.models.cnn(), np.ones((2, 28, 28, 1))
        >>> course = kcore.explain.deletion(model, images, images[..., 0], steps=4)
        >>> course.probabilities.shape, course.fractions
        ((2, 5), array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32))
    """
    return _course(model, images, maps, class_index, steps, value, batch_size, is_deletion=True)


def insertion(
    model: Any,
    images: Any,
    maps: Any,
    class_index: Any = None,
    *,
    steps: int = 20,
    value: float = 0.0,
    batch_size: int = 32,
) -> FaithfulnessCurve:
    """Start from an empty image, insert pixels, those first that matter most, and watch the class.

    A better map gives a larger area under the course; see `deletion`.

    Args:
        model: see `deletion`.
        images: see `deletion`.
        maps: see `deletion`.
        class_index: see `deletion`; None means the classes predicted for the whole images.
        steps: see `deletion`.
        value: what a pixel is before it is inserted.
        batch_size: see `deletion`.

    Returns:
        The course, from nothing of the image to all of it.

    Raises:
        TypeError: as `deletion`.
        ValueError: as `deletion`.
    """
    return _course(model, images, maps, class_index, steps, value, batch_size, is_deletion=False)


def _course(
    model: Any,
    images: Any,
    maps: Any,
    class_index: Any,
    steps: int,
    value: float,
    batch_size: int,
    *,
    is_deletion: bool,
) -> FaithfulnessCurve:
    array = as_images(images)
    steps = check_at_most("steps", check_integer("steps", steps), _MOST_STEPS)
    value = check_finite("value", value)
    reader = reader_of(model, array, check_integer("batch_size", batch_size), "images")
    ranks = _ranks(maps, (len(array), *image_size(array, reader.is_channels_first)))
    chosen, _ = chosen_classes(reader, array, class_index)
    channel_axis = 1 if reader.is_channels_first else -1
    fractions = np.linspace(0, 1, steps + 1)
    probabilities = np.empty((len(array), steps + 1), np.float32)
    for step, fraction in enumerate(fractions):
        changed = ranks < round(fraction * ranks[0].size)
        is_image = np.expand_dims(changed != is_deletion, channel_axis)
        mixed = np.where(is_image, array, np.asarray(value, array.dtype))
        (outputs,) = reader.forward(mixed, ["output"])
        probabilities[:, step] = _of_class(reader.score, outputs, chosen)
    warn_of_holes("deletion" if is_deletion else "insertion", "probabilities", probabilities)
    return FaithfulnessCurve(fractions.astype(np.float32), probabilities, chosen)


def _ranks(maps: Any, shape: tuple[int, ...]) -> Array:
    """Return the place of each pixel in the order from the highest value of its map."""
    given = read_array("maps", maps)
    if given.shape != shape:
        raise ValueError(
            f"maps with shape {given.shape} must be {shape}, a value for each pixel of each image."
        )
    if given.dtype.kind not in "biuf":
        raise TypeError(f"maps holds values of dtype {given.dtype}: they must be real numbers.")
    if np.isnan(given).any():
        raise ValueError("maps holds NaN, which has no place in an order.")
    order = np.argsort(-given.reshape(len(given), -1).astype(np.float64), axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(order.shape[1])[None], axis=1)
    return ranks.reshape(shape)


def _of_class(score: Score, outputs: Array, chosen: Indices) -> Array:
    if score.has_logits:
        outputs = _probabilities(outputs)
    if score.is_signed:
        outputs = np.concatenate([1 - outputs, outputs], axis=1)
    return np.take_along_axis(outputs, chosen[:, None], axis=1)[:, 0]


def _probabilities(logits: Array) -> Array:
    """Return the softmax of each row, or the sigmoid where there is one unit."""
    logits = logits.astype(np.float64)
    if logits.shape[1] == 1:
        return np.asarray(np.exp(-np.logaddexp(0, -logits)))
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
