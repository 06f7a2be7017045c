"""Transform and standardize images in memory, and compute the statistics of many."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arrays import read_array
from kcore.augment._eight_bits import as_uint8
from kcore.augment._parameters import Parameters
from kcore.augment._recipe import Recipe
from kcore.augment._standardization import Standardization, Statistics, fitted
from kcore.augment._warp import apply
from kcore.random import sample_keys

__all__ = [
    "augmented", "one_image", "read_images", "standardized", "statistics_of", "transformed",
]  # fmt: skip

_Array = npt.NDArray[Any]


def read_images(x: npt.ArrayLike) -> _Array:
    """Return float32 images of four axes from which statistics can be computed.

    Raises:
        ValueError: if `x` doesn't have four axes, holds no images, or holds NaN or infinity.
    """
    images = _float_images(x)
    if not len(images):
        raise ValueError("x holds no images; fit needs at least one.")
    is_finite = np.isfinite(images).reshape(len(images), -1).all(axis=1)
    if not is_finite.all():
        raise ValueError(
            f"x holds NaN or infinity in {np.count_nonzero(~is_finite)} of {len(images)} "
            f"images, the first at index {np.argmin(is_finite)}: the statistics of all would be "
            "NaN. Leave them out."
        )
    return images


def augmented(images: _Array, recipe: Recipe, rounds: int, seed: int) -> _Array:
    """Return each image transformed at random in several ways, without rescaling."""
    unscaled, indices = dataclasses.replace(recipe, rescale=None), np.arange(len(images))

    def transformed_in(turn: int) -> _Array:
        drawn = unscaled.draw(sample_keys(seed, turn, indices), images.shape[1:])
        return apply(images, drawn, unscaled)

    return np.concatenate([transformed_in(turn) for turn in range(rounds)])


def statistics_of(
    images: _Array, standardization: Standardization, data_format: str | None
) -> Statistics:
    """Compute the statistics for the featurewise steps and whitening from float32 images."""
    return fitted(
        standardization,
        standardization.before_statistics(images),
        channel_axis=1 if data_format == "channels_first" else 3,
    )


def standardized(
    x: npt.ArrayLike, standardization: Standardization, statistics: Statistics, dtype: str
) -> _Array:
    """Apply all steps of a standardization to one image or a batch.

    Raises:
        ValueError: if `x` has neither three nor four axes, or statistics are missing.
    """
    pixels = read_array("x", x)
    if pixels.ndim == 3:
        return standardized(pixels[None], standardization, statistics, dtype)[0]
    images = _float_images(pixels)
    if dtype == "uint8":
        return as_uint8(images, standardization)
    return standardization.standardized(images, statistics).astype(dtype)


def transformed(
    x: npt.ArrayLike, transform_parameters: Mapping[str, Any], recipe: Recipe, dtype: str
) -> _Array:
    """Transform one image by parameters in a dictionary, without rescaling.

    Raises:
        TypeError: if `transform_parameters` is not a dictionary.
        ValueError: if `x` doesn't have three axes, or a parameter is unknown or wrong.
    """
    pixels = one_image(x)
    if not isinstance(transform_parameters, Mapping):
        raise TypeError(
            f"transform_parameters={transform_parameters!r} must be a dictionary such as "
            "get_random_transform returns."
        )
    try:
        parameters = Parameters.from_dicts([transform_parameters])
    except ValueError as error:
        raise ValueError(f"transform_parameters={transform_parameters!r}: {error}") from error
    unscaled = dataclasses.replace(recipe, rescale=None)
    computed = "uint8" if dtype == "uint8" else "float32"
    return apply(pixels[None], parameters, unscaled, dtype=computed)[0].astype(dtype, copy=False)


def one_image(x: npt.ArrayLike) -> _Array:
    """Return one image as an array, or say that three axes of real numbers are wanted."""
    pixels = read_array("x", x)
    if pixels.ndim != 3 or not pixels.size:
        raise ValueError(
            f"x has shape {pixels.shape}: give one image of three axes, height, width and channels."
        )
    if pixels.dtype.kind not in "buif":
        raise ValueError(f"x with dtype {pixels.dtype} must hold real numbers, such as uint8.")
    return pixels


def _float_images(x: npt.ArrayLike) -> _Array:
    try:
        images = np.asarray(x, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"x must hold real numbers, such as uint8: {error}.") from error
    if images.ndim != 4:
        raise ValueError(
            f"x has shape {images.shape}: images have four axes, (n, height, width, channels) "
            "or (n, channels, height, width)."
        )
    return images
