"""Draw the parameters of a scene, everything that it shows, from one key.

All lengths are fractions of the image, so the parameters don't depend on its size.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Integral
from typing import TypeAlias

import numpy as np

from kcore import _notebook
from kcore._arguments import check_choice, check_finite, check_instance, check_integer, check_switch
from kcore.datasets.scenes._silhouettes import CLASS_NAMES, VARIATION_LENGTH

__all__ = ["SPLITS", "Clutter", "SceneParameters", "draw_parameters"]

Color: TypeAlias = tuple[int, int, int]

SPLITS = ("train", "validation", "test")

_MAX_CLUTTER = 9
_DOUBLES = 160  # more than any scene uses; the number itself doesn't change the scenes
_CLUTTER_KINDS = ("line", "blob", "polygon")


@dataclass(frozen=True)
class Clutter:
    """An object in the background that is unrelated to the class.

    Attributes:
        kind: "line", "blob" (an ellipse) or "polygon" (four corners).
        center: row and column as fractions of height and width.
        length: longest extent, as a fraction of the image's shorter side.
        thickness: extent across it, as a fraction of `length`.
        angle: angle of the long axis, in radians.
        corners: distance of each corner of a polygon from the center, as a fraction of half the
            extent in its direction.
        color: RGB, 0 to 255.
    """

    kind: str
    center: tuple[float, float]
    length: float
    thickness: float
    angle: float
    corners: tuple[float, ...]
    color: Color


@dataclass(frozen=True, repr=False)
class SceneParameters:
    """Everything that a scene shows.

    Attributes:
        label: index of the class among the given classes.
        class_name: one of `CLASS_NAMES`.
        variation: numbers in [0, 1) that choose the proportions of the silhouette.
        size: longer side of the object's box, as a fraction of the image's shorter side.
        position: vertical and horizontal position of the box, from 0 (at the top or left edge of
            the image) to 1 (at the bottom or right edge).
        rotation: angle in radians.
        shear: horizontal shift for each unit of height.
        squeeze: factor on the width before the rotation.
        mirrored: whether left and right are swapped.
        object_color: RGB, 0 to 255.
        detail_color: RGB of the parts inside the object.
        background_colors: RGB at the two ends of the gradient.
        background_angle: direction of the gradient in radians.
        noise: largest deviation of a pixel, in gray levels.
        noise_seed: seed of the noise.
        clutter: objects in the background.
    """

    label: int
    class_name: str
    variation: tuple[float, ...]
    size: float
    position: tuple[float, float]
    rotation: float
    shear: float
    squeeze: float
    mirrored: bool
    object_color: Color
    detail_color: Color
    background_colors: tuple[Color, Color]
    background_angle: float
    noise: float
    noise_seed: int
    clutter: tuple[Clutter, ...]

    def __repr__(self) -> str:
        row, column = self.position
        return (
            f"<SceneParameters of a {self.class_name}, label {self.label}, size {self.size:.2f}, "
            f"position ({row:.2f}, {column:.2f}), rotation {self.rotation:.2f}, "
            f"{len(self.clutter)} objects in the background>"
        )

    def _repr_html_(self) -> str:
        facts = [(field.name, _shown(getattr(self, field.name))) for field in fields(self)]
        return _notebook.summary("SceneParameters", facts)

    def __post_init__(self) -> None:
        check_integer("label", self.label, minimum=0)
        check_choice("class_name", self.class_name, CLASS_NAMES)
        check_integer("noise_seed", self.noise_seed, minimum=0)
        check_switch("mirrored", self.mirrored)
        for name in ("size", "rotation", "shear", "squeeze", "background_angle", "noise"):
            check_finite(name, getattr(self, name))
        for name, count in (("variation", VARIATION_LENGTH), ("position", 2)):
            for position, value in enumerate(_entries(name, getattr(self, name), count)):
                check_finite(f"{name}[{position}]", value)
        _check_color("object_color", self.object_color)
        _check_color("detail_color", self.detail_color)
        for end, color in enumerate(_entries("background_colors", self.background_colors, 2)):
            _check_color(f"background_colors[{end}]", color)
        for position, thing in enumerate(_entries("clutter", self.clutter)):
            check_instance(f"clutter[{position}]", thing, Clutter)


def _shown(value: object) -> str:
    """Write numbers with three digits, and only the number of background objects."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, tuple) and value and isinstance(value[0], Clutter):
        return f"{len(value)} objects in the background"
    if isinstance(value, tuple):
        return f"({', '.join(_shown(each) for each in value)})"
    return str(value)


