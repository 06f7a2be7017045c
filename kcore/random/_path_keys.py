"""Keys for parts of a model, which follow from a seed and the names of layers."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from kcore.random._keys import fold_in, key

__all__ = ["key_of_path", "renumbered"]


def key_of_path(seed: Any, path: str) -> Any:
    """Return the key of a path: the seed's key, folded with the path's SHA-256.

    Two words are folded in, one after the other: the first 8 bytes of the digest, big-endian.
    """
    digest = hashlib.sha256(path.encode()).digest()
    of_path = key(seed)
    for start in (0, 4):
        of_path = fold_in(of_path, int.from_bytes(digest[start : start + 4], "big"))
    return of_path


def renumbered(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """Join paths such as ("inner", "conv2d_7", "kernel") with slashes, and renumber the names.

    Keras appends numbers to the names of unnamed layers, and keeps counting through the whole
    session, so the same model gets different names the second time it is built. Here the count
    starts anew in each model and for each stem: the first layer gets no number, as in Keras, the
    next ones get `_1`, `_2`, ...
    """
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
        # A layer may hold several layers of the same name.
        found.append(above[1:] if seen[above] == 1 else f"{above[1:]}#{seen[above]}")
    return found
