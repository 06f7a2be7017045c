"""The path of a variable, which is the same in every run, and the key that follows from it."""

import hashlib
import re
from collections import Counter
from typing import Any

import numpy as np

from kcore import random
from kcore.initializers._layers import walk

__all__ = ["key_of_path", "seed_generators", "variable_paths"]


def key_of_path(seed: Any, path: str) -> Any:
    """Return the key of a variable: the seed's, folded with two words of the SHA-256 of its path.

    The words are the first two of the digest, big-endian.
    """
    digest = hashlib.sha256(path.encode()).digest()
    key = random.key(seed)
    for start in (0, 4):
        key = random.fold_in(key, int.from_bytes(digest[start : start + 4], "big"))
    return key


def variable_paths(model: Any) -> dict[int, str]:
    """Map the id of each variable to its path, such as "inner/conv2d_1/kernel".

    Keras numbers the layers that have no name of their own through the whole session, so the
    same model gets other names the second time it is built. Here the numbers count anew in each
    model and for each kind of name: the first is left out, as Keras does, then come `_1`, `_2`, ...
    """
    names: dict[int, tuple[str, ...]] = {}
    for layer, path in [(model, ()), *walk(model)]:
        for variable in layer.weights:
            names[id(variable)] = (*path, variable.name)  # inner layers come last, and win
    renumbered = _renumbered(list(names.values()))
    return dict(zip(names, renumbered, strict=True))


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
    found = list(states.values())
    renumbered = _renumbered([path for _, path in found])
    for (state, _), numbered in zip(found, renumbered, strict=True):
        # The second word counts what was drawn.
        state.assign(np.array([key_of_path(seed, numbered)[0], 0], "uint32"))


def _renumbered(paths: list[tuple[str, ...]]) -> list[str]:
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    seen: Counter[str] = Counter()
    found = []
    for path in paths:
        above = ""
        for name in path:
            stem = re.sub(r"_\d+$", "", name)
            known = numbers.setdefault((above, stem), {})
            number = known.setdefault(name, len(known))
            above += f"/{stem}_{number}" if number else f"/{stem}"
        seen[above] += 1
        # Layers that one layer holds may have equal names.
        found.append(above[1:] if seen[above] == 1 else f"{above[1:]}#{seen[above]}")
    return found
