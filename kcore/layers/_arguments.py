"""Check the arguments and the inputs of layers."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import keras
from keras import ops

from kcore._arguments import check_choice, check_finite, check_fraction, check_integer

__all__ = [
    "check_data_format",
    "check_float",
    "check_layer_seed",
    "check_noise_shape",
    "check_rate",
    "sizes_of_noise",
]

_FLOATS = ("float16", "bfloat16", "float32", "float64")


def check_layer_seed(seed: object) -> int | None:
    """Return `seed` as an int or None, unless a backend's seed generator can't hold it."""
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= int(seed) < 2**32:
        raise ValueError(
            f"seed={seed!r} must be an integer, 0 <= seed < 2**32, which a seed generator can hold "
            "on every backend, or None to draw one."
        )
    return int(seed)


def check_rate(rate: object, *, below_one: bool = False) -> float:
    """Return `rate` as a float, or say that it must be a fraction.

    Args:
        rate: the argument.
        below_one: whether 1 is refused too, because the noise would have no finite strength.
    """
    if below_one:
        return check_fraction("rate", rate)
    number = check_finite("rate", rate)
    if not 0 <= number <= 1:
        raise ValueError(f"rate={rate!r} must be a fraction: 0 <= rate <= 1.")
    return number


def check_noise_shape(noise_shape: object) -> tuple[int | None, ...] | None:
    """Return `noise_shape` as a tuple or None, or say which sizes are allowed."""
    if noise_shape is None:
        return None
    if isinstance(noise_shape, str | bytes) or not isinstance(noise_shape, Sequence):
        raise ValueError(
            f"noise_shape={noise_shape!r} must be a sequence of sizes such as (None, 1, 64)."
        )
    return tuple(
        None if size is None else check_integer(f"noise_shape[{axis}]", size)
        for axis, size in enumerate(noise_shape)
    )


def check_data_format(data_format: object) -> Any:
    """Return `data_format`, or say which are allowed."""
    check_choice("data_format", data_format, ("channels_last", "channels_first", None))
    return data_format


def check_float(layer: Any, x: Any) -> None:
    """Refuse inputs that are not floats, for which backends return different dtypes."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    if dtype not in _FLOATS:
        raise TypeError(
            f"inputs of the layer {layer.name!r} have dtype={dtype!r}, which is not a float dtype: "
            "cast them first, for example with keras.ops.cast(inputs, 'float32')."
        )


def sizes_of_noise(layer: Any, x: Any, noise_shape: Sequence[int | None] | None) -> list[Any]:
    """Return the sizes of a mask that broadcasts with the inputs.

    Args:
        layer: the layer, which an error names.
        x: its inputs.
        noise_shape: sizes as Keras takes them: None for the size of the inputs. Along leading axes
            that it leaves out, the mask is the same.

    Returns:
        An int for each axis, or a scalar tensor if the size isn't known when a graph is built.

    Raises:
        ValueError: if the mask doesn't broadcast with the inputs.
    """
    sizes = list(ops.shape(x))
    if noise_shape is None:
        return sizes
    missing = len(sizes) - len(noise_shape)
    asked = [1] * missing + list(noise_shape)
    fits = missing == 0 or (missing > 0 and None not in noise_shape)
    fits = fits and all(
        size in (None, 1) or not isinstance(known, int) or size == known
        for size, known in zip(asked, sizes, strict=True)
    )
    if not fits:
        raise ValueError(
            f"noise_shape={tuple(noise_shape)} of the layer {layer.name!r} doesn't fit inputs of "
            f"shape {tuple(x.shape)}: give each axis 1, its size, or None for its size."
        )
    return [known if size is None else size for size, known in zip(asked, sizes, strict=True)]
