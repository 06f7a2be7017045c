"""Initial weights that depend on a seed alone, not on the backend.

Keras's initializers draw different numbers on each backend, even with the same seed. Here the
numbers come from `kcore.random`, so a model built with `seed=7` starts from the same bits
everywhere.
"""

import hashlib
import re
from collections import Counter
from typing import Any, TypeVar

import keras

from kcore import random
from kcore._arguments import check_seed
from kcore.models._layers import walk
from kcore.random._initializers import glorot_uniform

__all__ = ["key_of_path", "seed_weights", "variable_paths"]

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

    Keras numbers the layers that have no name of their own through the whole session, so the same
    model gets other names the second time it is built. Here numbering starts again in each model
    and for each kind of name: as in Keras, the first gets no number, then come `_1`, `_2`, ...
    """
    names: dict[int, tuple[str, ...]] = {}
    for layer, path in [(model, ()), *walk(model)]:
        for variable in layer.weights:
            names[id(variable)] = (*path, variable.name)  # inner layers come last, and win
    renumbered = _renumbered(list(names.values()))
    return dict(zip(names, renumbered, strict=True))


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
