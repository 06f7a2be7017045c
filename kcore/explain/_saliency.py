"""Map the pixels that a score depends on: saliency and SmoothGrad."""

import keras
import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._arguments import check_integer, check_positive
from kcore.explain._class_scores import ClassIndex, chosen_classes, class_indices
from kcore.explain._gradients import class_gradients, slopes
from kcore.explain._heat_maps import channels_last, finished
from kcore.inspect._model_inputs import as_images, image_size
from kcore.inspect._model_runner import ModelRunner

__all__ = ["saliency", "smooth_grad"]

Floats = npt.NDArray[np.float32]

_MOST_SAMPLES = 10_000


def saliency(
    model: keras.Model,
    images: npt.ArrayLike,
    class_index: ClassIndex = None,
    *,
    batch_size: int = 32,
) -> Floats:
    """Map how much a small change of each pixel changes the score of a class.

    The value of a pixel is the absolute gradient of the score with respect to the image, maximized
    over the channels (Simonyan and others, "Deep inside convolutional networks", 2013). The score
    is the one before softmax or sigmoid, as in `class_scores`. The model is not changed.

    Args:
        model: a Keras model with one input and one output (samples, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, with values scaled as the model takes them.
        class_index: the class to explain, one for all images or one for each; None means the
            predicted classes.
        batch_size: the largest number of images that run at once.

    Returns:
        (images, height, width) float32 in 0..1; the highest value of a map is 1. A map is all
        zeros, and a warning gives the index of its image, if the score depends on no pixel, all
        pixels count the same, or a value isn't finite.

    Raises:
        TypeError: if `model` is not a Keras model, or `images` is not an array of real numbers.
        ValueError: if the model has no score for each class or takes integers, or `class_index` is
            not in it.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((2, 28, 28, 1))
        >>> kcore.explain.saliency(kcore.models.cnn(seed=0), images, class_index=3).shape
        (2, 28, 28)
    """
    array = as_images(images)
    runner = ModelRunner(model, array, batch_size, "images")
    chosen = class_indices(runner.score, class_index, len(array))
    found = class_gradients(runner, array, None, chosen)
    return _map_of(found.values, runner.is_channels_first, "saliency")


def smooth_grad(
    model: keras.Model,
    images: npt.ArrayLike,
    class_index: ClassIndex = None,
    *,
    samples: int = 50,
    noise_level: float = 0.15,
    seed: int = 0,
    batch_size: int = 32,
) -> Floats:
    """Map the pixels that a score depends on, averaged over noisy copies of the image.

    This is the map of `saliency`, but from the mean gradient over copies of the image with normal
    noise (Smilkov and others, "SmoothGrad: removing noise by adding noise", 2017). The noise
    depends only on the seed, the index of the image and the index of the copy: it is the same on
    every backend.

    Args:
        model: a Keras model with one input and one output (samples, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, with values scaled as the model takes them.
        class_index: the class to explain, one for all images or one for each; None means the
            classes predicted for the images without noise.
        samples: number of noisy copies of each image, at most 10,000.
        noise_level: standard deviation of the noise as a fraction of the range of each image's
            values, greater than 0.
        seed: an integer of at least 0.
        batch_size: the largest number of copies that run at once.

    Returns:
        (images, height, width) float32 in 0..1; the highest value of a map is 1. A map is all
        zeros, and a warning gives the index of its image, if the score depends on no pixel, all
        pixels count the same, or a value isn't finite.

    Raises:
        TypeError: if `model` is not a Keras model, or `images` is not an array of real numbers.
        ValueError: if the model has no score for each class or takes integers, `class_index` is not
            in it, or `samples`, `noise_level` or `seed` is out of range.
    """
    array = as_images(images)
    samples = check_integer("samples", samples, maximum=_MOST_SAMPLES)
    noise_level = check_positive("noise_level", noise_level)
    runner = ModelRunner(model, array, batch_size, "images")
    chosen, _ = chosen_classes(runner, array, class_index)
    keys = random.fold_in(random.key(seed), np.arange(len(array)))
    means = []
    for image, one, key in zip(array, chosen, keys, strict=True):
        noise = random.normal(random.fold_in(key, np.arange(samples)), image.shape)
        noisy = (image + noise * (noise_level * np.ptp(image))).astype(image.dtype)
        means.append(slopes(runner, noisy, int(one)).mean(axis=0, dtype=np.float64))
    return _map_of(np.stack(means), runner.is_channels_first, "smooth_grad")


def _map_of(gradients: npt.NDArray[np.floating], is_channels_first: bool, of: str) -> Floats:
    maps = np.abs(channels_last(gradients, is_channels_first)).max(axis=-1)
    return finished(maps, image_size(gradients, is_channels_first), of)
