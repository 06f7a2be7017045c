"""The block cipher Threefry2x32 with 20 rounds, written once for NumPy and for `keras.ops`.

Source of the constants: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
1, 2, 3", SC 2011, and the Threefish specification that it builds on.

Sixteen of the rounds run in a loop of the backend. Unrolled, the rounds of several draws that
depend on each other end up in one kernel, and some compilers take more than twice as long for each
additional round: under JAX 0.12 on a CPU, three draws and a minimum of the last did not compile
within minutes. The result of a loop is computed before the code that follows, so no kernel holds
more than eight rounds.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["threefry2x32"]

# Rotation of the second word in each of four rounds; the two rows alternate.
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
# The third key word is the exclusive or of the other two and this constant, so no key is all zeros.
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
    block = (counter[0] + schedule[0], counter[1] + schedule[1])
    block = _injected(_mixed(xp, block, _ROTATIONS[0]), schedule[1], schedule[2], np.uint32(1))
    state = (*block, schedule[2], schedule[0], schedule[1], np.uint32(2))
    eight_rounds = _eight_rounds(xp)
    if xp is np:
        return eight_rounds(1, eight_rounds(0, state))[:2]
    return xp.fori_loop(0, 2, eight_rounds, state)[:2]


# Cached, because JAX compiles a loop anew for each new function.
@functools.cache
def _eight_rounds(xp: Any) -> Callable[[Any, tuple[Any, ...]], tuple[Any, ...]]:
    """Return the body of the loop, which takes and returns the block and the coming key words."""

    def body(turn: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        first, second, *words, injection = state
        block = _mixed(xp, (first, second), _ROTATIONS[1])
        block = _injected(block, words[0], words[1], injection)
        block = _mixed(xp, block, _ROTATIONS[0])
        block = _injected(block, words[1], words[2], injection + np.uint32(1))
        return *block, words[2], words[0], words[1], injection + np.uint32(2)

    return body


def _mixed(xp: Any, block: tuple[Any, Any], rotations: tuple[int, ...]) -> tuple[Any, Any]:
    """Return the block after one round for each rotation."""
    first, second = block
    for distance in rotations:
        first = first + second
        second = xp.bitwise_xor(_rotated(xp, second, distance), first)
    return first, second


def _injected(
    block: tuple[Any, Any], first_word: Any, second_word: Any, injection: Any
) -> tuple[Any, Any]:
    """Add two words of the key schedule, and the number of the injection, to the block."""
    return block[0] + first_word, block[1] + (second_word + injection)


def _rotated(xp: Any, word: Any, distance: int) -> Any:
    left, right = np.uint32(distance), np.uint32(32 - distance)
    return xp.bitwise_or(xp.left_shift(word, left), xp.right_shift(word, right))
