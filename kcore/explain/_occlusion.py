"""Measure how much a score falls when a part of the image is covered."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._arguments import check_finite, check_integer
from kcore.explain._class_scores import ClassIndex, chosen_classes, of_classes
from kcore.explain._heat_maps import without_holes
from kcore.inspect._model_inputs import as_images, even_size, image_size
from kcore.inspect._model_runner import ModelRunner

__all__ = ["occlusion"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Patch = tuple[slice, slice]


def occlusion(
    model: keras.Model,
    images: npt.ArrayLike,
    class_index: ClassIndex = None,
    *,
    patch_size: int = 8,
    stride: int = 4,
    value: float = 0.0,
    batch_size: int = 32,
) -> Floats:
    """Map how much the score of a class falls when a patch covers each pixel.

    A square patch moves over the image (Zeiler and Fergus, "Visualizing and understanding
    convolutional networks", ECCV 2014). The value of a pixel is the drop in the score, averaged
    over all patches that cover the pixel. No gradient is needed. The score is the one before
    softmax or sigmoid, as in `class_scores`.

    Args:
        model: a Keras model with one input and one output (samples, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, with values scaled as the model takes them.
        class_index: the class to explain, one for all images or one for each; None means the
            predicted classes.
        patch_size: height and width of the patch in pixels.
        stride: pixels from one position of the patch to the next, at most `patch_size`. The last
            patch of a row ends where the image ends.
        value: what the patch is filled with.
        batch_size: the largest number of covered images that run at once.

    Returns:
        (images, height, width) float32, in units of the score: positive where covering the pixel
        lowers the score, negative where it raises it. A map is all zeros, and a warning gives the
        index of its image, if a value isn't finite.

    Raises:
        TypeError: if `model` is not a Keras model, or `images` is not an array of real numbers.
        ValueError: if the model has no score for each class, `class_index` is not in it, the patch
            is larger than the images, or `stride` is larger than the patch.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((2, 28, 28, 1))
        >>> kcore.explain.occlusion(kcore.models.cnn(seed=0), images).shape
        (2, 28, 28)
    """
    array = as_images(images)
    value = check_finite("value", value)
    runner = ModelRunner(model, array, batch_size, "images")
    size = image_size(array, runner.is_channels_first)
    patches = _patches(size, patch_size, stride)
    chosen, scores = chosen_classes(runner, array, class_index)
    maps = np.empty((len(array), *size), np.float32)
    for index, image in enumerate(array):
        left = _scores_without(runner, image, int(chosen[index]), patches, value)
        maps[index] = _spread(scores[index] - left, patches, size)
    return without_holes("occlusion", maps)


def _patches(size: tuple[int, int], patch_size: int, stride: int) -> list[Patch]:
    check_integer("patch_size", patch_size)
    check_integer("stride", stride)
    if patch_size > min(size):
        raise ValueError(
            f"patch_size={patch_size} is larger than the images of {size[0]}×{size[1]} pixels: "
            f"give at most {min(size)}."
        )
    if stride > patch_size:
        raise ValueError(
            f"stride={stride} is larger than patch_size={patch_size}, so some pixels would never "
            f"be covered: give at most {patch_size}."
        )
    rows, columns = (_starts(pixels, patch_size, stride) for pixels in size)
    return [
        (slice(row, row + patch_size), slice(column, column + patch_size))
        for row in rows
        for column in columns
    ]


def _starts(pixels: int, patch_size: int, stride: int) -> list[int]:
    last = pixels - patch_size
    return sorted({*range(0, last + 1, stride), last})


def _scores_without(
    runner: ModelRunner, image: Array, chosen: int, patches: Sequence[Patch], value: float
) -> Array:
    """Return the score of the image with each patch covered, (patches,)."""
    size = even_size(len(patches), runner.batch_size)
    scores = np.empty(len(patches), np.float64)
    for start in range(0, len(patches), size):
        covered = np.repeat(image[None], size, axis=0)
        some = patches[start : start + size]
        for one, patch in zip(covered, some, strict=False):
            one[(slice(None), *patch) if runner.is_channels_first else patch] = value
        (found,) = runner.forward(covered, ["score"])
        of_class = of_classes(runner.score, found, np.full(size, chosen))
        scores[start : start + size] = of_class[: len(some)]
    return scores


def _spread(losses: Array, patches: Sequence[Patch], size: tuple[int, int]) -> Array:
    """Average the losses of all patches over each pixel."""
    total, count = np.zeros(size), np.zeros(size)
    for loss, patch in zip(losses, patches, strict=True):
        total[patch] += loss
        count[patch] += 1
    return total / count
