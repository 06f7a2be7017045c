"""Draw as the legacy `ImageDataGenerator` does, in its order and from its kind of generator."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore._arguments import check_seed
from kcore.augment._recipe import Recipe, spatial_shape
from kcore.augment._sampling import shift_unit

__all__ = ["legacy_transform"]


def legacy_transform(recipe: Recipe, img_shape: Sequence[int], seed: int | None) -> dict[str, Any]:
    """Draw one transformation as `ImageDataGenerator.get_random_transform` of legacy Keras does.

    The legacy method seeds NumPy's global generator and draws from it. This one makes a generator
    of the same kind with the same seed, and leaves the global one as it is.

    Args:
        recipe: the ranges.
        img_shape: (height, width, channels) or (channels, height, width), as the recipe's
            `data_format` says.
        seed: integer below 2**32; None takes a fresh one from the operating system.

    Returns:
        The legacy dictionary, with the legacy values for a seed, except for shift ranges that are
        lists of negative pixels, which without `legacy_geometry` are not taken for fractions.

    Raises:
        ValueError: if `img_shape` doesn't have three axes or `seed` is invalid.
    """
    seed = check_seed(seed)
    if seed is not None and seed >= 2**32:
        raise ValueError(f"seed={seed} is out of range: legacy seeds are less than 2**32.")
    generator = np.random.RandomState(seed)
    height, width = spatial_shape("img_shape", img_shape, recipe.data_format)

    def shift(shift_range: Any, size: int) -> float:
        unit = shift_unit(shift_range, size, recipe.legacy_geometry)
        return _shift(generator, shift_range, unit)

    return {
        "theta": _symmetric(generator, recipe.rotation_range),
        "tx": shift(recipe.height_shift_range, height),
        "ty": shift(recipe.width_shift_range, width),
        "shear": _symmetric(generator, recipe.shear_range),
        **_zoom(generator, recipe.zoom_range),
        # A flip takes its number from the generator even if it is switched off.
        "flip_horizontal": bool(generator.uniform() < 0.5) and recipe.horizontal_flip,
        "flip_vertical": bool(generator.uniform() < 0.5) and recipe.vertical_flip,
        "channel_shift_intensity": _symmetric(generator, recipe.channel_shift_range)
        if recipe.channel_shift_range
        else None,
        "brightness": _between(generator, recipe.brightness_range),
    }


def _symmetric(generator: np.random.RandomState, half_width: float) -> float:
    return float(generator.uniform(-half_width, half_width)) if half_width else 0.0


def _between(generator: np.random.RandomState, limits: Any) -> float | None:
    return None if limits is None else float(generator.uniform(*limits))


def _shift(generator: np.random.RandomState, shift_range: Any, unit: int) -> float:
    if not shift_range:
        return 0.0
    if isinstance(shift_range, float):
        shift = float(generator.uniform(-shift_range, shift_range))
    else:
        shift = float(generator.choice(shift_range) * generator.choice([-1, 1]))
    return shift * unit


def _zoom(generator: np.random.RandomState, limits: Any) -> dict[str, float]:
    if limits == (1.0, 1.0):
        return {"zx": 1.0, "zy": 1.0}
    low, high = limits
    zx, zy = generator.uniform(low, high, 2)
    return {"zx": float(zx), "zy": float(zy)}
