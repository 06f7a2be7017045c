"""Hold the options of a random transformation, validated once, and draw from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._arguments import check_choice, check_finite, check_integer, check_switch
from kcore._arrays import read_array
from kcore._settings import is_channels_first
from kcore.augment._parameters import FLOAT32_MAX, LARGEST, Parameters
from kcore.augment._sampling import COLUMNS, drawn
from kcore.augment._showing import shown_options

__all__ = ["FILL_MODES", "Recipe", "check_interpolation_order", "spatial_shape"]

FILL_MODES = ("nearest", "constant", "reflect", "wrap")


@dataclass(frozen=True, kw_only=True, repr=False)
class Recipe:
    """Hold the ranges from which transformations are drawn, and how they are carried out.

    Names, units and meanings are those of the legacy `ImageDataGenerator`. A recipe is checked when
    it is made; it is frozen and compares by value.

    Attributes:
        rotation_range: `theta` is uniform in ± this number of degrees.
        width_shift_range: `ty`, which moves the picture along its width. For a float below 1 it is
            uniform in ± this fraction of the width, for a float of 1 or more in ± this number of
            pixels. For an int it is one of the integers from 0 to below it, for a sequence one of
            its entries (fractions if all are between -1 and 1, else pixels), with either sign.
        height_shift_range: the same for `tx` and the height.
        brightness_range: `brightness` is uniform between these two factors; `None` leaves it out.
        shear_range: `shear` is uniform in ± this number of degrees. A shear by `s` degrees moves
            each row by `sin(s)` pixels relative to the row above. It is not a fraction: 0.2 is an
            invisible 0.2 degrees, and a shear of 20% is 11.54 degrees.
        zoom_range: `zx`, along the height, and `zy`, along the width, are each uniform between
            these two factors, or in 1 ± this number.
        channel_shift_range: `channel_shift_intensity`, which is added to all channels except
            opacity, the fourth of four, is uniform in ± this number; 0 leaves it out.
        fill_mode: how points outside the image are filled, for the row `abcd`: "nearest"
            (`aaaa|abcd|dddd`), "constant" (`cval`), "reflect" (`dcba|abcd|dcba`) or "wrap"
            (`bcd|abcd|bcd`: SciPy's rule, whose period is one less than the size).
        cval: value of points outside the image for "constant", before `rescale`.
        horizontal_flip: whether left and right are swapped with probability 1/2.
        vertical_flip: whether top and bottom are swapped with probability 1/2.
        rescale: factor that multiplies the pixels at the end; `None` leaves them as they are.
        interpolation_order: 0 for the nearest pixel, 1 for bilinear interpolation.
        data_format: "channels_last" or "channels_first"; `None` takes Keras's default.
        legacy_geometry: whether to reproduce the geometry of legacy Keras, and so the pixels of old
            runs: shifts and zooms act along the other axis, images that aren't square turn about a
            point other than their center, and a list of shifts is in fractions if its greatest
            entry is below 1.

    Raises:
        ValueError: if an option is invalid.

    Example:
        >>> from kcore import random
        >>> from kcore.augment import Recipe
        >>> recipe = Recipe(rotation_range=40, horizontal_flip=True)
        >>> keys = random.sample_keys(seed=7, epoch=0, indices=[0, 1, 2])
        >>> drawn = recipe.draw(keys, image_shape=(300, 300, 3))
        >>> drawn.theta.shape, bool((abs(drawn.theta) <= 40).all())
        ((3,), True)
    """

    rotation_range: float = 0.0
    width_shift_range: float | Sequence[float] = 0.0
    height_shift_range: float | Sequence[float] = 0.0
    brightness_range: Sequence[float] | None = None
    shear_range: float = 0.0
    zoom_range: float | Sequence[float] = 0.0
    channel_shift_range: float = 0.0
    fill_mode: str = "nearest"
    cval: float = 0.0
    horizontal_flip: bool = False
    vertical_flip: bool = False
    rescale: float | None = None
    interpolation_order: int = 1
    data_format: str | None = None
    legacy_geometry: bool = False

    def __post_init__(self) -> None:
        for name in ("rotation_range", "shear_range"):
            self._set(name, _range(name, getattr(self, name)))
        channels = _range("channel_shift_range", self.channel_shift_range, FLOAT32_MAX)
        self._set("channel_shift_range", channels)
        for name in ("width_shift_range", "height_shift_range"):
            self._set(name, _shift_range(name, getattr(self, name)))
        self._set("zoom_range", _zoom_range(self.zoom_range))
        if self.brightness_range is not None:
            pair = _pair("brightness_range", self.brightness_range, FLOAT32_MAX)
            self._set("brightness_range", pair)
        for name in ("horizontal_flip", "vertical_flip", "legacy_geometry"):
            self._set(name, check_switch(name, getattr(self, name)))
        self._set("cval", _limited("cval", self.cval, FLOAT32_MAX))
        if self.rescale is not None:
            self._set("rescale", _limited("rescale", self.rescale, FLOAT32_MAX))
        check_choice("fill_mode", self.fill_mode, FILL_MODES)
        self._set("interpolation_order", check_interpolation_order(self.interpolation_order))
        first = is_channels_first(self.data_format)
        self._set("data_format", "channels_first" if first else "channels_last")

    def __repr__(self) -> str:
        return f"Recipe({shown_options(self)})"

    def draw(self, keys: npt.ArrayLike, image_shape: Sequence[int]) -> Parameters:
        """Draw a transformation for each key, one key for each image.

        Args:
            keys: uint32 `(n, 2)`, such as `kcore.random.sample_keys` returns. An image's parameters
                depend only on its key.
            image_shape: the shape of one image, `(height, width, channels)` or
                `(channels, height, width)` as the recipe's `data_format` says; shifts by a fraction
                need it.

        Returns:
            The parameters of the `n` images, the same bits on every backend and machine.

        Raises:
            ValueError: if `keys` has another shape or dtype, or `image_shape` doesn't have three
                axes.
        """
        keys = read_array("keys", keys)
        if keys.ndim != 2 or keys.shape[1] != 2 or keys.dtype != np.uint32:
            raise ValueError(
                f"keys with shape {keys.shape} and dtype {keys.dtype} must be uint32 (images, 2), "
                "as kcore.random.sample_keys gives them."
            )
        height, width = self.spatial_shape(image_shape)
        uniform = np.asarray(random.uniform(keys, (len(COLUMNS),)), dtype=np.float64)
        return Parameters(**drawn(self, uniform, height, width, np))

    def spatial_shape(self, image_shape: Sequence[int]) -> tuple[int, int]:
        """Return `(height, width)` of an image shape of three axes.

        Args:
            image_shape: `(height, width, channels)` or `(channels, height, width)` as the recipe's
                `data_format` says.

        Raises:
            ValueError: if the shape doesn't have three axes, or a size is not an integer of at
                least 1.
        """
        return spatial_shape("image_shape", image_shape, self.data_format)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


def spatial_shape(
    name: str, image_shape: Sequence[int], data_format: str | None
) -> tuple[int, int]:
    """Return `(height, width)` of an image shape of three axes.

    Args:
        name: name of the argument, for the error message.
        image_shape: the shape of one image.
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: if the shape doesn't have three axes, or a size is not an integer of at least 1.
    """
    if not _is_list(image_shape) or len(image_shape) != 3:
        raise ValueError(
            f"{name}={image_shape!r} must have three axes, height, width and channels, without the "
            "batch axis."
        )
    sizes = [check_integer(f"{name}[{axis}]", size) for axis, size in enumerate(image_shape)]
    height, width = sizes[1:] if data_format == "channels_first" else sizes[:2]
    return height, width


def check_interpolation_order(value: object) -> int:
    """Return `value` as an int, or say which orders are allowed."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value not in (0, 1):
        raise ValueError(
            f"interpolation_order={value!r} is not offered: use 0 (nearest pixel) or 1 (bilinear)."
        )
    return int(value)


def _limited(name: str, value: object, greatest: float) -> float:
    """Return `value` as a float, or say that it must be finite and not larger than `greatest`."""
    number = check_finite(name, value)
    if abs(number) > greatest:
        raise ValueError(f"{name}={value!r} is out of range: give at most {greatest:.8g}.")
    return number


def _range(name: str, value: object, greatest: float = LARGEST) -> float:
    number = _limited(name, value, greatest)
    if number < 0:
        raise ValueError(
            f"{name}={value!r} must be at least 0: values are drawn from ± this number."
        )
    return number


def _shift_range(name: str, value: object) -> Any:
    if _is_list(value):
        entries = tuple(_limited(f"{name}[{i}]", entry, LARGEST) for i, entry in enumerate(value))
        return entries or 0.0
    number = _range(name, value)
    return int(number) if isinstance(value, Integral) and number else number


def _zoom_range(value: object) -> tuple[float, float]:
    if isinstance(value, Real) and not isinstance(value, bool):
        number = _range("zoom_range", value)
        if number > 1:
            raise ValueError(
                f"zoom_range={value!r} would zoom by 1 ± {number:g}, and so by less than 0: "
                "give at most 1, or a pair such as (0.5, 3)."
            )
        return (1 - number, 1 + number)
    return _pair("zoom_range", value, LARGEST)


def _pair(name: str, value: object, greatest: float) -> tuple[float, float]:
    entries: list[Any] = list(value) if _is_list(value) else []
    if len(entries) != 2:
        raise ValueError(f"{name}={value!r} must be two numbers (lowest, highest).")
    low, high = (_limited(f"{name}[{i}]", entry, greatest) for i, entry in enumerate(entries))
    if not 0 <= low <= high:
        raise ValueError(f"{name}={value!r} must be (lowest, highest): 0 <= lowest <= highest.")
    return low, high


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    if isinstance(value, np.ndarray):
        return value.ndim == 1
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
