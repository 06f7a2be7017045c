"""Measure how faithful a map is: how a score changes without its highest pixels, or with them."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._arguments import check_finite, check_integer
from kcore._arrays import read_array
from kcore.explain._array_summaries import number_range, numbers
from kcore.explain._class_scores import ClassIndex, chosen_classes
from kcore.explain._heat_maps import warn_of_holes
from kcore.inspect._model_inputs import as_images, image_size
from kcore.inspect._model_runner import ModelRunner
from kcore.inspect._score_source import Score

__all__ = ["FaithfulnessCurve", "deletion", "insertion"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

_MOST_STEPS = 10_000


@dataclass(frozen=True, eq=False)
class FaithfulnessCurve:
    """The probability of a class while more and more pixels are deleted or inserted.

    Attributes:
        fractions: the fraction of the pixels that is deleted or inserted, (steps + 1,) float32 from
            0 to 1.
        probabilities: the model's output for the class, (images, steps + 1) float32; if the model
            was compiled with a loss `from_logits`, the softmax or sigmoid of it.
        class_index: the class, (images,) int64.
    """

    fractions: Floats
    probabilities: Floats
    class_index: Indices

    @property
    def area(self) -> Floats:
        """The area under the curve of each image, by the trapezoidal rule, (images,) float32."""
        middles = (self.probabilities[:, 1:] + self.probabilities[:, :-1]) / 2
        return np.asarray(middles @ np.diff(self.fractions), np.float32)

    def __repr__(self) -> str:
        images, points = self.probabilities.shape
        return (
            f"FaithfulnessCurve({images} images, {points - 1} steps, of classes "
            f"{numbers(self.class_index)}, area in {number_range(self.area)})"
        )


def deletion(
    model: keras.Model,
    images: npt.ArrayLike,
    maps: npt.ArrayLike,
    class_index: ClassIndex = None,
    *,
    steps: int = 20,
    value: float = 0.0,
    batch_size: int = 32,
) -> FaithfulnessCurve:
    """Delete the pixels that a map ranks highest first, and record the probability of the class.

    A more faithful map gives a smaller area under the curve (Petsiuk and others, "RISE: Randomized
    input sampling for explanation of black-box models", BMVC 2018). Compare it with the area for a
    map of random numbers.

    Args:
        model: a Keras model with one input and one output (samples, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, with values scaled as the model takes them.
        maps: (images, height, width) of real numbers, such as the maps of `grad_cam`. Among equal
            values, the one further up, then further left, ranks higher.
        class_index: the class to follow, one for all images or one for each; None means the
            predicted classes.
        steps: number of equal steps in which all pixels are deleted, at most 10,000.
        value: what a deleted pixel becomes.
        batch_size: the largest number of images that run at once.

    Returns:
        The curve, from the whole image to one filled with `value`.

    Raises:
        TypeError: if `model` is not a Keras model, or `images` or `maps` is not an array of real
            numbers.
        ValueError: if the model has no score for each class, `maps` doesn't fit the images or holds
            NaN, or another argument is out of range.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> model, images = kcore.models.cnn(), np.ones((2, 28, 28, 1))
        >>> curve = kcore.explain.deletion(model, images, images[..., 0], steps=4)
        >>> curve.probabilities.shape, curve.fractions
        ((2, 5), array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32))
    """
    array = as_images(images)
    runner = ModelRunner(model, array, batch_size, "images")
    ranks = _ranks(maps, (len(array), *image_size(array, runner.is_channels_first)))
    chosen, _ = chosen_classes(runner, array, class_index)
    empty = np.full_like(array, check_finite("value", value))
    return _curve("deletion", runner, array, empty, ranks, chosen, steps)


def insertion(
    model: keras.Model,
    images: npt.ArrayLike,
    maps: npt.ArrayLike,
    class_index: ClassIndex = None,
    *,
    steps: int = 20,
    value: float = 0.0,
    batch_size: int = 32,
) -> FaithfulnessCurve:
    """Insert the pixels that a map ranks highest first, and record the probability of the class.

    The first image is filled with `value`. A more faithful map gives a larger area under the curve
    (Petsiuk and others, "RISE: Randomized input sampling for explanation of black-box models", BMVC
    2018). Compare it with the area for a map of random numbers.

    Args:
        model: a Keras model with one input and one output (samples, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, with values scaled as the model takes them.
        maps: (images, height, width) of real numbers, such as the maps of `grad_cam`. Among equal
            values, the one further up, then further left, ranks higher.
        class_index: the class to follow, one for all images or one for each; None means the
            classes predicted for the whole images.
        steps: number of equal steps in which all pixels are inserted, at most 10,000.
        value: what a pixel is before it is inserted.
        batch_size: the largest number of images that run at once.

    Returns:
        The curve, from an image filled with `value` to the whole image.

    Raises:
        TypeError: if `model` is not a Keras model, or `images` or `maps` is not an array of real
            numbers.
        ValueError: if the model has no score for each class, `maps` doesn't fit the images or holds
            NaN, or another argument is out of range.
    """
    array = as_images(images)
    runner = ModelRunner(model, array, batch_size, "images")
    ranks = _ranks(maps, (len(array), *image_size(array, runner.is_channels_first)))
    chosen, _ = chosen_classes(runner, array, class_index)
    empty = np.full_like(array, check_finite("value", value))
    return _curve("insertion", runner, empty, array, ranks, chosen, steps)


def _curve(
    name: str,
    runner: ModelRunner,
    start: Array,
    end: Array,
    ranks: Array,
    chosen: Indices,
    steps: int,
) -> FaithfulnessCurve:
    """Change the pixels of `start` into those of `end`, those of the lowest ranks first."""
    steps = check_integer("steps", steps, maximum=_MOST_STEPS)
    channel_axis = 1 if runner.is_channels_first else -1
    fractions = np.linspace(0, 1, steps + 1)
    probabilities = np.empty((len(start), steps + 1), np.float32)
    for step, fraction in enumerate(fractions):
        is_changed = ranks < round(fraction * ranks[0].size)
        mixed = np.where(np.expand_dims(is_changed, channel_axis), end, start)
        (outputs,) = runner.forward(mixed, ["output"])
        probabilities[:, step] = _of_class(runner.score, outputs, chosen)
    warn_of_holes(name, "probabilities", probabilities)
    return FaithfulnessCurve(fractions.astype(np.float32), probabilities, chosen)


def _ranks(maps: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    """Return the rank of each pixel, 0 for the one with the highest value of its map."""
    given = read_array("maps", maps)
    if given.shape != shape:
        raise ValueError(
            f"maps with shape {given.shape} must be {shape}, a value for each pixel of each image."
        )
    if given.dtype.kind not in "biuf":
        raise TypeError(f"maps holds values of dtype {given.dtype}: they must be real numbers.")
    if np.isnan(given).any():
        raise ValueError("maps holds NaN, which can't be ranked: replace it by a number.")
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
    """Return the softmax of each row, or the sigmoid if there is one unit."""
    logits = logits.astype(np.float64)
    if logits.shape[1] == 1:
        return np.asarray(np.exp(-np.logaddexp(0, -logits)))
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
