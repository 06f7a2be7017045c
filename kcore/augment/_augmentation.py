"""What a generator does to a batch of images: draw, transform, standardise."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._console import say
from kcore.augment._parameters import Parameters
from kcore.augment._recipe import Recipe
from kcore.augment._standardization import Standardization, Statistics
from kcore.augment._warp import apply
from kcore.data._functions import is_pure

__all__ = ["Augmentation", "known_seed", "print_drawn"]

_Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """A recipe and a standardization, with the seed that says what each image gets.

    Attributes:
        recipe: ranges of the transformation.
        standardization: the steps after it. Its `rescale` is the recipe's.
        statistics: what the featurewise steps need.
        seed: 0 <= seed < 2**64.
        dtype: of the result.
    """

    recipe: Recipe
    standardization: Standardization
    statistics: Statistics
    seed: int
    dtype: str

    def __call__(self, images: _Array, indices: npt.ArrayLike, epoch: int) -> _Array:
        """Transform the images of these indices as this epoch has it.

        Args:
            images: (n, height, width, channels), or with the channels first.
            indices: n integers, the images' places in the data set.
            epoch: integer from 0 on.

        Returns:
            Array of the shape of `images` and of `dtype`.
        """
        if self.is_random:
            drawn = self.parameters(indices, epoch, images.shape[1:])
            return self.transformed(images, drawn, indices, epoch)
        _check_finite(images, indices)
        if self.standardization.only_rescales:
            factor = np.float32(1 if self.recipe.rescale is None else self.recipe.rescale)
            return np.multiply(images, factor, dtype=np.float32).astype(self.dtype, copy=False)
        return self.standardized(np.asarray(images, dtype=np.float32), indices, epoch)

    def parameters(
        self, indices: npt.ArrayLike, epoch: int, image_shape: tuple[int, ...]
    ) -> Parameters:
        """Draw the parameters of the images of these indices, as this epoch has it."""
        return self.recipe.draw(random.sample_keys(self.seed, epoch, indices), image_shape)

    def transformed(
        self, images: _Array, parameters: Parameters, indices: npt.ArrayLike, epoch: int
    ) -> _Array:
        """Transform images as the parameters say, and standardize them."""
        _check_finite(images, indices)
        if self.standardization.only_rescales:
            return apply(images, parameters, self.recipe).astype(self.dtype, copy=False)
        unscaled = dataclasses.replace(self.recipe, rescale=None)
        return self.standardized(apply(images, parameters, unscaled), indices, epoch)

    def standardized(self, images: _Array, indices: npt.ArrayLike, epoch: int) -> _Array:
        """Standardize float32 images, and convert them to `dtype`."""
        result = self.standardization.standardized(images, self.statistics, indices, epoch)
        return result.astype(self.dtype, copy=False)

    @property
    def is_pure(self) -> bool:
        """Whether the function of the user, if there is one, may be called in any order."""
        return is_pure(self.standardization.preprocessing_function)

    @property
    def is_random(self) -> bool:
        """Whether the recipe may change an image at all."""
        return self.recipe != _still(self.recipe)


def _check_finite(images: _Array, indices: npt.ArrayLike) -> None:
    """Raise a ValueError if a pixel is NaN or infinite, which no picture holds.

    It would spoil the statistics of its image, and the weights of the model.
    """
    if images.dtype.kind != "f" or not images.size:
        return
    if np.isfinite(images.min()) and np.isfinite(images.max()):  # NaN is the least of all
        return
    is_sound = np.isfinite(images).reshape(len(images), -1).all(axis=1)
    wrong = np.asarray(indices)[~is_sound]
    raise ValueError(
        f"x holds NaN or infinity in the image of index {wrong[0]}: look at where it comes from, "
        "or leave it out."
    )


def _still(recipe: Recipe) -> Recipe:
    """Return the recipe that treats pixels alike and never transforms."""
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
    """Return the seed, or draw one and print it, so that what follows can be repeated.

    Raises:
        ValueError: for what is no seed.
    """
    known = random.draw_seed() if seed is None else seed
    random.key(known)
    if seed is None:
        print_drawn(known)
    return known


def print_drawn(seed: int) -> None:
    """Print a seed that was drawn as none was given."""
    say(f"No seed was given, so one was drawn; seed={seed} repeats this run.")
