"""Initial weights drawn by NumPy, for tests in which they don't matter.

JAX compiles Keras's own initializer for each shape, which takes longer than most of these tests.
"""

from contextlib import contextmanager

import keras
import numpy as np
import pytest


def glorot_uniform(initializer, shape, dtype=None):
    """Draw from the distribution that Glorot and Bengio define, with the initializer's seed."""
    fans = np.prod(shape[:-2]) * np.sum(shape[-2:])
    limit = np.sqrt(6 / fans)
    values = np.random.default_rng(initializer.seed).uniform(-limit, limit, shape)
    return keras.ops.convert_to_tensor(values, dtype)


@contextmanager
def drawn_by_numpy():
    """Let `keras.initializers.GlorotUniform` draw by NumPy for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.initializers.GlorotUniform, "__call__", glorot_uniform)
        yield
