"""Initializers that draw the same floats on every backend, and new initial weights for any model.

The initializers subclass those of `keras.initializers` and have the same names, arguments and
distributions. Their numbers come from `kcore.random`: they are drawn in float32 with NumPy, even if
a layer is built inside a compiled function, and then cast to the dtype that the layer asks for. So
with one seed they are equal on every backend, bit for bit.

Seeds work as in Keras. An integer gives the same values at every call with the same shape. `None`
draws an integer when the initializer is made, from Python's generator, which
`keras.utils.set_random_seed` seeds. A `keras.random.SeedGenerator` gives different values at each
call. So give layers of the same shape different seeds or no seed, or use `reinitialize`, which
draws each variable of a built model from its own key.
"""

from kcore.initializers._initializers import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
from kcore.initializers._reinitialize import reinitialize

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "reinitialize",
]
