"""One checkpoint in one file: a description as JSON, and arrays, under a checksum.

The file consists of a line that names the format and its version, the SHA-256 of all that follows,
the length of the description as 8 bytes (little-endian), the description, and the bytes of the
arrays one after another.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._files import replacing

__all__ = [
    "UNFINISHED",
    "Checkpoint",
    "DamagedCheckpointError",
    "NewerCheckpointError",
    "read",
    "write",
]

UNFINISHED = ".unfinished-checkpoint"
"""How the name of a file ends until it is complete."""

_NAME = b"kcore checkpoint "
_VERSION = 1
_DIGEST = 32
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training run at one moment.

    Attributes:
        description: values for JSON.
        arrays: arrays of any dtype whose values are their bytes.
    """

    description: dict[str, Any]
    arrays: Sequence[npt.NDArray[Any]]


class DamagedCheckpointError(ValueError):
    """A file is not a complete checkpoint."""


class NewerCheckpointError(ValueError):
    """A later version of kcore wrote the file in a format that this one doesn't know."""


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint completely, or leave an earlier file unchanged.

    Raises:
        OSError: if the file can't be written.
    """
    layout = [[_dtype_name(array.dtype), list(array.shape)] for array in checkpoint.arrays]
    described = {"arrays": layout, **checkpoint.description}
    text = json.dumps(described, separators=(",", ":")).encode()
    numbers = map(_bytes, checkpoint.arrays)
    parts: list[bytes | memoryview] = [_LENGTH.pack(len(text)), text, *numbers]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    with replacing(path, UNFINISHED) as partial, partial.open("wb") as file:
        file.write(_NAME + str(_VERSION).encode() + b"\n" + digest.digest())
        for part in parts:
            file.write(part)


def read(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        FileNotFoundError: if there is none.
        OSError: if the file can't be read.
        DamagedCheckpointError: if the file isn't as it was written.
        NewerCheckpointError: if its format is newer than this version of kcore.
    """
    content = path.read_bytes()
    line, _, rest = content.partition(b"\n")
    if not line.startswith(_NAME) or not line[len(_NAME) :].isdigit():
        raise DamagedCheckpointError(f"{os.fspath(path)!r} is damaged: it is not a checkpoint.")
    if int(line[len(_NAME) :]) > _VERSION:
        # A flipped bit could look like this, but then the file is useless as well.
        raise NewerCheckpointError(
            f"{os.fspath(path)!r} has format {line[len(_NAME) :].decode()}, and this version of "
            f"kcore knows formats up to {_VERSION}: install the version that wrote it, or a later "
            "one."
        )
    body = memoryview(rest)[_DIGEST:]
    if hashlib.sha256(body).digest() != rest[:_DIGEST] or int(line[len(_NAME) :]) != _VERSION:
        raise DamagedCheckpointError(f"{os.fspath(path)!r} is damaged: its checksum is wrong.")
    (length,) = _LENGTH.unpack_from(body)
    start = _LENGTH.size + length
    description = json.loads(bytes(body[_LENGTH.size : start]))
    return Checkpoint(description, list(_arrays(description.pop("arrays"), body[start:])))


def _bytes(array: npt.NDArray[Any]) -> memoryview:
    """Return the bytes of an array, without a copy where it is contiguous."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _dtype_name(dtype: np.dtype[Any]) -> str:
    # The dtypes that NumPy itself doesn't have, such as bfloat16, are known by their names alone.
    return dtype.name if dtype.kind == "V" else dtype.str


def _arrays(layout: list[Any], body: memoryview) -> Iterator[npt.NDArray[Any]]:
    position = 0
    for name, shape in layout:
        dtype = np.dtype(name)
        size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        part = body[position : position + size]
        yield np.frombuffer(part, dtype).reshape(shape)
        position += size
