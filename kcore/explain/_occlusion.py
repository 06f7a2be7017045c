"""What a score loses when a part of the image is covered."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_finite, check_integer
from kcore.explain._class_scores import chosen_classes, of_classes
from kcore.explain._heat_maps import without_holes
from kcore.inspect._model_inputs import as_images, even_size, image_size
from kcore.inspect._model_runner import reader_of

__all__ = ["occlusion"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


def occlusion(
    model: Any,
    images: Any,
    class_index: Any = None,
    *,
    patch_size: int = 8,
    stride: int = 4,
    value: float = 0.0,
    batch_size: int = 32,
) -> Floats:
    """Map how much the score of a class falls when a patch covers a place.

    A square patch moves over the image (Zeiler and Fergus, "Visualizing and understanding
    convolutional networks", ECCV 2014). A pixel's value is the mean over all patches that cover it
    of what the score lost. No gradient is needed. The score is the one before softmax or sigmoid;
    see `class_scores`.

    Args:
        model: a Keras model with one input and one output (images, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, scaled as the model takes them.
        class_index: the class, one for all or one for each image; None means the predicted ones.
        patch_size: height and width of the patch in pixels.
        stride: pixels from one place of the patch to the next, at most `patch_size`. The last
            patch of a row ends where the image ends.
        value: what the patch is filled with.
        batch_size: the most covered images that run at a time.

    Returns:
        (images, height, width) float32, in units of the score: positive where covering the place
        lowers the score, negative where it raises it.

    Raises:
        TypeError: if `model` is no Keras model, or `images` no array.
        ValueError: if the model has no scores, `class_index` is not in it, or the patch doesn't
            fit.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((2, 28, 28, 1))
        >>> kcore.explain.occlusion(kcore.models.cnn(seed=0), images).shape
        (2, 28, 28)
    """
    array = as_images(images)
    value = check_finite("value", value)
    reader = reader_of(model, array, check_integer("batch_size", batch_size), "images")
    size = image_size(array, reader.is_channels_first)
    _check_patch(size, patch_size, stride)
    chosen, scores = chosen_classes(reader, array, class_index)
    patches = _patches(size, patch_size, stride)
    maps = np.empty((len(array), *size), np.float32)
    for number, image in enumerate(array):
        left = _scores_without(
            model, image, int(chosen[number]), patches, value, reader.is_channels_first, batch_size
        )
        maps[number] = _spread(scores[number] - left, patches, size)
    return without_holes("occlusion", maps)


def _patches(size: tuple[int, int], patch_size: int, stride: int) -> list[tuple[slice, slice]]:
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
    model: Any,
    image: Array,
    chosen: int,
    patches: Sequence[tuple[slice, slice]],
    value: float,
    is_channels_first: bool,
    batch_size: int,
) -> Array:
    """Return the score of the image with each patch covered, (patches,)."""
    size = even_size(len(patches), batch_size)
    scores = np.empty(len(patches), np.float64)
    for start in range(0, len(patches), size):
        covered = np.repeat(image[None], size, axis=0)
        some = patches[start : start + size]
        for one, (rows, columns) in zip(covered, some, strict=False):
            place = (slice(None), rows, columns) if is_channels_first else (rows, columns)
            one[place] = value
        reader = reader_of(model, covered, size)
        (found,) = reader.forward(covered, ["score"])
        of_class = of_classes(reader.score, found, np.full(size, chosen))
        scores[start : start + size] = of_class[: len(some)]
    return scores


def _spread(losses: Array, patches: Sequence[tuple[slice, slice]], size: tuple[int, int]) -> Array:
    """Average the losses of all patches over each pixel."""
    total, count = np.zeros(size), np.zeros(size)
    for loss, patch in zip(losses, patches, strict=True):
        total[patch] += loss
        count[patch] += 1
    return total / count


def _check_patch(size: tuple[int, int], patch_size: int, stride: int) -> None:
    check_integer("patch_size", patch_size)
    check_integer("stride", stride)
    if patch_size > min(size):
        raise ValueError(
            f"patch_size={patch_size} is larger than the images of {size[0]}×{size[1]} pixels."
        )
    if stride > patch_size:
        raise ValueError(
            f"stride={stride} is larger than patch_size={patch_size}, so that some pixels would "
            "never be covered."
        )
