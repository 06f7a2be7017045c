"""Find the paths of variables, which are the same in every run."""

from typing import Any

import numpy as np

from kcore._layer_walk import walk
from kcore.random._path_keys import key_of_path, renumbered

__all__ = ["seed_generators", "variable_paths"]


def variable_paths(model: Any) -> dict[int, str]:
    """Map the id of each variable to its path, such as "inner/conv2d_1/kernel".

    The numbers that Keras appends to names are counted anew in each model, as in `renumbered`.
    """
    names: dict[int, tuple[str, ...]] = {}
    for layer, path in [(model, ()), *walk(model)]:
        for variable in layer.weights:
            names[id(variable)] = (*path, variable.name)  # inner layers come last, and win
    return dict(zip(names, renumbered(list(names.values())), strict=True))


def seed_generators(model: Any, seed: int) -> None:
    """Set the state of each seed generator in a model from a seed and its path.

    The paths end in "seed_generator_state" and are numbered apart from those of the weights.
    """
    states: dict[int, tuple[Any, tuple[str, ...]]] = {}
    for layer, path in [(model, ()), *walk(model)]:
        weights = {id(weight) for weight in layer.weights}
        for variable in layer.non_trainable_variables:
            if variable.name == "seed_generator_state" and id(variable) not in weights:
                states[id(variable)] = variable, (*path, variable.name)
    paths = renumbered([path for _, path in states.values()])
    for (state, _), of_state in zip(states.values(), paths, strict=True):
        # The second word counts the draws.
        state.assign(np.array([key_of_path(seed, of_state)[0], 0], "uint32"))
