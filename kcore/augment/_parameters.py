"""Hold the parameters that were drawn for each image, by their legacy names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore import _notebook
from kcore._arrays import read_array

__all__ = ["FLOAT32_MAX", "LARGEST", "Parameters"]

_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]

_NEUTRAL: dict[str, float] = {
    "theta": 0.0,
    "tx": 0.0,
    "ty": 0.0,
    "shear": 0.0,
    "zx": 1.0,
    "zy": 1.0,
}
_FLIPS = ("flip_horizontal", "flip_vertical")
# These two are absent (None) where the recipe does not ask for them.
_EFFECTS: dict[str, float] = {"channel_shift_intensity": 0.0, "brightness": 1.0}

# No image is that large; beyond it, sums of coordinates would overflow.
LARGEST = float(2**24)
# Pixels are computed in float32.
FLOAT32_MAX = float(np.finfo(np.float32).max)

# What changes an image, and the parameters that it depends on.
_OPERATIONS = {
    "rotation": ("theta",),
    "shift": ("tx", "ty"),
    "shear": ("shear",),
    "zoom": ("zx", "zy"),
    "flip": _FLIPS,
    "channel shift": ("channel_shift_intensity",),
    "brightness": ("brightness",),
}
_HEADERS = {
    "theta": "theta (°)",
    "tx": "tx (pixels)",
    "ty": "ty (pixels)",
    "shear": "shear (°)",
    "channel_shift_intensity": "channel shift",
}
_MOST_ROWS = 20


@dataclass(frozen=True, eq=False, repr=False)
class Parameters:
    """Hold the parameters of the transformations of `n` images, an array `(n,)` for each.

    The names, units and signs are those of the dictionaries that the legacy `ImageDataGenerator`
    returns from `get_random_transform`, where x is the height and y the width. The coordinates of
    an output pixel, counted from the center, go through zoom, shear, shift and rotation, in this
    order; the pixel shows the input at the resulting coordinates. With `legacy_geometry` (see
    `kcore.augment.matrices`) `tx` and `zx` act along the width, `ty` and `zy` along the height.

    Attributes:
        theta: rotation, degrees; positive turns the picture counter-clockwise.
        tx: pixels along the height, drawn from `height_shift_range`; positive moves the picture up.
        ty: pixels along the width, drawn from `width_shift_range`; positive moves it left.
        shear: shear angle, degrees; each row moves right relative to the row above by the sine of
            the angle, in pixels, and the picture's height grows by the inverse of its cosine.
        zx: zoom along the height; 2 shrinks the picture to half its height.
        zy: zoom along the width.
        flip_horizontal: whether left and right are swapped, after everything above.
        flip_vertical: whether top and bottom are swapped.
        channel_shift_intensity: number that is added to all channels except opacity, or `None`.
        brightness: factor of brightness, at least 0, where 1 changes nothing; or `None`.

    Raises:
        ValueError: if an array is not one-dimensional or not as long as the others, or holds a
            number that is not finite or out of range: shifts, zooms and angles lie within
            ± 16,777,216.

    Example:
        >>> from kcore.augment import Parameters
        >>> parameters = Parameters.from_dicts([{"theta": 30.0}, {"flip_horizontal": True}])
        >>> parameters.theta
        array([30., 0.])
        >>> parameters.as_dicts()[1]["flip_horizontal"]
        True
    """

    theta: _Floats
    tx: _Floats
    ty: _Floats
    shear: _Floats
    zx: _Floats
    zy: _Floats
    flip_horizontal: _Bools
    flip_vertical: _Bools
    channel_shift_intensity: _Floats | None = None
    brightness: _Floats | None = None

    def __post_init__(self) -> None:
        for name, values in self._columns():
            if values is not None or name not in _EFFECTS:
                object.__setattr__(self, name, _column(name, values))
        lengths = {name: len(values) for name, values in self._columns() if values is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"The parameters must have one length, one for each image: {lengths}.")

    def __len__(self) -> int:
        return len(self.theta)

    def __repr__(self) -> str:
        changes = ", ".join(self._changes()) or "nothing changes"
        return f"<{self._counted()}: {changes}>"

    def _repr_html_(self) -> str:
        """Return a table of what was drawn for each image."""
        changes, shown = self._changes(), self[:_MOST_ROWS].as_dicts()
        header, rows = ["image"], [[str(number)] for number in range(len(shown))]
        for operation in changes:
            names = _OPERATIONS[operation]
            header += ["flip"] if names is _FLIPS else [_HEADERS.get(name, name) for name in names]
            for row, values in zip(rows, shown, strict=True):
                row += [_flips(values)] if names is _FLIPS else [_shown(values, n) for n in names]
        more = f"; the first {_MOST_ROWS}" if len(self) > _MOST_ROWS else ""
        return _notebook.table(header, rows, caption=f"{self._counted()}{more}")

    def _counted(self) -> str:
        return f"Parameters of {len(self)} image{'' if len(self) == 1 else 's'}"

    def _changes(self) -> list[str]:
        """Return the operations that change at least one image."""
        neutral = _NEUTRAL | _EFFECTS
        return [
            operation
            for operation, names in _OPERATIONS.items()
            if any(np.any(self._given(name) != neutral.get(name, False)) for name in names)
        ]

    def _given(self, name: str) -> Any:
        values = getattr(self, name)
        return _EFFECTS[name] if values is None else values

    def __getitem__(self, which: slice | npt.NDArray[Any] | Sequence[int]) -> "Parameters":
        """Return the parameters of some of the images: a slice, indices, or a mask."""
        chosen: dict[str, Any] = {
            name: None if values is None else values[which] for name, values in self._columns()
        }
        return Parameters(**chosen)

    @classmethod
    def from_dicts(cls, transforms: Sequence[Mapping[str, Any]]) -> "Parameters":
        """Gather dictionaries such as `get_random_transform` returns, one for each image.

        Args:
            transforms: legacy dictionaries. Parameters that are missing or `None` change nothing.

        Raises:
            TypeError: if `transforms` is not a list of dictionaries.
            ValueError: if a dictionary holds an unknown parameter, or a wrong value.
        """
        known = [field.name for field in fields(cls)]
        for transform in _transforms(transforms):
            unknown = [name for name in transform if name not in known]
            if unknown:
                raise ValueError(
                    f"transforms: {unknown[0]!r} is not a parameter of a transformation: use "
                    f"{', '.join(known)}."
                )
        columns: dict[str, Any] = {
            name: [_given(transform, name, neutral) for transform in transforms]
            for name, neutral in _NEUTRAL.items()
        }
        for name in _FLIPS:
            columns[name] = [_given(transform, name, False) for transform in transforms]
        for name, neutral in _EFFECTS.items():
            if any(transform.get(name) is not None for transform in transforms):
                columns[name] = [_given(transform, name, neutral) for transform in transforms]
        return cls(**columns)

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return a legacy dictionary for each image."""
        columns = list(self._columns())
        return [
            {name: None if values is None else values[index].item() for name, values in columns}
            for index in range(len(self))
        ]

    def _columns(self) -> Iterator[tuple[str, Any]]:
        for field in fields(self):
            yield field.name, getattr(self, field.name)


