"""What the functions on images share: arguments in several notations, data formats, dtypes."""

from collections.abc import Sequence
from typing import Any

import keras

from kcore.shapes import checks
from kcore.shapes.axes import DATA_FORMATS

__all__ = [
    "channels_last",
    "channels_of",
    "check_rank",
    "floating_dtype",
    "from_channels_last",
    "image_data_format",
    "pair",
    "same_or_valid",
]

IMAGES = "(batch, height, width, channels) or (batch, channels, height, width)"


def image_data_format(data_format: str | None) -> str:
    """Return the given data format, or the one of Keras's configuration for None."""
    if data_format is None:
        return str(keras.config.image_data_format())
    return checks.one_of(DATA_FORMATS, data_format=data_format)


def same_or_valid(padding: str) -> str:
    """Return the padding in small letters."""
    return checks.one_of(("valid", "same"), padding=padding)


def pair(name: str, value: int | Sequence[int], data_format: str) -> tuple[int, int]:
    """Read one integer, a pair, or four numbers in the order of the input's axes.

    Raises:
        ValueError: if there are other than 1, 2 or 4 numbers, one is below 1, or batch and channels
            are not 1 among four.
        TypeError: if one is no integer.
    """
    values = (value, value) if isinstance(value, int) else tuple(value)
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
    """Refuse an array of another rank, naming the axes that it should have."""
    shape = tuple(array.shape)
    if len(shape) != rank:
        raise ValueError(f"{name}.shape={shape} has rank {len(shape)}; give {axes}.")


def channels_of(x: Any, data_format: str) -> int | None:
    """Return the channels of images, None where unknown; refuse what is no batch of images."""
    check_rank("x", x, 4, IMAGES)
    return x.shape[1] if data_format == "channels_first" else x.shape[-1]


def channels_last(x: Any, data_format: str) -> Any:
    """Move channels to the end: what every backend can compute on every device."""
    return keras.ops.transpose(x, (0, 2, 3, 1)) if data_format == "channels_first" else x


def from_channels_last(x: Any, data_format: str) -> Any:
    """Move channels back to where the data format has them."""
    return keras.ops.transpose(x, (0, 3, 1, 2)) if data_format == "channels_first" else x


def floating_dtype(x: Any) -> str:
    """Return the dtype of a floating tensor; `floatx` for any other."""
    dtype = str(keras.backend.standardize_dtype(x.dtype))
    return dtype if "float" in dtype else str(keras.config.floatx())


def _in_four(spatial: Sequence[int], data_format: str) -> list[int]:
    return [1, 1, *spatial] if data_format == "channels_first" else [1, *spatial, 1]
