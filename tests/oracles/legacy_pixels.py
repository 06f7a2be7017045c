"""Transform images with the legacy `ImageDataGenerator`, and find where rounding decides."""

import warnings

import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from kcore.augment import Parameters, matrices

# If a coordinate is closer than this, in pixels, to where the result jumps, rounding decides.
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
    coordinates = np.einsum("nax,xhw->nahw", matrix, [rows, columns, np.ones_like(rows)])
    decided = np.ones(coordinates[:, 0].shape, bool)
    for axis, size in ((0, height), (1, width)):
        coordinate = coordinates[:, axis]
        if interpolation_order == 0:
            decided &= far_from_multiples(coordinate - 0.5, 1)
        if fill_mode == "constant":
            decided &= (abs(coordinate) > A_HAIR) & (abs(coordinate - (size - 1)) > A_HAIR)
        if fill_mode == "wrap" and size > 1:
            decided &= far_from_multiples(coordinate, size - 1)
    return decided


def far_from_multiples(coordinate, period):
    return abs(coordinate / period - np.rint(coordinate / period)) * period > A_HAIR
