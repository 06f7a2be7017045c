"""Keras's dropout and noise layers, with the same random numbers on every backend.

Each layer subclasses the layer of Keras with its name and takes the same arguments. What differs is
where its random numbers come from. Keras asks the backend, so that one seed gives other masks on
TensorFlow than on JAX. Here a number follows by integer arithmetic from

- the layer's seed,
- the number of its earlier calls in training, which its `seed_generator` counts, as in Keras,
- and the position of the element in the batch.

So the numbers are the same bits eagerly and compiled, under XLA, under mixed precision, and with
any `steps_per_execution`. Without training, and with a rate of 0, a layer returns its inputs and
counts nothing.

Keras saves the seed of a layer but not its count. So in a loaded model these layers, like Keras's,
count from 0 again.

`reproducible` replaces Keras's layers in an existing model by these.
"""

import kcore._backend  # noqa: F401
from kcore.layers._dropout import (
    AlphaDropout,
    Dropout,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from kcore.layers._noise import GaussianDropout, GaussianNoise
from kcore.layers._reproducible import reproducible

__all__ = [
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "reproducible",
]
