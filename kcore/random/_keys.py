"""Keys: from a seed, from another key, and one for each sample of each epoch."""

import secrets
from numbers import Integral
from typing import Any

import numpy as np

from kcore._arguments import check_integer
from kcore.random._words import FOLD_IN, SPLIT, as_key, blocks, check_blocks, dtype_name, encrypted

__all__ = ["draw_seed", "fold_in", "key", "sample_keys", "split"]


def key(seed: int) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """Return the key of a seed.

    Args:
        seed: integer, 0 <= seed < 2**64. Different seeds give different keys.

    Returns:
        uint32 array of shape (2,): the high and the low word of the seed. They need no mixing: the
        cipher mixes every bit of the key into every number.

    Raises:
        ValueError: if `seed` is not such an integer.

    Example:
        >>> import kcore
        >>> kcore.random.uniform(kcore.random.key(7), (3,))
        array([...], dtype=float32)
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**64:
        raise ValueError(
            f"seed={seed!r} must be an integer, 0 <= seed < 2**64; "
            "kcore.random.draw_seed() draws one."
        )
    return np.array([int(seed) >> 32, int(seed) & 0xFFFFFFFF], dtype="uint32")


def draw_seed() -> int:
    """Draw a seed, 0 <= seed < 2**64, from the operating system.

    Keep or print it, so that you can repeat the run.

    Returns:
        An integer that `key` takes.
    """
    return secrets.randbits(64)


def fold_in(key: Any, data: Any) -> Any:
    """Derive a key from a key and a number; different numbers give independent keys.

    Args:
        key: a key of shape (2,), or a batch of keys of shape (n, 2).
        data: an integer, 0 <= data < 2**32, or an array or tensor of n integers. The values of a
            tensor can't be checked; they are taken modulo 2**32.

    Returns:
        uint32 array or tensor: of shape (2,) for one key and one number, else (n, 2).

    Raises:
        TypeError: if `key` is not a key, or `data` not an integer.
        ValueError: if a number is out of range or the shapes don't fit.

    Example:
        >>> import kcore
        >>> epoch_key = kcore.random.fold_in(kcore.random.key(7), 3)
        >>> kcore.random.fold_in(epoch_key, range(32)).shape
        (32, 2)
    """
    return _folded(key, "data", data)


def split(key: Any, num: int = 2) -> Any:
    """Derive several independent keys from a key.

    Args:
        key: a key of shape (2,), or a batch of keys of shape (n, 2).
        num: how many keys to derive from each.

    Returns:
        uint32 array or tensor of shape (num, 2), or (n, num, 2). The first keys are the same for
        any larger `num`.

    Raises:
        TypeError: if `key` is not a key.
        ValueError: if `num` is not an integer of at least 1, or `key` has another shape.
    """
    xp, key = as_key(key)
    check_blocks(f"num={num!r}", key, check_integer("num", num))
    return xp.stack(blocks(xp, key, int(num), SPLIT), axis=-1)


def sample_keys(seed: int, epoch: int, indices: Any) -> Any:
    """Return the keys of samples in an epoch, whatever their batch, order or worker.

    Seed, epoch and index go through the cipher one after the other. They are never added, so
    epoch 1 of seed 7 has nothing in common with epoch 0 of seed 8.

    Args:
        seed: integer, 0 <= seed < 2**64.
        epoch: integer, 0 <= epoch < 2**32.
        indices: integers, 0 <= index < 2**32, one for each of n samples.

    Returns:
        uint32 array, or tensor where `indices` is a tensor, of shape (n, 2).

    Raises:
        TypeError: if `indices` or `epoch` are not integers.
        ValueError: if a number is out of range.

    Example:
        >>> import kcore
        >>> batch = kcore.random.sample_keys(seed=7, epoch=0, indices=[5, 2])
        >>> bool((batch[1] == kcore.random.sample_keys(7, 0, [2])[0]).all())
        True
    """
    of_epoch = _folded(key(seed), "epoch", epoch)
    if len(of_epoch.shape) != 1:
        raise ValueError(f"epoch has shape {tuple(of_epoch.shape[:1])}: give one number.")
    return _folded(of_epoch, "indices", indices)


def _folded(key: Any, name: str, data: Any) -> Any:
    xp, key = as_key(key)
    if xp is np and not _is_tensor(data):
        data = _checked_data(name, data)
    else:
        xp, key, data = _as_tensors(key, name, data)
    _check_lengths(key, data)
    return xp.concatenate(encrypted(xp, key, data[..., None], FOLD_IN), axis=-1)


def _checked_data(name: str, data: Any) -> np.ndarray[Any, np.dtype[np.uint32]]:
    try:
        numbers = np.asarray(data)
    except (ValueError, OverflowError) as error:
        raise TypeError(
            f"{name}={data!r} must be one integer or a one-dimensional array of integers."
        ) from error
    if numbers.size == 0:
        numbers = numbers.astype("uint32")
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"{name}={data!r} must be integers; it has dtype {numbers.dtype}.")
    if numbers.ndim > 1:
        raise ValueError(
            f"{name} has shape {numbers.shape}: give one number or a one-dimensional array."
        )
    if numbers.size and (numbers.min() < 0 or numbers.max() >= 2**32):
        wrong = numbers.min() if numbers.min() < 0 else numbers.max()
        raise ValueError(f"{name}={wrong} is out of range: 0 <= {name} < 2**32.")
    return numbers.astype("uint32")


def _is_tensor(data: Any) -> bool:
    return hasattr(data, "dtype") and not isinstance(data, (np.ndarray, np.generic))


def _as_tensors(key: Any, name: str, data: Any) -> tuple[Any, Any, Any]:
    import keras

    if not _is_tensor(data):
        data = _checked_data(name, data)
    elif isinstance(data, keras.KerasTensor):
        raise TypeError(f"{name} is a symbolic tensor: draw inside the `call` of a layer.")
    elif not dtype_name(data).startswith(("int", "uint")):
        raise TypeError(f"{name} has dtype {dtype_name(data)}; give integers.")
    elif len(data.shape) > 1:
        raise ValueError(
            f"{name} has shape {data.shape}: give one number or a one-dimensional array."
        )
    return keras.ops, keras.ops.cast(key, "uint32"), keras.ops.cast(data, "uint32")


def _check_lengths(key: Any, data: Any) -> None:
    if len(key.shape) == 2 and len(data.shape) == 1 and key.shape[0] != data.shape[0]:
        raise ValueError(
            f"{key.shape[0]} keys and {data.shape[0]} numbers: give equally many, or one key or "
            "one number."
        )
