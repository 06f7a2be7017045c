"""
Drawn scenes
============

Labeled color images of any size and number, without a download. A scene depends only on its index.
"""

import numpy as np

import kcore

scenes = [kcore.datasets.scenes.scene(index, image_size=(96, 96)) for index in range(20)]
kcore.visualize.gallery(
    np.stack([scene.image for scene in scenes]),
    [scene.label for scene in scenes],
    class_names=kcore.datasets.scenes.CLASS_NAMES,
    columns=10,
    tile_size=96,
)
