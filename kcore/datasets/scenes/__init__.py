"""Synthetic labeled images: an object of one of ten classes in front of a cluttered background.

Scenes need no download, have any size and number, and are the same everywhere: a scene depends only
on its index, split, seed, classes and image size. Within a class, the pose, size, position,
proportions and colors of the object vary, and so do the gradient, the clutter and the noise of the
background. The object can be lighter or darker than its background, so no single pixel tells the
class, and a convolutional model clearly beats a linear one.

`draw_parameters` draws what a scene shows, and `paint` paints it, so a scene can be inspected,
stored, changed and painted again. `scene` does both.
"""

from kcore.datasets.scenes._directory import write_directory
from kcore.datasets.scenes._generation import load_data, scene
from kcore.datasets.scenes._painting import Scene, paint
from kcore.datasets.scenes._parameters import Clutter, SceneParameters, draw_parameters
from kcore.datasets.scenes._silhouettes import CLASS_NAMES

__all__ = [
    "CLASS_NAMES",
    "Clutter",
    "Scene",
    "SceneParameters",
    "draw_parameters",
    "load_data",
    "paint",
    "scene",
    "write_directory",
]
