"""Scenes that stand in for Fashion-MNIST: gray, and about as easy.

Like the articles of Fashion-MNIST, an object fills most of its image, stands nearly upright, and is
lighter than what is around it. Colors, proportions, sizes, backgrounds and noise still vary.
"""

import dataclasses

import numpy as np

from kcore.datasets._arrays import Images, Split
from kcore.datasets.scenes import Scene, SceneParameters, draw_parameters, paint
from kcore.datasets.scenes._generation import draw_splits

__all__ = ["posed_scenes"]

_IMAGE_SIZE = (28, 28)


def posed_scenes(train: int, test: int) -> tuple[Split, Split]:
    """Return images, uint8 of shape (count, 28, 28), and labels, for training and testing."""
    (x_train, y_train), (x_test, y_test) = draw_splits(_posed_scene, train, test, _IMAGE_SIZE)
    return (_gray(x_train), y_train), (_gray(x_test), y_test)


def _posed_scene(index: int, split: str) -> Scene:
    parameters = _posed(draw_parameters(index, split=split))
    scene = paint(parameters, _IMAGE_SIZE)
    colors = np.array([parameters.object_color, *parameters.background_colors], np.uint8)
    thing, *around = _gray(colors).tolist()
    if 2 * thing > sum(around):
        return scene
    return dataclasses.replace(scene, image=255 - scene.image)


def _posed(parameters: SceneParameters) -> SceneParameters:
    """Return the scene with a larger object, less rotated and not mirrored, and less clutter."""
    return dataclasses.replace(
        parameters,
        size=0.6 + 0.4 * parameters.size,
        rotation=0.3 * parameters.rotation,
        mirrored=False,
        clutter=parameters.clutter[:3],
    )


def _gray(colors: Images) -> Images:
    """Return the luma of ITU-R BT.601, in integers, so rounding doesn't depend on the CPU."""
    red, green, blue = np.moveaxis(colors, -1, 0).astype(np.uint32)
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)
