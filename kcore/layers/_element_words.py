"""Random words for the elements of a tensor, each from a seed, a counter and its position.

A word is a keyed hash of the position, because a block cipher for each element would take longer
than the layers around it:

1. Threefry encrypts (row, counter) under (seed, a constant). A row is all elements at one index of
   the first axis. The block is a 64-bit key for this row. With one seed, no two pairs of row and
   counter have the same key.
2. The column, which is the position within the row, is mixed with the first word of the key by a
   multiplication and an xorshift. Then the second word is added.
3. The finalizer lowbias32 follows: two more multiplications between xorshifts. Source: Wellons,
   "Prospecting for hash functions", 2018, public domain.

With only two multiplications in total, masks would correlate between neighboring columns, and
between rows whose keys happen to share most bits of the first word.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from kcore.random._threefry import threefry2x32

__all__ = ["element_words"]

# Together with a 32-bit seed, this makes a key that `kcore.random.key` returns for no such seed.
_PURPOSE = 0x6B636F72
_GOLDEN = np.uint32(0x9E3779B1)
_FIRST, _SECOND = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)  # of lowbias32
_LONGEST_ROW = 2**31 - 1  # the columns are counted in int32, which every backend has


def element_words(state: Any, shape: Sequence[Any]) -> Any:
    """Return a random word for each element of a tensor.

    Args:
        state: what `SeedGenerator.next()` returns: the seed and the counter.
        shape: sizes of the axes; sizes that aren't known when a graph is built are scalar int32
            tensors.

    Returns:
        uint32 tensor of `shape`. Adding rows, or columns if there are two axes, doesn't change the
        words of the others.

    Raises:
        ValueError: if a row has 2**31 elements or more.
    """
    rows, columns = (shape[0], math.prod(shape[1:])) if len(shape) else (1, 1)
    if isinstance(columns, int) and columns > _LONGEST_ROW:
        raise ValueError(
            f"shape={tuple(shape)} has {columns:,} elements in each row: a layer that draws random "
            f"numbers takes at most {_LONGEST_ROW:,}."
        )
    state = ops.cast(state, "uint32")
    first, second = threefry2x32(
        ops,
        (state[:1], ops.cast(np.full(1, _PURPOSE, "uint32"), "uint32")),
        (_counted(rows), state[1:]),
    )
    words = ops.bitwise_xor(_counted(columns), first[:, None]) * _GOLDEN
    words = _folded(words, 16) + second[:, None]
    words = _folded(words, 16) * _FIRST
    words = _folded(words, 15) * _SECOND
    return ops.reshape(_folded(words, 16), shape)


def _counted(size: Any) -> Any:
    # TensorFlow's XLA has no range of uint32.
    return ops.cast(ops.arange(size, dtype="int32"), "uint32")


def _folded(words: Any, distance: int) -> Any:
    return ops.bitwise_xor(words, ops.right_shift(words, np.uint32(distance)))