def _check_color(name: str, color: object) -> None:
    for channel, level in enumerate(_entries(name, color, 3)):
        if check_integer(f"{name}[{channel}]", level, minimum=0) > 255:
            raise ValueError(f"{name}={color!r} must be levels of red, green and blue, 0 to 255.")


def _entries(name: str, values: object, count: int | None = None) -> Sequence[object]:
    is_text = isinstance(values, str | bytes)
    if isinstance(values, Sequence) and not is_text and count in (None, len(values)):
        return values
    wanted = "a tuple" if count is None else f"a tuple of {count} entries"
    raise ValueError(f"{name}={values!r} must be {wanted}.")


class _Draws:
    """Return the random numbers of one scene, one after the other."""

    def __init__(self, doubles: Sequence[float]) -> None:
        self._doubles = iter(doubles)

    def unit(self) -> float:
        return next(self._doubles)

    def units(self, count: int) -> tuple[float, ...]:
        return tuple(next(self._doubles) for _ in range(count))

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * next(self._doubles)

    def integer(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included."""
        return low + int((high - low + 1) * next(self._doubles))


def draw_parameters(
    index: int,
    *,
    classes: Sequence[str] = CLASS_NAMES,
    seed: int = 0,
    split: str = "train",
) -> SceneParameters:
    """Draw the parameters of the scene with a given index.

    The label is `index % len(classes)`, so the classes take turns. Everything else depends only on
    seed, split and index. NumPy's `SeedSequence` mixes them, so neighboring seeds and indices give
    unrelated scenes.

    Args:
        index: index of the scene, 0 or greater.
        classes: names from `CLASS_NAMES`; the label is an index into them.
        seed: 0 to 2**64 - 1; each seed gives different scenes.
        split: "train", "validation" or "test"; each has different scenes.

    Returns:
        The parameters, which `paint` turns into a `Scene`.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> parameters = draw_parameters(2)
        >>> parameters.label, parameters.class_name
        (2, 'star')
    """
    _check_key(index, classes, seed, split)
    key = np.random.SeedSequence(int(seed), spawn_key=(SPLITS.index(split), int(index)))
    doubles = np.random.Generator(np.random.PCG64(key)).random(_DOUBLES)
    label = int(index) % len(classes)
    return _scene_from(_Draws(doubles.tolist()), label, classes[label])


def _check_key(index: int, classes: Sequence[str], seed: int, split: str) -> None:
    if isinstance(index, bool) or not (isinstance(index, Integral) and index >= 0):
        raise ValueError(f"index={index!r} must be an integer, 0 or greater.")
    if isinstance(seed, bool) or not (isinstance(seed, Integral) and 0 <= seed < 2**64):
        raise ValueError(f"seed={seed!r} must be an integer from 0 to 2**64 - 1.")
    check_choice("split", split, SPLITS)
    if not _is_choice_of_classes(classes):
        raise ValueError(
            f"classes={classes!r} must be a sequence of distinct names from "
            f"{', '.join(CLASS_NAMES)}."
        )


def _is_choice_of_classes(classes: object) -> bool:
    if isinstance(classes, str) or not isinstance(classes, Sequence) or not classes:
        return False
    is_known = all(isinstance(name, str) and name in CLASS_NAMES for name in classes)
    return is_known and len(set(classes)) == len(classes)


def _scene_from(draws: _Draws, label: int, class_name: str) -> SceneParameters:
    background = draws.uniform(0.2, 0.85)
    foreground = _contrasting(draws, background, gap=0.32)
    # The arguments are drawn in this order: changing it would change every scene.
    return SceneParameters(
        label=label,
        class_name=class_name,
        variation=draws.units(VARIATION_LENGTH),
        size=draws.uniform(0.5, 0.85),
        position=(draws.unit(), draws.unit()),
        rotation=draws.uniform(-0.65, 0.65),
        shear=draws.uniform(-0.22, 0.22),
        squeeze=draws.uniform(0.82, 1.18),
        mirrored=draws.unit() < 0.5,
        object_color=_color(draws, foreground, vividness=(0.45, 1.0)),
        detail_color=_color(draws, _beside(foreground, background), vividness=(0.2, 0.9)),
        background_colors=_gradient(draws, background),
        background_angle=draws.uniform(0.0, 2 * math.pi),
        noise=draws.uniform(1.0, 8.0),
        noise_seed=int(draws.unit() * 2**53),
        clutter=tuple(
            _draw_clutter(draws, background) for _ in range(draws.integer(4, _MAX_CLUTTER))
        ),
    )


def _draw_clutter(draws: _Draws, background_lightness: float) -> Clutter:
    kind = _CLUTTER_KINDS[draws.integer(0, 2)]
    is_line = kind == "line"
    lightness = background_lightness + draws.uniform(-0.18, 0.18)
    return Clutter(
        kind=kind,
        center=(draws.unit(), draws.unit()),
        length=draws.uniform(0.3, 1.0) if is_line else draws.uniform(0.1, 0.3),
        thickness=draws.uniform(0.02, 0.06) if is_line else draws.uniform(0.35, 0.65),
        angle=draws.uniform(0.0, math.pi),
        corners=tuple(draws.uniform(0.35, 1.0) for _ in range(4)),
        color=_color(draws, min(max(lightness, 0.02), 0.98), vividness=(0.0, 0.8)),
    )


def _gradient(draws: _Draws, lightness: float) -> tuple[Color, Color]:
    change = draws.uniform(-0.1, 0.1)
    first = _color(draws, lightness - change, vividness=(0.0, 0.6))
    return first, _color(draws, lightness + change, vividness=(0.0, 0.6))


def _contrasting(draws: _Draws, lightness: float, gap: float) -> float:
    """Draw a lightness, lower or higher than another one by at least `gap`."""
    darkest, lightest = 0.12, 0.96
    below = max(lightness - gap - darkest, 0.0)
    above = max(lightest - lightness - gap, 0.0)
    offset = draws.uniform(0.0, below + above)
    return darkest + offset if offset < below else lightness + gap + offset - below


def _beside(lightness: float, background: float) -> float:
    """Return a lightness near the first, further from the background's if possible."""
    step = 0.16 if lightness > background else -0.16
    further = lightness + step
    return further if 0.08 <= further <= 0.98 else lightness - step


def _color(draws: _Draws, lightness: float, vividness: tuple[float, float]) -> Color:
    """Draw a color of a given lightness (luma of ITU-R BT.601, 0 to 1) and any hue.

    `vividness` is the range of its saturation: 0 is gray, 1 the most saturated color of this hue
    and lightness.
    """
    hue = draws.uniform(0.0, 2 * math.pi)
    cb, cr = math.cos(hue), math.sin(hue)
    # How R, G and B change with the chroma components Cb and Cr at constant luma.
    directions = (1.402 * cr, -0.344136 * cb - 0.714136 * cr, 1.772 * cb)
    reach = min(
        (1.0 - lightness if direction > 0 else lightness) / max(abs(direction), 1e-9)
        for direction in directions
    )
    chroma = draws.uniform(*vividness) * reach
    red, green, blue = (round(255 * (lightness + chroma * way)) for way in directions)
    return red, green, blue
