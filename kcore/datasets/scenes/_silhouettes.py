"""Outlines of the ten classes, as polygons.

The x axis points right and the y axis down. Every outline surrounds the origin and extends about
one unit from it. It is scaled by its true extent when painted, so only its proportions matter. Each
function takes a *variation*: numbers in [0, 1) that choose the proportions within the range of the
class.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["CLASS_NAMES", "VARIATION_LENGTH", "Points", "Silhouette", "silhouette"]

Points: TypeAlias = npt.NDArray[np.float64]
"""Vertices of a polygon, of shape (vertices, 2) with columns x and y."""

VARIATION_LENGTH = 3


@dataclass(frozen=True)
class Silhouette:
    """The polygons of an object, and those inside it in the second color."""

    body: tuple[Points, ...]
    details: tuple[Points, ...] = ()


def silhouette(class_name: str, variation: Sequence[float]) -> Silhouette:
    """Return the outline of an object of a class.

    Args:
        class_name: one of `CLASS_NAMES`.
        variation: `VARIATION_LENGTH` numbers in [0, 1).
    """
    return _OUTLINES[class_name](variation)


def _between(low: float, high: float, fraction: float) -> float:
    return low + (high - low) * fraction


def _arc(radius: float, start: float, stop: float, steps: int, center_x: float = 0.0) -> Points:
    arc = _polar(radius, np.linspace(start, stop, steps))
    arc[:, 0] += center_x
    return arc


def _circle(radius: float, steps: int) -> Points:
    return _arc(radius, 0.0, 2 * math.pi, steps)


def _polar(
    radii: float | npt.NDArray[np.floating[Any]], angles: npt.NDArray[np.floating[Any]]
) -> Points:
    points = np.empty((len(angles), 2))
    points[:, 0] = radii * np.cos(angles)
    points[:, 1] = radii * np.sin(angles)
    return points


def _polygon(*vertices: tuple[float, float]) -> Points:
    return np.array(vertices)


def _rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    return _polygon((left, top), (right, top), (right, bottom), (left, bottom))


def _ball(variation: Sequence[float]) -> Silhouette:
    """Return a beach ball: a disc with three panels that meet at a pole."""
    pole_angle = 2 * math.pi * variation[0]
    distance = _between(0.15, 0.5, variation[1])
    pole = np.array([[distance * math.cos(pole_angle), distance * math.sin(pole_angle)]])
    starts = 2 * math.pi * (variation[2] + np.arange(3)) / 3
    panels = (np.concatenate([pole, _arc(1.0, start, start + math.pi / 3, 9)]) for start in starts)
    return Silhouette((_circle(1.0, 48),), tuple(panels))


def _ring(variation: Sequence[float]) -> Silhouette:
    hole = _between(0.45, 0.7, variation[0])
    # Two halves that overlap a little, because a single outline would show its seam.
    halves = (
        np.concatenate([_arc(1.0, start, stop, 26), _arc(hole, stop, start, 22)])
        for start, stop in ((-0.05, math.pi + 0.05), (math.pi - 0.05, 2 * math.pi + 0.05))
    )
    return Silhouette(tuple(halves))


def _star(variation: Sequence[float]) -> Silhouette:
    radii = np.tile([1.0, _between(0.36, 0.52, variation[0])], 5)
    angles = np.arange(10) * (math.pi / 5) - math.pi / 2
    return Silhouette((_polar(radii, angles),))


def _cross(variation: Sequence[float]) -> Silhouette:
    half = _between(0.2, 0.36, variation[0])
    quarter = _polygon((half, -1.0), (half, -half), (1.0, -half))
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    turns = [np.linalg.matrix_power(turn, count) for count in range(4)]
    return Silhouette((np.concatenate([quarter @ turn for turn in turns]),))


def _arrow(variation: Sequence[float]) -> Silhouette:
    shaft = _between(0.14, 0.28, variation[0])
    head = _between(0.58, 0.8, variation[1])
    base = _between(-0.25, 0.1, variation[2])
    right = [(0.0, -1.0), (head, base), (shaft, base), (shaft, 1.0)]
    return Silhouette((_polygon(*right, *((-x, y) for x, y in reversed(right[1:]))),))


def _crescent(variation: Sequence[float]) -> Silhouette:
    offset = _between(0.34, 0.52, variation[0])
    radius = _between(0.74, 0.86, variation[1])
    meeting_x = (1.0 - radius**2 + offset**2) / (2 * offset)
    outer = math.acos(meeting_x)
    inner = math.acos((meeting_x - offset) / radius)
    outer_edge = _arc(1.0, outer, 2 * math.pi - outer, 36)
    inner_edge = _arc(radius, 2 * math.pi - inner, inner, 30, center_x=offset)
    return Silhouette((np.concatenate([outer_edge, inner_edge]),))


def _heart(variation: Sequence[float]) -> Silhouette:
    t = np.linspace(0.0, 2 * math.pi, 44, endpoint=False)
    cleft = _between(4.0, 6.5, variation[0])
    y = -(13 * np.cos(t) - cleft * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    x = 16 * np.sin(t) ** 3
    return Silhouette((np.stack([x, y + 2.5], axis=1) / 17,))


def _house(variation: Sequence[float]) -> Silhouette:
    wall = _between(0.58, 0.74, variation[0])
    eaves_y = _between(-0.25, 0.05, variation[1])
    ridge_y, eaves_x, floor_y = -0.95, 0.95, 0.9
    slope = (eaves_y - ridge_y) / eaves_x
    chimney_left, chimney_right, chimney_y = 0.4, 0.65, ridge_y + 0.05
    body = _polygon(
        (0.0, ridge_y),
        (chimney_left, ridge_y + slope * chimney_left),
        (chimney_left, chimney_y),
        (chimney_right, chimney_y),
        (chimney_right, ridge_y + slope * chimney_right),
        (eaves_x, eaves_y),
        (wall, eaves_y),
        (wall, floor_y),
        (-wall, floor_y),
        (-wall, eaves_y),
        (-eaves_x, eaves_y),
    )
    door_left = _between(-0.42, -0.3, variation[2])
    door = _rectangle(door_left, 0.34, door_left + 0.32, floor_y)
    window = _rectangle(0.1, 0.22, 0.42, 0.52)
    return Silhouette((body,), (door, window))


def _flower(variation: Sequence[float]) -> Silhouette:
    petals = 5 + int(variation[0] * 3)
    depth = _between(0.45, 0.6, variation[1])
    angles = np.linspace(0.0, 2 * math.pi, 12 * petals, endpoint=False)
    radii = (1 - depth) + depth * np.abs(np.cos(petals * angles / 2)) ** 0.7
    return Silhouette((_polar(radii, angles),), (_circle(_between(0.24, 0.34, variation[2]), 24),))


def _bolt(variation: Sequence[float]) -> Silhouette:
    width = _between(0.8, 1.2, variation[0])
    step = _between(-0.06, 0.1, variation[1])
    upper = [(0.38, -1.0), (-0.06, -1.0), (-0.52, step + 0.1), (-0.08, step + 0.1)]
    lower = [(-0.3, 1.0), (0.52, step - 0.2), (0.1, step - 0.2)]
    return Silhouette((_polygon(*((x * width, y) for x, y in [*upper, *lower])),))


_OUTLINES: dict[str, Callable[[Sequence[float]], Silhouette]] = {
    "ball": _ball,
    "ring": _ring,
    "star": _star,
    "cross": _cross,
    "arrow": _arrow,
    "crescent": _crescent,
    "heart": _heart,
    "house": _house,
    "flower": _flower,
    "bolt": _bolt,
}

CLASS_NAMES = tuple(_OUTLINES)
