"""First weights that depend on a seed alone, not on the backend.

Keras's random initializers draw other numbers on each backend, even with one seed. Here the
numbers come from NumPy, so a model built with `seed=7` starts from the same bits everywhere.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore._arguments import check_seed

__all__ = ["seed_weights"]


def seed_weights(model: Any, seed: int | None) -> Any:
    """Give every kernel of a built model Glorot-uniform values that depend on `seed` alone.

    Each variable of two or more axes is drawn from its own stream, keyed by (seed, position of the
    variable in `model.trainable_variables`). Biases and other vectors keep what the model was
    built with.

    Args:
        model: a built `keras.Model`; its kernels are overwritten.
        seed: an integer of at least 0, or `None` to leave the weights alone.

    Returns:
        `model` itself.

    Raises:
        ValueError: if `seed` is negative or not an integer.
    """
    seed = check_seed(seed)
    if seed is None:
        return model
    for position, variable in enumerate(model.trainable_variables):
        if len(variable.shape) >= 2:
            variable.assign(_glorot_uniform(variable.shape, (seed, position)))
    return model


def _glorot_uniform(shape: Sequence[int], key: Sequence[int]) -> np.ndarray:
    """Draw from U(-a, a) with a = sqrt(6 / (fan_in + fan_out)), as Glorot and Bengio (2010)."""
    receptive_field = math.prod(shape[:-2])
    limit = math.sqrt(6 / (receptive_field * (shape[-2] + shape[-1])))
    uniform = np.random.Generator(np.random.Philox(np.random.SeedSequence(key))).random(shape)
    return ((2 * uniform - 1) * limit).astype(np.float32)
