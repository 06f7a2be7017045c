"""Keys of parts of a model, which follow from a seed and the names of layers."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from kcore.random._keys import fold_in, key

__all__ = ["key_of_path", "renumbered"]


def key_of_path(seed: Any, path: str) -> Any:
    """Return the key of a path: the seed's, folded with two words of the SHA-256 of the path.

    The words are the first two of the digest, big-endian.
    """
    digest = hashlib.sha256(path.encode()).digest()
    of_path = key(seed)
    for start in (0, 4):
        of_path = fold_in(of_path, int.from_bytes(digest[start : start + 4], "big"))
    return of_path


def renumbered(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """Join paths such as ("inner", "conv2d_7", "kernel") with slashes, and number names anew.

    Keras numbers the layers that have no name of their own through the whole session, so the
    same model gets other names the second time it is built. Here the numbers count anew in each
    model and for each kind of name: the first is left out, as Keras does, then come `_1`, `_2`, ...
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
        # Layers that one layer holds may have equal names.
        found.append(above[1:] if seen[above] == 1 else f"{above[1:]}#{seen[above]}")
    return found
