"""Transform images with the legacy `ImageDataGenerator`, and find where rounding decides."""

import warnings

import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from kcore.augment import Parameters, matrices

# Closer than this, in pixels, to where the result jumps, rounding decides which side a place is on.
A_HAIR = 1e-5


def legacy_pixels(images, transforms, *, data_format="channels_last", **options):
    """Transform each image with the legacy class, as float32."""
    generator = ImageDataGenerator(data_format=data_format, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.stack(
            [
                generator.apply_transform(image.astype("float32"), transform)
                for image, transform in zip(images, transforms, strict=True)
            ]
        )


def is_decided(transforms, height, width, fill_mode, interpolation_order, *, legacy_geometry=True):
    """Tell for each pixel, `(images, height, width)`, whether rounding can't change it much."""
    matrix = matrices(
        Parameters.from_dicts(transforms), height, width, legacy_geometry=legacy_geometry
    )
    rows, columns = np.mgrid[:height, :width]
    places = np.einsum("nax,xhw->nahw", matrix, [rows, columns, np.ones_like(rows)])
    decided = np.ones(places[:, 0].shape, bool)
    for axis, size in ((0, height), (1, width)):
        place = places[:, axis]
        if interpolation_order == 0:
            decided &= far_from_multiples(place - 0.5, 1)
        if fill_mode == "constant":
            decided &= (abs(place) > A_HAIR) & (abs(place - (size - 1)) > A_HAIR)
        if fill_mode == "wrap" and size > 1:
            decided &= far_from_multiples(place, size - 1)
    return decided


def far_from_multiples(place, period):
    return abs(place / period - np.rint(place / period)) * period > A_HAIR
