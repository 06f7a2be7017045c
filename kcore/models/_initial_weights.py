"""Initial weights that depend on a seed alone, not on the backend.

Keras's initializers draw different numbers on each backend, even with the same seed. Here the
numbers come from `kcore.random`, so a model built with `seed=7` starts from the same bits
everywhere.
"""

from typing import TypeVar

import keras

from kcore._arguments import check_seed
from kcore.initializers._draws import fans, variance_scaling
from kcore.initializers._paths import variable_paths
from kcore.random._path_keys import key_of_path

__all__ = ["seed_weights"]

Model = TypeVar("Model", bound=keras.Model)


def seed_weights(model: Model, seed: int | None) -> Model:
    """Give every kernel of a built model Glorot-uniform values that depend on `seed` alone.

    Each trainable variable of two or more axes is drawn from its own key, which follows from the
    seed and the variable's path. So changing one layer doesn't change the initial weights of the
    others. Biases and other vectors keep the values that the model was built with.

    Args:
        model: a built model; its kernels are overwritten.
        seed: an integer, 0 <= seed < 2**64, or `None` to leave the weights as they are.

    Returns:
        `model` itself.

    Raises:
        ValueError: if `seed` is out of range or not an integer.
    """
    seed = check_seed(seed)
    if seed is None:
        return model
    paths = variable_paths(model)
    for variable in model.trainable_variables:
        if len(variable.shape) >= 2:
            key = key_of_path(seed, paths[id(variable)])
            shape = tuple(variable.shape)
            variable.assign(variance_scaling(key, shape, fans(shape)))  # Glorot's uniform
    return model
