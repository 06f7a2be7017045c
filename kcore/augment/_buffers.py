"""Allocate output arrays whose memory is reused once nobody holds them.

The operating system has to clear the memory of a large new array page by page, which would take a
quarter of the total time of a batch of augmented images.
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

# Garbage may be collected at any moment, so no lock is taken: a deque's own operations are atomic.
_kept: deque[memoryview] = deque(maxlen=_MOST_KEPT)


def empty(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """Return an array with arbitrary content, as `numpy.empty` does.

    Its memory is returned when the last reference to it, or to a view of it, is gone. At most two
    blocks are kept, the last that were returned.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < _WORTH_KEEPING:
        return np.empty(shape, dtype)
    memory = _taken(size) or _new(size)
    # All views of this array refer to it, as its memory belongs to no other array.
    array = np.frombuffer(memory, dtype)
    weakref.finalize(array, _kept.append, memory).atexit = False
    return array.reshape(shape)


def _new(size: int) -> memoryview:
    array: Any = np.empty(size, np.uint8)
    return memoryview(array)


def _taken(size: int) -> memoryview | None:
    """Take kept memory of this size, and drop memory of other sizes."""
    while True:
        try:
            memory = _kept.pop()
        except IndexError:
            return None
        if len(memory) == size:
            return memory
