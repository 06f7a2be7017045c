"""Find the paths of variables, which are the same in every run."""

from typing import Any

import numpy as np

from kcore._layer_walk import own_weights, walk
from kcore.random._path_keys import key_of_path, renumbered

__all__ = ["owners", "seed_generators", "variable_paths"]


def owners(model: Any, kind: str = "weights") -> dict[int, tuple[Any, tuple[str, ...], Any]]:
    """Map the id of each variable to the layer that has it, its path there, and itself.

    If several models share a layer, the path is that of the first.

    Args:
        model: the model.
        kind: the attribute of layers that lists the variables.
    """
    found: dict[int, tuple[Any, tuple[str, ...], Any]] = {}
    for variable in getattr(model, kind):
        found[id(variable)] = model, (variable.name,), variable
    for layer, path in walk(model):
        for variable in own_weights(layer, kind):
            found[id(variable)] = layer, (*path, variable.name), variable
    return found


def variable_paths(model: Any) -> dict[int, str]:
    """Map the id of each variable to its path, such as "inner/conv2d_1/kernel".

    The numbers that Keras appends to names are counted anew in each model, as in `renumbered`.
    """
    found = owners(model)
    return dict(zip(found, renumbered([path for _, path, _ in found.values()]), strict=True))


def seed_generators(model: Any, seed: int) -> None:
    """Set the state of each seed generator in a model from a seed and its path.

    The paths end in "seed_generator_state" and are numbered apart from those of the weights.
    """
    weights = {id(weight) for weight in model.weights}
    states = [
        (path, variable)
        for key, (_, path, variable) in owners(model, "variables").items()
        if path[-1] == "seed_generator_state" and key not in weights
    ]
    paths = renumbered([path for path, _ in states])
    for (_, state), path in zip(states, paths, strict=True):
        # The second word counts the draws.
        state.assign(np.array([key_of_path(seed, path)[0], 0], "uint32"))
