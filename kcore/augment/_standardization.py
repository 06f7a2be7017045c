"""Standardize pixels, each image by itself or by the statistics of many images."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_finite, check_switch
from kcore.data._functions import asked_for

__all__ = ["Standardization", "Statistics", "fitted"]

_Array = npt.NDArray[Any]

# The legacy class adds this to each standard deviation before it divides by it.
_EPSILON = 1e-6
# The float64 squares of some images fit into memory; those of all may not.
_IMAGES_AT_ONCE = 256
# For more than 2**15 values per image, a whitening matrix would take more than 4 GiB.
_MOST_VALUES_TO_WHITEN = 2**15


@dataclass(frozen=True)
class Statistics:
    """The statistics of the images given to `fit`.

    Attributes:
        mean: mean of each channel, shape (1, 1, channels) or (channels, 1, 1); None if not needed.
        std: standard deviation of each channel, in the same shape.
        zca_whitening_matrix: shape (values, values), for the height * width * channels values of
            an image.
    """

    mean: _Array | None = None
    std: _Array | None = None
    zca_whitening_matrix: _Array | None = None


@dataclass(frozen=True, kw_only=True)
class Standardization:
    """The steps of `ImageDataGenerator.standardize`, in their order, with the legacy names.

    Attributes:
        preprocessing_function: function that takes and returns one image, a float32 array of three
            axes. If it has parameters named `index` and `epoch`, it is also given those of the
            sample.
        rescale: factor that multiplies the pixels next; None for no rescaling.
        samplewise_center: subtract each image's own mean.
        samplewise_std_normalization: and divide by its own standard deviation.
        featurewise_center: subtract the mean of each channel over the images of `fit`.
        featurewise_std_normalization: and divide by the standard deviation of each channel.
        zca_whitening: multiply by the whitening matrix of `fit`.
        zca_epsilon: number that is added to the singular values in the whitening matrix.

    Raises:
        ValueError: if an option is invalid, or two exclude each other.
    """

    preprocessing_function: Callable[..., npt.ArrayLike] | None = None
    rescale: float | None = None
    samplewise_center: bool = False
    samplewise_std_normalization: bool = False
    featurewise_center: bool = False
    featurewise_std_normalization: bool = False
    zca_whitening: bool = False
    zca_epsilon: float = 1e-6

    def __post_init__(self) -> None:
        function = self.preprocessing_function
        if function is not None and not callable(function):
            raise ValueError(
                f"preprocessing_function={function!r} must be a function of an image, or None."
            )
        for name in _SWITCHES:
            check_switch(name, getattr(self, name))
        if check_finite("zca_epsilon", self.zca_epsilon) < 0:
            raise ValueError(f"zca_epsilon={self.zca_epsilon!r} must be at least 0.")
        if self.zca_whitening and self.featurewise_std_normalization:
            raise ValueError(
                "zca_whitening=True already gives all values a standard deviation of 1; "
                "leave out featurewise_std_normalization=True."
            )

    @property
    def active_steps(self) -> tuple[str, ...]:
        """The names of the samplewise and featurewise steps that are switched on."""
        return tuple(name for name in _SWITCHES if getattr(self, name))

    @property
    def only_rescales(self) -> bool:
        """Whether multiplying by `rescale` is the only step."""
        return self.preprocessing_function is None and not self.active_steps

    @property
    def needs_fit(self) -> bool:
        """Whether a step needs the mean of each channel, and so a call of `fit`."""
        return self.featurewise_center or self.featurewise_std_normalization or self.zca_whitening

    def before_statistics(
        self, images: _Array, indices: npt.ArrayLike | None = None, epoch: int = 0
    ) -> _Array:
        """Apply the steps that need no `fit` to float32 images (n, ., ., .).

        The indices are those of the images in their dataset; None for 0 to n - 1.
        """
        if self.preprocessing_function is not None:
            images = self.preprocessed(images, indices, epoch).astype(np.float32, copy=False)
        if self.rescale is not None:
            images = images * np.float32(self.rescale)
        axes = (1, 2, 3)
        if self.samplewise_center or self.samplewise_std_normalization:
            images = images - _mean(images, axes)
        if self.samplewise_std_normalization:
            # The deviation of the centered images is the same, and more accurate.
            images = images / (_deviation(images, axes) + np.float32(_EPSILON))
        return images

    def preprocessed(
        self, images: _Array, indices: npt.ArrayLike | None = None, epoch: int = 0
    ) -> _Array:
        """Return what `preprocessing_function` makes of float32 images, in the dtype it returns."""
        numbers = np.arange(len(images)) if indices is None else np.asarray(indices)
        return np.stack(
            [
                self._preprocessed(image, index=int(index), epoch=epoch)
                for image, index in zip(images, numbers, strict=True)
            ]
        )

    def standardized(
        self,
        images: _Array,
        statistics: Statistics,
        indices: npt.ArrayLike | None = None,
        epoch: int = 0,
    ) -> _Array:
        """Apply all steps, those of `before_statistics` first, to float32 images (n, ., ., .).

        Raises:
            ValueError: if statistics that a step needs are missing, or belong to images with
                another number of channels.
        """
        self.check_fitted(statistics, images.shape[1:])
        images = self.before_statistics(images, indices, epoch)
        if statistics.mean is not None and self.needs_fit:
            images = images - statistics.mean
        if statistics.std is not None and self.featurewise_std_normalization:
            images = images / (statistics.std + np.float32(_EPSILON))
        if statistics.zca_whitening_matrix is not None and self.zca_whitening:
            flat = images.reshape(len(images), -1)
            images = (flat @ statistics.zca_whitening_matrix).reshape(images.shape)
        return images

    def _preprocessed(self, image: _Array, **sample: int) -> _Array:
        assert self.preprocessing_function is not None
        asked = asked_for(self.preprocessing_function, sample)
        details = {name: sample[name] for name in asked}
        result = np.asarray(self.preprocessing_function(image.copy(), **details))
        if result.shape != image.shape:
            raise ValueError(
                f"preprocessing_function turned an image of shape {image.shape} into "
                f"{result.shape}; it must keep the shape."
            )
        return result

    def check_fitted(
        self, statistics: Statistics, image_shape: tuple[int, ...] | None = None
    ) -> None:
        """Raise a ValueError if statistics that a step needs are missing or don't fit.

        Args:
            statistics: the statistics from `fit`.
            image_shape: shape of one image; None if it isn't known yet.
        """
        needed = {
            "zca_whitening_matrix": ("zca_whitening", self.zca_whitening),
            "std": ("featurewise_std_normalization", self.featurewise_std_normalization),
            "mean": ("featurewise_center", self.needs_fit),
        }
        for name, (option, is_needed) in needed.items():
            if not is_needed:
                continue
            values = getattr(statistics, name)
            if values is None:
                raise ValueError(
                    f"{option}=True needs statistics of images, and this generator has no {name}: "
                    "call fit(images) first."
                )
            if image_shape is not None and not _fits(name, np.shape(values), image_shape):
                raise ValueError(
                    f"{name} with shape {np.shape(values)} doesn't fit images of shape "
                    f"{tuple(image_shape)}: call fit with images of that shape, or load them with "
                    "the channels (color_mode) that fit has seen."
                )


def _fits(name: str, shape: tuple[int, ...], image_shape: tuple[int, ...]) -> bool:
    """Return whether images keep their shape if statistics of this shape are applied."""
    if name == "zca_whitening_matrix":
        return shape == (math.prod(image_shape),) * 2
    try:
        return np.broadcast_shapes(shape, image_shape) == tuple(image_shape)
    except ValueError:
        return False


_SWITCHES = (
    "samplewise_center",
    "samplewise_std_normalization",
    "featurewise_center",
    "featurewise_std_normalization",
    "zca_whitening",
)


def fitted(standardization: Standardization, images: _Array, channel_axis: int) -> Statistics:
    """Compute the statistics of float32 images that have gone through `before_statistics`.

    Args:
        standardization: the steps, which decide what statistics are needed.
        images: (n, ., ., .).
        channel_axis: 1 or 3.

    Raises:
        ValueError: if images are to be whitened and are too large for the whitening matrix.
    """
    if not standardization.needs_fit:
        return Statistics()
    axes = tuple(axis for axis in range(4) if axis != channel_axis)
    mean = _mean(images, axes)
    std = matrix = None
    if standardization.featurewise_std_normalization:
        std = _deviation_of_all(images, mean, axes)[0]
    if standardization.zca_whitening:
        matrix = _whitening_matrix(images - mean, standardization.zca_epsilon)
    return Statistics(mean[0], std, matrix)


def _mean(images: _Array, axes: tuple[int, ...]) -> _Array:
    mean: _Array = images.mean(axis=axes, keepdims=True, dtype=np.float64)
    return mean.astype(np.float32)


def _deviation(centered: _Array, axes: tuple[int, ...]) -> _Array:
    variance: _Array = np.square(centered, dtype=np.float64).mean(axis=axes, keepdims=True)
    return np.sqrt(variance).astype(np.float32)


def _deviation_of_all(images: _Array, mean: _Array, axes: tuple[int, ...]) -> _Array:
    """Return the deviation over axes that include that of the images, some images at a time."""
    squares = np.zeros(mean.shape)
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        centered = images[start : start + _IMAGES_AT_ONCE] - mean
        squares += np.square(centered, dtype=np.float64).sum(axis=axes, keepdims=True)
    return np.sqrt(squares * (mean.size / images.size)).astype(np.float32)


def _whitening_matrix(centered: _Array, epsilon: float) -> _Array:
    """Return the zero-phase whitening matrix of the legacy class, computed in float64."""
    count, values = len(centered), centered[0].size
    if values > _MOST_VALUES_TO_WHITEN:
        raise ValueError(
            f"zca_whitening of images of shape {centered.shape[1:]} needs a matrix of "
            f"{values} x {values} numbers, {values**2 * 4 / 2**30:.0f} GiB: use images of at most "
            f"{_MOST_VALUES_TO_WHITEN} values, such as 100 x 100 x 3."
        )
    flat = centered.reshape(count, values).astype(np.float64)
    directions, sizes, _ = np.linalg.svd(flat.T, full_matrices=False)
    scaled = directions * (np.sqrt(count) / (sizes + epsilon))
    return (scaled @ directions.T).astype(np.float32)
