"""Output arrays whose memory is used again once nobody holds them.

The memory of a large new array has to be cleared page by page by the operating system, which takes
a quarter of the time that a batch of augmented images takes altogether.
"""

import math
import weakref
from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["empty"]

# Smaller arrays come from memory that the allocator itself keeps.
_WORTH_KEEPING = 4_000_000
_MOST_KEPT = 2

# Garbage may be collected at any moment, so no lock is taken: a deque's own steps are atomic.
_kept: deque[memoryview] = deque(maxlen=_MOST_KEPT)


def empty(shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Return a float32 array with arbitrary content, as `numpy.empty` does.

    Its memory is given back when the last reference to it, or to a view of it, is gone. At most
    two blocks are kept, those that were given back last.
    """
    size = math.prod(shape)
    if 4 * size < _WORTH_KEEPING:
        return np.empty(shape, np.float32)
    memory = _taken(size) or _new(size)
    # All views of this array hold this very array, for its memory belongs to no other array.
    array = np.frombuffer(memory, np.float32)
    weakref.finalize(array, _kept.append, memory).atexit = False
    return array.reshape(shape)


def _new(size: int) -> memoryview:
    array: Any = np.empty(size, np.float32)
    return memoryview(array)


def _taken(size: int) -> memoryview | None:
    """Take kept memory of this size; let go what has another."""
    while True:
        try:
            memory = _kept.pop()
        except IndexError:
            return None
        if len(memory) == size:
            return memory
