"""The features that a frozen base gives for images, computed once."""

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kcore._arguments import check_integer
from kcore._forks import check_not_forked
from kcore._progress import progress_bar
from kcore.models._arguments import check_images
from kcore.models._transfer.head import head_layers, pooled_features
from kcore.models._transfer.training_data import Samples

__all__ = ["Base", "extract_features", "features_of"]


def extract_features(
    model: keras.Model, images: Any, *, batch_size: int = 32
) -> np.ndarray[Any, Any]:
    """Compute the features of images that the head of a transferred model is trained on.

    Shows its progress on stderr.

    Args:
        model: the model that `kcore.models.transfer` returned.
        images: `(count, height, width, channels)` with values 0 to 255, any real dtype.
        batch_size: images per call into the backend. The last batch is padded, so that all batches
            have one shape and are computed alike.

    Returns:
        float32 array `(count, features)`: the base's output, flattened or averaged.

    Raises:
        ValueError: if there are no images, or `model` has no head made by `transfer`.

    Example:
        >>> import kcore, numpy as np
        >>> trained = kcore.models.binary_cnn((24, 24, 3), filters=(4, 4), seed=1)
        >>> model = kcore.models.transfer(
        ...     trained, "pool_2", preprocessing="unit", hidden_units=8
        ... )
        >>> kcore.models.extract_features(model, np.zeros((5, 24, 24, 3), "uint8")).shape
        (5, 64)
    """
    head_layers(model)
    images = check_images("images", images, model)
    batch_size = min(check_integer("batch_size", batch_size), max(len(images), 1))
    return _of_images(Base(model, batch_size), images)


def features_of(base: "Base", samples: Samples, check: Callable[[Any], Samples]) -> Samples:
    """Return features in place of images, with labels and weights.

    Args:
        base: the frozen base.
        samples: arrays or a dataset.
        check: function that turns a batch of the dataset into `Samples`.
    """
    if samples.is_dataset:
        return _of_dataset(base, samples.x, check)
    return Samples(_of_images(base, np.asarray(samples.x)), samples.y, samples.weight)


class Base:
    """The frozen base, compiled for one size of batches, so that all images are computed alike.

    Args:
        model: the model that `transfer` returned.
        batch_size: a shorter batch is padded to it with its last image; a longer one is split.

    Attributes:
        seconds: total time of its computations, without the first batch, which compiles it.
    """

    def __init__(self, model: Any, batch_size: int) -> None:
        check_not_forked("kcore.models.extract_features or train_head")
        self._model = pooled_features(model)
        self.batch_size = check_integer("batch_size", batch_size)
        self.seconds = 0.0
        self._is_compiled = False

    def __call__(self, images: Any) -> np.ndarray[Any, Any]:
        """Map images `(count, height, width, channels)` to features, float32 `(count, …)`."""
        starts = range(0, len(images), self.batch_size)
        return np.concatenate([self._of_batch(images[i : i + self.batch_size]) for i in starts])

    def _of_batch(self, images: Any) -> np.ndarray[Any, Any]:
        count = len(images)
        if count < self.batch_size:
            fill = np.repeat(images[-1:], self.batch_size - count, axis=0)
            images = np.concatenate([images, fill])
        start = time.perf_counter()
        features = np.asarray(self._model.predict_on_batch(images))[:count].astype("float32")
        self.seconds += time.perf_counter() - start if self._is_compiled else 0.0
        self._is_compiled = True
        return features


def _of_images(base: Base, images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if not len(images):
        raise ValueError("images is empty: give at least one image.")
    parts = []
    with progress_bar("Computing features", total=len(images), delay=2.0) as progress:
        for start in range(0, len(images), base.batch_size):
            parts.append(base(images[start : start + base.batch_size]))
            progress.update(len(parts[-1]))
    return np.concatenate(parts)


def _of_dataset(base: Base, dataset: Any, check: Callable[[Any], Samples]) -> Samples:
    parts = []
    with progress_bar(
        "Computing features", total=len(dataset), unit="batches", delay=2.0
    ) as progress:
        for position in range(len(dataset)):
            batch = check(dataset[position])
            parts.append(Samples(base(batch.x), batch.y, batch.weight))
            progress.update()
    weights = [part.weight for part in parts if part.weight is not None]
    return Samples(
        np.concatenate([part.x for part in parts]),
        np.concatenate([part.y for part in parts]),
        np.concatenate(weights) if weights else None,
    )
