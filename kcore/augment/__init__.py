"""Draw random transformations of images and apply them, in the same way on every backend.

Drawing and applying are two steps. `Recipe` holds the options of the legacy `ImageDataGenerator`.
`Recipe.draw` draws `Parameters` from keys, in NumPy, the same bits everywhere; `matrices` composes
them into one matrix for each image; `warp` resamples each image once, compiled by the backend; and
`apply` does both, and also shifts channels and changes brightness. `RandomTransform` does all of it
as a layer, and `variations` shows one image under several draws.

`ImageDataGenerator` has the arguments and methods of its legacy namesake. Its `flow*` methods
return a `kcore.data.ImageBatches`, which feeds `fit` and shows any of its images again with
`replay`.
"""

import kcore._backend  # noqa: F401
from kcore.augment._affine import matrices
from kcore.augment._image_data_generator import ImageDataGenerator
from kcore.augment._parameters import Parameters
from kcore.augment._random_transform import RandomTransform
from kcore.augment._recipe import Recipe
from kcore.augment._variations import captions, variations
from kcore.augment._warp import apply, warp

__all__ = [
    "ImageDataGenerator",
    "Parameters",
    "RandomTransform",
    "Recipe",
    "apply",
    "captions",
    "matrices",
    "variations",
    "warp",
]
