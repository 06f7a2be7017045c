"""Show one image under several draws of a recipe."""

from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._arguments import check_instance, check_integer
from kcore._arrays import read_array
from kcore.augment._parameters import Parameters
from kcore.augment._recipe import Recipe, spatial_shape
from kcore.augment._warp import apply

__all__ = ["captions", "variations"]


class HasRecipe(Protocol):
    """An object that transforms images by a recipe, such as an `ImageDataGenerator`."""

    recipe: Recipe


def variations(
    image: npt.ArrayLike, recipe: Recipe | HasRecipe, count: int = 8, seed: int = 0, epoch: int = 0
) -> tuple[npt.NDArray[np.uint8], Parameters]:
    """Transform one image in several ways.

    Args:
        image: `(height, width, channels)`, or with the channels first as the recipe says; values in
            0..255.
        recipe: a `Recipe` to draw from, or an `ImageDataGenerator`. `rescale` is ignored, because
            the result is meant to be looked at, and so are `preprocessing_function` and the
            standardization of a generator.
        count: number of variations.
        seed: integer of at least 0; the same seed gives the same variations.
        epoch: integer of at least 0; each epoch gives different variations. Training draws from the
            same keys, with the sample's index instead of the variation's number.

    Returns:
        `(images, parameters)`: uint8 of shape `(count, *image.shape)`, and what was drawn for each,
        which `captions` puts into words.

    Raises:
        TypeError: if `recipe` is neither a `Recipe` nor an `ImageDataGenerator`.
        ValueError: if the image doesn't have three axes, or a number is out of range.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> recipe = kcore.augment.Recipe(horizontal_flip=True, data_format="channels_last")
        >>> images, parameters = kcore.augment.variations(np.zeros((8, 8, 3)), recipe, count=3)
        >>> images.shape
        (3, 8, 8, 3)
        >>> kcore.augment.captions(parameters)
        ['', 'flipped', '']
    """
    pixels, recipe = read_array("image", image), _recipe_of(recipe)
    spatial_shape("image", pixels.shape, recipe.data_format)
    seed, epoch = check_integer("seed", seed, 0), check_integer("epoch", epoch, 0)
    keys = random.sample_keys(seed, epoch, np.arange(check_integer("count", count)))
    parameters = recipe.draw(keys, pixels.shape)
    repeated = np.broadcast_to(pixels, (count, *pixels.shape))
    transformed = apply(repeated, parameters, replace(recipe, rescale=None))
    return np.rint(np.clip(transformed, 0, 255)).astype(np.uint8), parameters


def _recipe_of(recipe: Recipe | HasRecipe) -> Recipe:
    found = getattr(recipe, "recipe", recipe)
    if not isinstance(found, Recipe):
        raise TypeError(
            f"recipe is of type {type(recipe).__name__}: give a Recipe or an ImageDataGenerator."
        )
    return found


def captions(parameters: Parameters) -> list[str]:
    """Describe in a few words how each image is changed.

    Args:
        parameters: parameters of `n` images.

    Returns:
        `n` texts, such as "rotated 31°, shifted 4 -12, flipped": pixels along height and width, and
        zooms likewise (with `legacy_geometry` the other way around). The text of an image that does
        not change is empty.

    Raises:
        TypeError: if `parameters` is not a `Parameters`.
    """
    parameters = check_instance("parameters", parameters, Parameters)
    return [_caption(**transform) for transform in parameters.as_dicts()]


def _caption(
    *,
    theta: float,
    tx: float,
    ty: float,
    shear: float,
    zx: float,
    zy: float,
    flip_horizontal: bool,
    flip_vertical: bool,
    channel_shift_intensity: float | None,
    brightness: float | None,
) -> str:
    parts = {
        f"rotated {_number(theta)}°": theta,
        f"shifted {_number(tx)} {_number(ty)}": tx or ty,
        f"sheared {_number(shear, 1)}°": shear,
        f"zoom {zx:.2f} {zy:.2f}": (zx, zy) != (1, 1),
        "flipped": flip_horizontal,
        "upside down": flip_vertical,
        f"channels {channel_shift_intensity or 0:+.0f}": channel_shift_intensity,
        f"brightness {1 if brightness is None else brightness:.2f}": brightness not in (None, 1),
    }
    return ", ".join(text for text, applies in parts.items() if applies)


def _number(value: float, decimals: int = 0) -> str:
    """Write a number without the sign of a zero: `-0.2` becomes `0`."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}"
