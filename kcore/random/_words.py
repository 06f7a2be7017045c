"""What all draws share: the module that computes them, and words from keys and counters."""

import math
from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from kcore._arguments import check_integers
from kcore._memory import check_memory
from kcore.random._threefry import threefry2x32

__all__ = [
    "BITS",
    "FOLD_IN",
    "PAIRS",
    "SPLIT",
    "as_key",
    "blocks",
    "cast",
    "check_blocks",
    "check_draw_shape",
    "dtype_name",
    "encrypted",
    "parts",
    "product_high",
    "shaped",
    "shifted_right",
    "size",
    "words",
]

# The second word of a counter says what the block is for, so that no two uses of a key meet.
FOLD_IN, SPLIT, BITS, PAIRS = range(4)

_BYTES_OF_A_BLOCK = 48  # while it is made
# This many blocks and their intermediate results fit into the cache of a processor core.
_COMPUTED_AT_ONCE = 2**16


def as_key(key: Any) -> tuple[Any, Any]:
    """Return the module that computes with `key`, and the key as its array.

    Raises:
        TypeError: if `key` is not an array of integers.
        ValueError: if its shape is neither (2,) nor (n, 2).
    """
    if not hasattr(key, "shape") or not hasattr(key, "dtype"):
        raise TypeError(
            f"key={key!r} is not a key: make one from a seed with kcore.random.key(seed)."
        )
    if isinstance(key, (np.ndarray, np.generic)):
        _check_key(key, key.dtype.name)
        return np, key
    import keras

    if isinstance(key, keras.KerasTensor):
        raise TypeError("key is a symbolic tensor: draw inside the `call` of a layer.")
    _check_key(key, dtype_name(key))
    return keras.ops, keras.ops.convert_to_tensor(key)


def dtype_name(tensor: Any) -> str:
    """Return the name of a tensor's dtype, of any backend."""
    import keras

    return str(keras.backend.standardize_dtype(tensor.dtype))


def _check_key(key: Any, dtype: str) -> None:
    if dtype != "uint32":
        raise TypeError(f"key has dtype {dtype}: keys are uint32, made by kcore.random.key(seed).")
    _check_key_shape(key)


def _check_key_shape(key: Any) -> None:
    shape = tuple(key.shape)
    if len(shape) not in (1, 2) or shape[-1] != 2:
        raise ValueError(
            f"key has shape {shape}: a key has the shape (2,), a batch of n keys (n, 2)."
        )


def check_draw_shape(shape: Sequence[int] | int, key: Any, words_each: int = 1) -> tuple[int, ...]:
    """Return the shape of a draw as a tuple of ints of at least 1, if memory holds the draw."""
    if isinstance(shape, Integral) and not isinstance(shape, bool):
        shape = (int(shape),)
    sizes = check_integers("shape", shape)
    check_blocks(f"shape={sizes}", key, -(-size(sizes) * words_each // 2))
    return sizes


def check_blocks(asked: str, key: Any, count: int) -> None:
    """Refuse more blocks of each key than a key has, or than memory holds.

    Args:
        asked: the argument that asks for them, with its value.
        key: a key, or a batch of them.
        count: how many of each key.
    """
    if count > 2**32:
        raise ValueError(f"{asked} asks for {count:,} blocks of one key, which has 2**32.")
    # If the batch size is unknown, backends give None or a symbol.
    keys = [size for size in key.shape[:-1] if isinstance(size, int)]
    check_memory(asked, (*keys, count), _BYTES_OF_A_BLOCK, "draw less at once")


def cast(xp: Any, x: Any, dtype: str) -> Any:
    """Return `x` in another dtype."""
    return x.astype(dtype) if xp is np else xp.cast(x, dtype)


def shifted_right(xp: Any, word: Any, distance: int) -> Any:
    """Return the upper bits of uint32 words."""
    return xp.right_shift(word, np.uint32(distance))


def blocks(xp: Any, key: Any, count: int, purpose: int) -> tuple[Any, Any]:
    """Return the two words of the first `count` blocks of each key: (count,) or (n, count)."""
    counter = np.arange(count, dtype="uint32")
    if xp is not np or count <= _COMPUTED_AT_ONCE:
        return encrypted(xp, key, counter, purpose)
    both = np.empty((2, *key.shape[:-1], count), "uint32")
    for part in parts(count):
        both[..., part] = encrypted(xp, key, counter[part], purpose)
    return both[0], both[1]


def parts(count: int) -> Iterator[slice]:
    """Yield slices of a long array that are computed one after the other, for speed and memory."""
    for start in range(0, count, _COMPUTED_AT_ONCE):
        yield slice(start, start + _COMPUTED_AT_ONCE)


def encrypted(xp: Any, key: Any, counter: Any, purpose: int) -> tuple[Any, Any]:
    """Return the two words of the blocks of `key` at `counter`, whose last axis is broadcast."""
    purposes = np.full(1, purpose, dtype="uint32")
    if xp is not np:
        counter, purposes = xp.cast(counter, "uint32"), xp.cast(purposes, "uint32")
    return threefry2x32(xp, (key[..., :1], key[..., 1:]), (counter, purposes))


def words(xp: Any, key: Any, count: int, purpose: int = BITS) -> Any:
    """Return the first `count` words of each key, as (count,) or (n, count)."""
    pairs = xp.stack(blocks(xp, key, (count + 1) // 2, purpose), axis=-1)
    width = count + count % 2
    return xp.reshape(pairs, (*_batch(key), width))[..., :count]


def shaped(xp: Any, key: Any, values: Any, shape: tuple[int, ...]) -> Any:
    """Reshape the values of each key, which are on one axis, to the shape of the draw."""
    return xp.reshape(values, (*_batch(key), *shape))


def _batch(key: Any) -> tuple[int, ...]:
    return (-1,) * (len(key.shape) - 1)


def size(shape: tuple[int, ...]) -> int:
    """Return how many values an array of this shape has."""
    return math.prod(shape)


def product_high(xp: Any, factor: int, word: Any) -> Any:
    """Return the upper word of the product of two words, from products of their halves."""
    factor_high, factor_low = np.uint32(factor >> 16), np.uint32(factor & 0xFFFF)
    high, low = shifted_right(xp, word, 16), _lower_half(xp, word)
    middle = low * factor_high + shifted_right(xp, low * factor_low, 16)
    crossed = high * factor_low + _lower_half(xp, middle)
    return high * factor_high + shifted_right(xp, middle, 16) + shifted_right(xp, crossed, 16)


def _lower_half(xp: Any, word: Any) -> Any:
    return xp.bitwise_and(word, np.uint32(0xFFFF))
