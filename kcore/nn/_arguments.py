"""Read the arguments that functions on images share, in all notations, data formats and dtypes."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import keras
import numpy as np

from kcore.shapes import Windows
from kcore.shapes import _checks as checks
from kcore.shapes._axes import DATA_FORMATS

__all__ = [
    "channels_last",
    "channels_of",
    "check_fit",
    "check_known",
    "check_rank",
    "floating_dtype",
    "from_channels_last",
    "image_data_format",
    "in_dtype",
    "itemsize",
    "known",
    "output_shape",
    "pair",
    "real_tensor",
    "same_or_valid",
]

_KEPT = ("float16", "bfloat16", "float32")
_INTEGERS = tuple(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64))
_REAL = frozenset(("bool", "float64", *_KEPT, *_INTEGERS))
_MOST_OF_UNKNOWN = 2**14

IMAGES = "(batch, height, width, channels) or (batch, channels, height, width)"


def image_data_format(data_format: str | None) -> str:
    """Return the given data format, or the one of Keras's configuration for None."""
    if data_format is None:
        return str(keras.config.image_data_format())
    return checks.one_of(DATA_FORMATS, data_format=data_format)


def same_or_valid(padding: str) -> str:
    """Return the padding in lower case."""
    return checks.one_of(("valid", "same"), padding=padding)


def pair(name: str, value: int | Sequence[int], data_format: str) -> tuple[int, int]:
    """Read one integer, a pair, or four numbers in the order of the input's axes.

    Raises:
        ValueError: if there are not 1, 2 or 4 numbers, one is below 1, or there are four and those
            of batch and channels are not 1.
        TypeError: if one is not an integer.
    """
    values = checks.integers(name, value)
    if not hasattr(value, "__len__"):
        values *= 2
    if len(values) not in (2, 4):
        raise ValueError(
            f"{name}={list(values)} has {len(values)} entries; give one integer, "
            "(height, width), or four in the order of the input's axes."
        )
    first = 0 if len(values) == 2 else 2 if data_format == "channels_first" else 1
    height, width = values[first : first + 2]
    if len(values) == 4 and _in_four((height, width), data_format) != list(values):
        raise ValueError(
            f"{name}={list(values)} acts on batch or channels; with data_format={data_format!r} "
            f"write {_in_four((height, width), data_format)}."
        )
    checks.at_least(1, **{f"{name}[height]": height, f"{name}[width]": width})
    return (height, width)


def check_rank(name: str, array: Any, rank: int, axes: str) -> None:
    """Refuse an array of another rank or with an empty axis; the error names the axes."""
    shape = tuple(array.shape)
    if len(shape) != rank:
        raise ValueError(f"{name}.shape={shape} has rank {len(shape)}; give {axes}.")
    if 0 in shape:
        raise ValueError(f"{name}.shape={shape} has an empty axis; give {axes}, all above 0.")


def channels_of(x: Any, data_format: str) -> int | None:
    """Return the channels of images, None if unknown; refuse anything but a batch of images."""
    shape = tuple(x.shape)
    if len(shape) != 4:
        raise ValueError(f"x.shape={shape} has rank {len(shape)}; give {IMAGES}.")
    channels: int | None = shape[1] if data_format == "channels_first" else shape[-1]
    if channels == 0:
        raise ValueError(f"x.shape={shape} has no channels; give {IMAGES}.")
    if 0 in shape[1:]:
        raise ValueError(f"x.shape={shape} has no pixels; give {IMAGES}.")
    return channels


def channels_last(x: Any, data_format: str) -> Any:
    """Move channels to the end, where every backend can compute with them on every device."""
    return keras.ops.transpose(x, (0, 2, 3, 1)) if data_format == "channels_first" else x


def from_channels_last(x: Any, data_format: str) -> Any:
    """Move channels back to where the data format has them."""
    return keras.ops.transpose(x, (0, 3, 1, 2)) if data_format == "channels_first" else x


def output_shape(
    x: Any, windows: Windows, channels: int | None, data_format: str
) -> tuple[int | None, ...]:
    """Return the shape of images after windows; the batch is that of `x`, which may be a symbol."""
    _, *rest = windows.output_shape(None, channels, data_format)
    return (x.shape[0], *rest)


def check_fit(
    what: str,
    sizes: Sequence[int | None],
    windows: Sequence[int],
    rates: Sequence[int],
    padding: str,
) -> None:
    """Refuse unpadded windows that are larger than the images.

    Args:
        what: the argument that gives the windows, with its value.
        sizes: height and width of the images, `None` where unknown.
        windows: height and width of the windows.
        rates: their dilation along both axes.
        padding: "valid" or "same".
    """
    if padding != "valid":
        return
    for axis, size, window, rate in zip(("height", "width"), sizes, windows, rates, strict=True):
        covered = (window - 1) * rate + 1
        if size is not None and covered > size:
            dilated = f" with dilation_rate={rate}" if rate > 1 else ""
            raise ValueError(
                f"{what}{dilated} needs a {axis} of at least {covered} with padding='VALID', and x "
                f"has {size}: use padding='SAME', larger images or a smaller window."
            )


def known(shape: Iterable[Any]) -> list[int]:
    """Return the sizes of a shape that are numbers, without None and symbols."""
    return [int(size) for size in shape if isinstance(size, Integral)]


def check_known(name: str, values: Sequence[int], sizes: Sequence[int | None]) -> None:
    """Refuse numbers far beyond any image if the size of the images is unknown.

    If it is known, they are replaced by smaller numbers that mean the same.
    """
    if None in sizes and max(values) > _MOST_OF_UNKNOWN:
        raise ValueError(
            f"{name}={tuple(values)}: more than {_MOST_OF_UNKNOWN:,} needs a known height and "
            "width; give the model an input shape."
        )


def real_tensor(name: str, value: Any) -> Any:
    """Return a tensor or array of real numbers unchanged, and anything else as such an array.

    Raises:
        TypeError: if it holds anything but real numbers, or numbers that no backend computes with.
        ValueError: if it is a sequence of sequences that differ in length.
    """
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        try:
            value = np.asarray(value)
        except ValueError as error:
            raise ValueError(f"{name} is not an array: its parts differ in length.") from error
    try:
        dtype = str(keras.backend.standardize_dtype(value.dtype))
    except (TypeError, ValueError):
        dtype = str(value.dtype)
    if dtype not in _REAL:
        raise TypeError(f"{name} has dtype {dtype}; give floats, integers or booleans.")
    try:
        len(value.shape)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} has an unknown rank; give it a shape.") from error
    return value


def floating_dtype(x: Any) -> str:
    """Return the dtype of float16, bfloat16 and float32 tensors; `floatx` for any other."""
    dtype = str(keras.backend.standardize_dtype(x.dtype))
    return dtype if dtype in _KEPT else str(keras.config.floatx())


def in_dtype(x: Any, dtype: str) -> Any:
    """Return a tensor of `dtype`; NumPy casts arrays, as JAX would first cut int64 to 32 bits."""
    if isinstance(x, np.ndarray):
        x = x.astype(dtype)
    return keras.ops.cast(keras.ops.convert_to_tensor(x), dtype)


def itemsize(dtype: str) -> int:
    """Return the bytes of one value."""
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


def _in_four(spatial: Sequence[int], data_format: str) -> list[int]:
    return [1, 1, *spatial] if data_format == "channels_first" else [1, *spatial, 1]
