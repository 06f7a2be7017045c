"""Keras's layers, with the same values on every backend, and faster where Keras's are slow.

Each layer subclasses the Keras layer of the same name and takes the same arguments.

**Convolutions and pools.** On a CPU under JAX, their gradients are computed in another way, which
makes training steps about twice as fast. Elsewhere Keras's own operations run. Where those give
another result, or end the process, these layers are right; `docs/conformance.md` lists the cases.
Saved models name them as Keras's layers, so they load without kcore. `accelerate` copies an
existing model with them in place of Keras's.

**Dropout and noise.** Only the source of their random numbers differs from Keras's. Keras asks the
backend, so one seed gives different masks on TensorFlow and on JAX. Here each number is computed by
integer arithmetic from

- the layer's seed,
- the number of the layer's earlier calls in training, which its `seed_generator` counts, as in
  Keras,
- and the position of the element in the batch.

So the numbers are the same bits eagerly and compiled, under XLA, under mixed precision, and with
any `steps_per_execution`. Outside training, or with a rate of 0, a layer returns its inputs, and
the call isn't counted.

Keras saves the seed of a layer, but not its count. So in a loaded model these layers, like Keras's,
count from 0 again.

`reproducible` copies an existing model with these layers in place of Keras's.
"""

import kcore._backend  # noqa: F401
from kcore.layers._accelerate import accelerate
from kcore.layers._convolution import Conv1D, Conv2D, Conv3D
from kcore.layers._dropout import (
    AlphaDropout,
    Dropout,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from kcore.layers._noise import GaussianDropout, GaussianNoise
from kcore.layers._pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from kcore.layers._reproducible import reproducible

__all__ = [
    "AlphaDropout",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "accelerate",
    "reproducible",
]
