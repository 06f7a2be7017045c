"""Paint a scene from its parameters.

Pillow draws hard edges, so a scene is drawn larger and then averaged down: each pixel of the result
is the mean of a square of drawn pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from kcore import _notebook
from kcore._arguments import check_instance
from kcore.datasets.scenes._parameters import Clutter, SceneParameters
from kcore.datasets.scenes._silhouettes import Points, silhouette

__all__ = ["MIN_SIDE", "Box", "Scene", "paint"]

Box: TypeAlias = tuple[int, int, int, int]

MIN_SIDE = 8

_FINE_SIDE = 256  # a scene is drawn at least this large if the factor allows it
_MAX_FACTOR = 8
_SHOWN_SIDE = 192  # small scenes are enlarged up to this in a notebook

_SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
_DIAMOND = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
_CIRCLE = np.stack(
    [np.cos(np.linspace(0, 2 * np.pi, 24)), np.sin(np.linspace(0, 2 * np.pi, 24))], axis=1
)


@dataclass(frozen=True, eq=False, repr=False)
class Scene:
    """A labeled image of one object, which a notebook shows as a picture.

    Attributes:
        image: uint8 of shape (height, width, 3), RGB, 0 to 255.
        label: index of the class among the given classes.
        box: bounding box of the object in pixels, (top, left, bottom, right), where bottom and
            right are excluded: `image[top:bottom, left:right]` is the whole object.
    """

    image: npt.NDArray[np.uint8]
    label: int
    box: Box

    def __repr__(self) -> str:
        height, width = self.image.shape[:2]
        return f"<Scene of {height}×{width} pixels, label {self.label}, box {self.box}>"

    def _repr_html_(self) -> str:
        scale = max(_SHOWN_SIDE // max(self.image.shape[:2]), 1)
        return _notebook.picture(Image.fromarray(self.image), repr(self)[1:-1], scale=scale)


def paint(parameters: SceneParameters, image_size: tuple[int, int] = (64, 64)) -> Scene:
    """Paint a scene.

    Args:
        parameters: what to paint, as returned by `draw_parameters`.
        image_size: height and width in pixels, each at least 8.

    Returns:
        A `Scene`: image, label and bounding box of the object.

    Raises:
        TypeError: if `parameters` is not a `SceneParameters`.
        ValueError: if `image_size` is not a pair of integers of at least 8.

    Example:
        >>> from kcore.datasets.scenes import draw_parameters
        >>> paint(draw_parameters(1), (48, 64))
        <Scene of 48×64 pixels, label 1, box (7, 23, 42, 58)>
    """
    check_instance("parameters", parameters, SceneParameters)
    _check_size(image_size)
    height, width = image_size
    factor = _oversampling(height, width)
    background = _background(parameters, height, width)
    # Only what is drawn over the background needs more than one sample for each pixel.
    canvas = background.resize((width * factor, height * factor), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(canvas)
    for item in parameters.clutter:
        _draw_clutter(pen, canvas.size, item)
    outline = _draw_object(pen, canvas.size, parameters) / factor
    image = _with_noise(np.asarray(canvas.reduce(factor)), parameters)
    return Scene(image, parameters.label, _box(outline))


def _check_size(image_size: tuple[int, int]) -> None:
    sides = image_size if isinstance(image_size, Sequence) else ()
    are_numbers = [isinstance(side, Integral) and not isinstance(side, bool) for side in sides]
    if len(sides) != 2 or not all(are_numbers):
        raise ValueError(f"image_size={image_size!r} must be (height, width), two integers.")
    if min(sides) < MIN_SIDE:
        raise ValueError(f"image_size={image_size!r} must be at least {MIN_SIDE} each.")


def _oversampling(height: int, width: int) -> int:
    return min(max(math.ceil(_FINE_SIDE / min(height, width)), 2), _MAX_FACTOR)


def _background(parameters: SceneParameters, height: int, width: int) -> Image.Image:
    """Fill an image with a linear gradient, by interpolation between its corners."""
    first, second = np.array(parameters.background_colors, dtype=np.float64)
    down, right = math.sin(parameters.background_angle), math.cos(parameters.background_angle)
    reach = abs(down) + abs(right)
    rows, columns = np.array([[-1.0], [1.0]]), np.array([[-1.0, 1.0]])
    share = ((rows * down + columns * right) / reach + 1) / 2
    corners = np.rint(first + share[..., None] * (second - first)).astype(np.uint8)
    return Image.fromarray(corners).resize(
        (width, height), Image.Resampling.BILINEAR, box=(0.5, 0.5, 1.5, 1.5)
    )


def _draw_clutter(pen: ImageDraw.ImageDraw, canvas_size: tuple[int, int], item: Clutter) -> None:
    width, height = canvas_size
    half = item.length * min(width, height) / 2
    cosine, sine = math.cos(item.angle) * half, math.sin(item.angle) * half
    axes = np.array([[cosine, sine], [-sine * item.thickness, cosine * item.thickness]])
    center = (item.center[1] * width, item.center[0] * height)
    _fill(pen, _clutter_outline(item) @ axes + center, item.color)


def _clutter_outline(item: Clutter) -> Points:
    if item.kind == "line":
        return _SQUARE
    if item.kind == "blob":
        return _CIRCLE
    return _DIAMOND * np.array(item.corners)[:, None]


def _draw_object(
    pen: ImageDraw.ImageDraw, canvas_size: tuple[int, int], parameters: SceneParameters
) -> Points:
    """Draw the object and return the vertices of its outline on the canvas."""
    shape = silhouette(parameters.class_name, parameters.variation)
    axes = _pose(parameters)
    posed = np.concatenate(shape.body) @ axes
    low, high = posed.min(axis=0), posed.max(axis=0)
    scale = parameters.size * min(canvas_size) / (high - low).max()
    corner = (np.array(canvas_size) - (high - low) * scale) * parameters.position[::-1]
    axes, offset = axes * scale, corner - low * scale
    for polygon in shape.body:
        _fill(pen, polygon @ axes + offset, parameters.object_color)
    for polygon in shape.details:
        _fill(pen, polygon @ axes + offset, parameters.detail_color)
    return posed * scale + offset


def _pose(parameters: SceneParameters) -> Points:
    """Return the matrix that mirrors, squeezes, shears and rotates row vectors (x, y)."""
    cosine, sine = math.cos(parameters.rotation), math.sin(parameters.rotation)
    rotation = np.array([[cosine, sine], [-sine, cosine]])
    width = -parameters.squeeze if parameters.mirrored else parameters.squeeze
    return np.array([[width, 0.0], [parameters.shear, 1.0]]) @ rotation


def _fill(pen: ImageDraw.ImageDraw, vertices: Points, color: tuple[int, int, int]) -> None:
    # Pillow fills every pixel that the outline touches; integers are borders between pixels.
    pen.polygon(vertices.ravel().tolist(), fill=color)


def _box(outline: Points) -> Box:
    rounding = 1e-6  # an edge on the border of a pixel must not include the next pixel
    left, top = np.floor(outline.min(axis=0) + rounding).astype(int).tolist()
    right, bottom = np.ceil(outline.max(axis=0) - rounding).astype(int).tolist()
    return top, left, bottom, right


def _with_noise(image: npt.NDArray[np.uint8], parameters: SceneParameters) -> npt.NDArray[np.uint8]:
    """Lighten or darken each pixel a little, all three channels alike."""
    generator = np.random.Generator(np.random.PCG64(parameters.noise_seed))
    noise = (generator.random(image.shape[:2]) - 0.5) * (2 * parameters.noise)
    noisy = image + np.rint(noise).astype(np.int16)[..., None]
    return np.clip(noisy, 0, 255).astype(np.uint8)
