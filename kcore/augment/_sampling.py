"""Turn uniform random numbers into parameters, with the same arithmetic in NumPy and Keras."""

from typing import Any

import numpy as np

__all__ = ["COLUMNS", "drawn", "shift_unit"]

# Each parameter has its own column of random numbers, so that it does not change when another
# option is switched on or off. What a seed means depends on this order.
COLUMNS = (
    "theta",
    "tx",
    "tx_sign",
    "ty",
    "ty_sign",
    "shear",
    "zx",
    "zy",
    "flip_horizontal",
    "flip_vertical",
    "channel_shift_intensity",
    "brightness",
)


def drawn(recipe: Any, uniform: Any, height: int, width: int, xp: Any) -> dict[str, Any]:
    """Scale random numbers to the ranges of a recipe.

    Args:
        recipe: a `kcore.augment.Recipe`.
        uniform: numbers in [0, 1), `(n, columns)`, multiples of `2**-24`; NumPy float64, or a
            float32 tensor.
        height: number of rows of the images.
        width: number of columns of the images.
        xp: `numpy` or `keras.ops`, whichever `uniform` belongs to.

    Returns:
        Name -> `(n,)` for each field of `kcore.augment.Parameters`; `None` for effects that the
        recipe leaves out.
    """
    column = {name: uniform[:, position] for position, name in enumerate(COLUMNS)}
    channels, bright = recipe.channel_shift_range, recipe.brightness_range

    def shift(name: str, shift_range: Any, size: int) -> Any:
        unit = shift_unit(shift_range, size, recipe.legacy_geometry)
        return _shift(column[name], column[f"{name}_sign"], shift_range, unit, xp)

    return {
        "theta": _symmetric(column["theta"], recipe.rotation_range),
        "tx": shift("tx", recipe.height_shift_range, height),
        "ty": shift("ty", recipe.width_shift_range, width),
        "shear": _symmetric(column["shear"], recipe.shear_range),
        "zx": _between(column["zx"], recipe.zoom_range),
        "zy": _between(column["zy"], recipe.zoom_range),
        "flip_horizontal": (column["flip_horizontal"] < 0.5) & recipe.horizontal_flip,
        "flip_vertical": (column["flip_vertical"] < 0.5) & recipe.vertical_flip,
        "channel_shift_intensity": _symmetric(column["channel_shift_intensity"], channels)
        if channels
        else None,
        "brightness": _between(column["brightness"], bright) if bright is not None else None,
    }


def shift_unit(shift_range: Any, size: int, legacy_geometry: bool) -> int:
    """Return how many pixels a shift of 1 means: the length of the axis for fractions, else 1.

    A range is in fractions if all of it is between -1 and 1. Legacy Keras looks only at the
    largest entry, and so takes the pixels -3, -2, -1 for fractions.

    Args:
        shift_range: a number, or a sequence of entries.
        size: pixels along the axis that is shifted.
        legacy_geometry: whether to apply the legacy rule.
    """
    greatest = np.max(shift_range if legacy_geometry else np.abs(shift_range))
    return size if greatest < 1 else 1


def _symmetric(uniform: Any, half_width: float) -> Any:
    # The term in parentheses is exact in float32 too, so the result is rounded only once.
    return (2 * uniform - 1) * half_width + 0.0


def _between(uniform: Any, limits: tuple[float, float]) -> Any:
    low, high = limits
    return low + uniform * (high - low)


def _shift(uniform: Any, sign: Any, shift_range: Any, unit: int, xp: Any) -> Any:
    """Draw from ± a range, or one of several values with a random sign."""
    if isinstance(shift_range, float):
        return _symmetric(uniform, shift_range * unit)
    count = shift_range if isinstance(shift_range, int) else len(shift_range)
    position = xp.minimum(xp.floor(uniform * count), count - 1)
    if isinstance(shift_range, int):
        chosen = position
    else:
        chosen = sum(
            xp.where(position == number, unit * float(value), 0.0)
            for number, value in enumerate(shift_range)
        )
    return xp.where(sign < 0.5, -1.0, 1.0) * chosen + 0.0
