"""Labelled images drawn by rule: one object of ten classes before a cluttered background.

The scenes need no download, come in any size and number, and are the same everywhere: a scene
depends on its seed, split, index, classes and image size alone. Within a class the object's pose,
size, place, proportions and colors vary, and so do the gradient, the clutter and the noise behind
it. The object may be lighter or darker than its background, so that no single pixel tells a class,
and a linear model is a poor match for a convolutional one.

What a scene shows is drawn first (`draw_parameters`) and painted afterwards (`paint`), so that it
can be inspected, stored, changed and painted again. `scene` does both.
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
