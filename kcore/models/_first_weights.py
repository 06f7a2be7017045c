"""Initial weights that depend on a seed alone, not on the backend.

Keras's initializers draw different numbers on each backend, even with the same seed. Here the
numbers come from `kcore.random`, so a model built with `seed=7` starts from the same bits
everywhere.
"""

from typing import Any, TypeVar

import keras

from kcore._arguments import check_seed
from kcore._layer_walk import walk
from kcore.random._initializers import glorot_uniform
from kcore.random._path_keys import key_of_path, renumbered

__all__ = ["seed_weights", "variable_paths"]

Model = TypeVar("Model", bound=keras.Model)


def seed_weights(model: Model, seed: int | None) -> Model:
    """Give every kernel of a built model Glorot-uniform values that depend on `seed` alone.

    Each trainable variable of two or more axes is drawn from a key of its own, which follows from
    the seed and the variable's path. So changing one layer leaves the initial weights of the others
    as they were. Biases and other vectors keep the values that the model was built with.

    Args:
        model: a built model; its kernels are overwritten.
        seed: an integer, 0 <= seed < 2**64, or `None` to leave the weights as they are.

    Returns:
        `model` itself.

    Raises:
        ValueError: if `seed` is out of range or not an integer.
    """
    if check_seed(seed) is None:
        return model
    paths = variable_paths(model)
    for variable in model.trainable_variables:
        if len(variable.shape) >= 2:
            key = key_of_path(seed, paths[id(variable)])
            variable.assign(glorot_uniform(key, tuple(variable.shape)))
    return model


def variable_paths(model: Any) -> dict[int, str]:
    """Map the id of each variable to its path, such as "inner/conv2d_1/kernel".

    The numbers that Keras gives count anew in each model, as `renumbered` says.
    """
    names: dict[int, tuple[str, ...]] = {}
    for layer, path in [(model, ()), *walk(model)]:
        for variable in layer.weights:
            names[id(variable)] = (*path, variable.name)  # inner layers come last, and win
    return dict(zip(names, renumbered(list(names.values())), strict=True))
