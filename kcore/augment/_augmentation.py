"""What a generator does to a batch of images: draw, transform, standardize."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._console import say
from kcore.augment._eight_bits import as_uint8, check_options, rounded
from kcore.augment._parameters import Parameters
from kcore.augment._recipe import Recipe
from kcore.augment._standardization import Standardization, Statistics
from kcore.augment._warp import apply
from kcore.data._functions import is_pure

__all__ = ["Augmentation", "known_seed", "tell_seed"]

_Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """A recipe and a standardization, with the seed that decides how each image is transformed.

    Attributes:
        recipe: ranges of the transformation.
        standardization: the steps after it; its `rescale` is the recipe's.
        statistics: what the featurewise steps need.
        seed: 0 <= seed < 2**64.
        dtype: dtype of the result; "uint8" rounds half to even.

    Raises:
        ValueError: if the dtype is "uint8" and a step gives other values than pixels in 0..255.
    """

    recipe: Recipe
    standardization: Standardization
    statistics: Statistics
    seed: int
    dtype: str

    def __post_init__(self) -> None:
        check_options(self.dtype, self.recipe, self.standardization)

    def __call__(self, images: _Array, indices: npt.ArrayLike, epoch: int) -> _Array:
        """Transform the images with these indices as in an epoch.

        Args:
            images: (n, height, width, channels), or with the channels first.
            indices: n integers, the images' positions in the dataset.
            epoch: integer from 0.

        Returns:
            Array of the shape of `images` and of `dtype`.
        """
        if self.is_random:
            drawn = self.parameters(indices, epoch, images.shape[1:])
            return self.transformed(images, drawn, indices, epoch)
        _check_finite(images, indices)
        if self.standardization.only_rescales:
            return self._rescaled(images)
        return self.standardized(np.asarray(images, dtype=np.float32), indices, epoch)

    def parameters(
        self, indices: npt.ArrayLike, epoch: int, image_shape: tuple[int, ...]
    ) -> Parameters:
        """Draw the parameters of the images with these indices in an epoch."""
        return self.recipe.draw(random.sample_keys(self.seed, epoch, indices), image_shape)

    def transformed(
        self, images: _Array, parameters: Parameters, indices: npt.ArrayLike, epoch: int
    ) -> _Array:
        """Transform images as the parameters say, and standardize them."""
        _check_finite(images, indices)
        if self.standardization.only_rescales:
            computed = "uint8" if self.dtype == "uint8" else "float32"
            pixels = apply(images, parameters, self.recipe, dtype=computed)
            return pixels.astype(self.dtype, copy=False)
        unscaled = dataclasses.replace(self.recipe, rescale=None)
        return self.standardized(apply(images, parameters, unscaled), indices, epoch)

    def standardized(self, images: _Array, indices: npt.ArrayLike, epoch: int) -> _Array:
        """Standardize float32 images, and convert them to `dtype`."""
        if self.dtype == "uint8":
            return as_uint8(images, self.standardization, indices, epoch)
        result = self.standardization.standardized(images, self.statistics, indices, epoch)
        return result.astype(self.dtype, copy=False)

    def _rescaled(self, images: _Array) -> _Array:
        if self.dtype == "uint8":
            return rounded("x", images)
        factor = np.float32(1 if self.recipe.rescale is None else self.recipe.rescale)
        return np.multiply(images, factor, dtype=np.float32).astype(self.dtype, copy=False)

    def check_fitted(self, image_shape: tuple[int, ...]) -> None:
        """Raise a ValueError if statistics that a step needs are missing or don't fit images."""
        self.standardization.check_fitted(self.statistics, image_shape)

    @property
    def is_pure(self) -> bool:
        """Whether the user's function, if there is one, may be called in any order."""
        return is_pure(self.standardization.preprocessing_function)

    @property
    def is_random(self) -> bool:
        """Whether the recipe may change an image at all."""
        return self.recipe != _still(self.recipe)


def _check_finite(images: _Array, indices: npt.ArrayLike) -> None:
    """Raise a ValueError if a pixel is NaN or infinite.

    Such a pixel would spoil the statistics of its image and the weights of the model.
    """
    if images.dtype.kind != "f" or not images.size:
        return
    if np.isfinite(images.min()) and np.isfinite(images.max()):  # the minimum is NaN if a pixel is
        return
    is_finite = np.isfinite(images).reshape(len(images), -1).all(axis=1)
    wrong = np.asarray(indices)[~is_finite]
    raise ValueError(
        f"x holds NaN or infinity in the image of index {wrong[0]}: find out where it comes from, "
        "or leave it out."
    )


def _still(recipe: Recipe) -> Recipe:
    """Return a recipe that treats pixels in the same way but never transforms."""
    kept = (
        "fill_mode",
        "cval",
        "rescale",
        "interpolation_order",
        "data_format",
        "legacy_geometry",
    )
    return Recipe(**{name: getattr(recipe, name) for name in kept})


def known_seed(seed: int | None) -> int:
    """Return the seed, or draw one.

    Raises:
        ValueError: if `seed` is invalid.
    """
    known = random.draw_seed() if seed is None else seed
    random.key(known)
    return known


def tell_seed(seed: int) -> None:
    """Print a seed that was drawn because none was given, so that the run can be repeated."""
    say(f"No seed was given, so one was drawn; seed={seed} repeats this run.")
