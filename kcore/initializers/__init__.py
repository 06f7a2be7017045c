"""Initializers that draw the same floats on every backend, and new initial weights for any model.

The initializers have the names, arguments and distributions of those in `keras.initializers`, of
which they are subclasses. Their numbers come from `kcore.random`. They are drawn in float32 with
NumPy, also where a layer is built inside a compiled function, and then cast to the dtype that the
layer asks for. So with one seed they are equal on every backend, bit for bit.

Seeds work as in Keras: an integer gives the same values at every call with one shape. `None` draws
one integer when the initializer is made, from Python's generator, which
`keras.utils.set_random_seed` seeds. A `keras.random.SeedGenerator` gives other values at each call.
So give layers that have the same shape different seeds, or no seed, or use `reinitialize`, which
draws each variable of a built model from a key of its own.
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
