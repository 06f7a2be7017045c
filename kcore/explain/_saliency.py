"""Which pixels a score depends on: saliency and SmoothGrad."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._arguments import check_finite, check_integer
from kcore.explain._class_scores import chosen_classes, indices
from kcore.explain._gradients import class_gradients, slopes
from kcore.explain._heat_maps import channels_last, finished
from kcore.inspect._model_inputs import as_images, image_size
from kcore.inspect._model_runner import Reader, reader_of
from kcore.models._arguments import check_at_most

__all__ = ["saliency", "smooth_grad"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

_MOST_SAMPLES = 10_000


def saliency(model: Any, images: Any, class_index: Any = None, *, batch_size: int = 32) -> Floats:
    """Map how much a small change of each pixel changes the score of a class.

    The absolute gradient of the score with respect to the image, its maximum over the channels
    (Simonyan and others, "Deep inside convolutional networks", 2013). The score is the one before
    softmax or sigmoid; see `class_scores`. The model is left as it is.

    Args:
        model: a Keras model with one input and one output (images, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, scaled as the model takes them.
        class_index: the class, one for all or one for each image; None means the predicted ones.
        batch_size: the most images that run at a time.

    Returns:
        (images, height, width) float32 in 0..1; the highest value of a map is 1. Where no pixel
        counts, all count the same, or a value isn't finite, the map is all zeros, and a warning
        gives the number of the image.

    Raises:
        TypeError: if `model` is no Keras model, or `images` no array.
        ValueError: if the model has no scores, or `class_index` is not in it.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((2, 28, 28, 1))
        >>> kcore.explain.saliency(kcore.models.cnn(seed=0), images, class_index=3).shape
        (2, 28, 28)
    """
    array = as_images(images)
    reader = reader_of(model, array, check_integer("batch_size", batch_size), "images")
    chosen = indices(reader.score, class_index, len(array))
    found = class_gradients(reader, array, None, chosen)
    return _map_of(found.values, reader, "saliency")


def smooth_grad(
    model: Any,
    images: Any,
    class_index: Any = None,
    *,
    samples: int = 50,
    noise_level: float = 0.15,
    seed: int = 0,
    batch_size: int = 32,
) -> Floats:
    """Map which pixels a score depends on, averaged over noisy copies of the image.

    As `saliency`, of the mean gradient over copies with normal noise (Smilkov and others,
    "SmoothGrad: removing noise by adding noise", 2017). The noise depends on the seed, the number
    of the image and the number of the copy alone: it is the same on every backend.

    Args:
        model: see `saliency`.
        images: see `saliency`.
        class_index: see `saliency`; None means the classes predicted for the images without noise.
        samples: noisy copies of each image.
        noise_level: standard deviation of the noise, as a part of the range of each image.
        seed: integer of at least 0; see `kcore.random.key`.
        batch_size: the most copies that run at a time.

    Returns:
        (images, height, width) float32 in 0..1, as `saliency`.

    Raises:
        TypeError: as `saliency`.
        ValueError: as `saliency`, or if `samples`, `noise_level` or `seed` is out of range.
    """
    array = as_images(images)
    samples = check_at_most("samples", check_integer("samples", samples), _MOST_SAMPLES)
    noise_level = _positive("noise_level", noise_level)
    reader = reader_of(model, array, check_integer("batch_size", batch_size), "images")
    chosen, _ = chosen_classes(reader, array, class_index)
    keys = random.fold_in(random.key(seed), np.arange(len(array)))
    means = [
        _mean_gradient(model, image, one, key, samples, noise_level, batch_size)
        for image, one, key in zip(array, chosen, keys, strict=True)
    ]
    return _map_of(np.stack(means), reader, "smooth_grad")


def _map_of(gradients: Array, reader: Reader, of: str) -> Floats:
    maps = np.abs(channels_last(gradients, reader.is_channels_first)).max(axis=-1)
    return finished(maps, image_size(gradients, reader.is_channels_first), of)


def _mean_gradient(
    model: Any,
    image: Array,
    chosen: int,
    key: Array,
    samples: int,
    noise_level: float,
    batch_size: int,
) -> Array:
    keys = random.fold_in(key, np.arange(samples))
    noise = random.normal(keys, image.shape) * (noise_level * np.ptp(image))
    noisy = (image + noise).astype(image.dtype)
    return slopes(model, noisy, chosen, batch_size).mean(axis=0, dtype=np.float64)


def _positive(name: str, value: Any) -> float:
    number = check_finite(name, value)
    if number <= 0:
        raise ValueError(f"{name}={value!r} must be greater than 0.")
    return number