def _transforms(transforms: object) -> Sequence[Mapping[str, Any]]:
    if isinstance(transforms, str | bytes) or not isinstance(transforms, Sequence):
        raise TypeError(f"transforms={transforms!r} must be a list of dictionaries.")
    for position, transform in enumerate(transforms):
        if not isinstance(transform, Mapping):
            raise TypeError(
                f"transforms[{position}]={transform!r} must be a dictionary such as "
                "get_random_transform returns."
            )
    return transforms


def _given(transform: Mapping[str, Any], name: str, neutral: float) -> Any:
    value = transform.get(name)
    return neutral if value is None else value


def _limits(name: str) -> tuple[float, float]:
    if name == "brightness":
        return 0.0, FLOAT32_MAX
    greatest = FLOAT32_MAX if name in _EFFECTS else LARGEST
    return -greatest, greatest


def _flips(values: Mapping[str, Any]) -> str:
    return ", ".join(name.removeprefix("flip_") for name in _FLIPS if values[name])


def _shown(values: Mapping[str, Any], name: str) -> str:
    decimals = 2 if name in ("zx", "zy", "brightness") else 1
    return f"{round(values[name], decimals) + 0.0:.{decimals}f}"


def _column(name: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    column = read_array(name, values)
    if column.dtype.kind not in "buif" and column.size:
        raise ValueError(f"{name}={values!r} must be numbers, one for each image.")
    if name in _FLIPS and not np.isin(column, (0, 1)).all():
        raise ValueError(f"{name}={values!r} must be True or False, one for each image.")
    column = column.astype(np.bool_ if name in _FLIPS else np.float64)
    if column.ndim != 1:
        raise ValueError(f"{name} with shape {column.shape} must be (images,), one for each image.")
    if not np.isfinite(column).all():
        raise ValueError(f"{name} holds {column[~np.isfinite(column)][0]}; it must be finite.")
    least, greatest = _limits(name)
    wrong = column[(column < least) | (column > greatest)]
    if len(wrong):
        raise ValueError(
            f"{name} holds {wrong[0]}; it must be at least {least:.8g} and at most {greatest:.8g}."
        )
    return column
