"""The block cipher Threefry2x32 with 20 rounds, written once for NumPy and for `keras.ops`.

Source of the constants: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
1, 2, 3", SC 2011, and the Threefish specification that it builds on.
"""

from typing import Any

import numpy as np

__all__ = ["threefry2x32"]

# How far each of eight rounds turns the second word; the pattern repeats.
_ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
_ROUNDS = 20
# The third key word is the exclusive or of the others and this, so that no key is all zeros.
_PARITY = np.uint32(0x1BD11BDA)


def threefry2x32(xp: Any, key: tuple[Any, Any], counter: tuple[Any, Any]) -> tuple[Any, Any]:
    """Encrypt counters under keys.

    Args:
        xp: the module to compute with, `numpy` or `keras.ops`.
        key: the two words of the keys, uint32 arrays of at least one axis (NumPy warns when a
            scalar wraps around).
        counter: the two words of the counters, uint32 arrays that broadcast with those of `key`.

    Returns:
        The two words of the blocks: uint32 arrays.
    """
    schedule = (key[0], key[1], xp.bitwise_xor(xp.bitwise_xor(key[0], key[1]), _PARITY))
    first, second = counter[0] + schedule[0], counter[1] + schedule[1]
    for turn in range(_ROUNDS):
        first = first + second
        second = xp.bitwise_xor(_rotated(xp, second, _ROTATIONS[turn % 8]), first)
        if turn % 4 == 3:
            injection = turn // 4 + 1
            first = first + schedule[injection % 3]
            second = second + (schedule[(injection + 1) % 3] + np.uint32(injection))
    return first, second


def _rotated(xp: Any, word: Any, distance: int) -> Any:
    left, right = np.uint32(distance), np.uint32(32 - distance)
    return xp.bitwise_or(xp.left_shift(word, left), xp.right_shift(word, right))
