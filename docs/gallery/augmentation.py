"""
Augmentation
============

One image as augmentation changes it, with what was drawn for each variation.
"""

import kcore

scene = kcore.datasets.scenes.scene(4, image_size=(160, 160))
recipe = kcore.augment.Recipe(
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=11.54,
    zoom_range=0.2,
    brightness_range=(0.6, 1.4),
    horizontal_flip=True,
)
variants, parameters = kcore.augment.variations(scene.image, recipe, count=8, seed=7)
kcore.visualize.gallery(
    variants, captions=kcore.augment.captions(parameters), columns=4, tile_size=192
)
