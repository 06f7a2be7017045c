"""Read IDX files, the format of MNIST and of datasets modeled on it.

An IDX file is a header and an array. The header is big-endian: two zero bytes, one byte for the
type of the elements, one byte for the number of dimensions, then the length of each dimension as an
unsigned 32-bit number. The elements follow in C order. The format is described at the end of
http://yann.lecun.com/exdb/mnist/.
"""

import gzip
import hashlib
import math
import os
import sys
import zlib
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_path
from kcore.datasets._errors import CorruptFileError

__all__ = ["read_idx"]

_ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DIMENSIONS = 32  # what an array of NumPy 1 can have
_CHUNK_BYTES = 1 << 20


def read_idx(
    path: str | os.PathLike[str],
    *,
    shape: tuple[int, ...] | None = None,
    sha256: str | None = None,
) -> npt.NDArray[Any]:
    """Read the array of an IDX file, plain or compressed with gzip.

    The first two bytes of the file, not its name, tell whether it is compressed. It is read in
    chunks, and at most one byte further than its header declares, so neither a header that declares
    terabytes nor a gzip bomb takes more memory than the array itself.

    Args:
        path: the file.
        shape: the shape that the header must declare; `None` for any.
        sha256: hexadecimal SHA-256 digest that the uncompressed content (header and elements) must
            have; `None` to rely on gzip's own checksum.

    Returns:
        A writable array in the byte order of the machine: uint8, int8, int16, int32, float32 or
        float64, as the header declares.

    Raises:
        CorruptFileError: if the file is not an IDX file, is cut short, holds more than it declares,
            has damaged gzip data, or differs from `shape` or `sha256`. The message names the file
            and the problem.
        OSError: if the file can't be opened or read.

    Example:
        >>> import pathlib, tempfile
        >>> directory = tempfile.TemporaryDirectory()
        >>> path = pathlib.Path(directory.name, "labels-idx1-ubyte")
        >>> path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3]) + bytes([7, 0, 9]))
        11
        >>> read_idx(path, shape=(3,))
        array([7, 0, 9], dtype=uint8)
        >>> directory.cleanup()
    """
    path = check_path("path", path)
    try:
        with path.open("rb") as file:
            return _read(file, shape, sha256)
    except _DefectError as defect:
        raise CorruptFileError(path, str(defect)) from None
    except EOFError as error:
        raise CorruptFileError(path, "is cut short: its gzip data ends early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise CorruptFileError(path, f"has damaged gzip data ({error})") from error


class _DefectError(Exception):
    """A problem with the content; `read_idx` adds the name of the file."""


@dataclass(frozen=True)
class _Header:
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    raw: bytes

    @property
    def data_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def _read(file: IO[bytes], shape: tuple[int, ...] | None, sha256: str | None) -> npt.NDArray[Any]:
    stream = _uncompressed(file)
    header = _read_header(stream)
    if shape is not None and header.shape != shape:
        raise _DefectError(
            f"holds an array of shape {header.shape} instead of {shape}: it may be another file of "
            "the dataset"
        )
    data = _read_data(stream, header)
    if sha256 is not None:
        _check_digest(header, data, sha256)
    array = np.frombuffer(data, header.dtype).reshape(header.shape)
    return array.astype(header.dtype.newbyteorder("="), copy=False)


def _uncompressed(file: IO[bytes]) -> IO[bytes]:
    magic = file.read(len(_GZIP_MAGIC))
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if magic == _GZIP_MAGIC else file  # type: ignore[return-value]


def _read_header(stream: IO[bytes]) -> _Header:
    start = _read_header_bytes(stream, 4)
    if start[:2] != b"\0\0":
        raise _DefectError(f"starts with the bytes {start[:2].hex(' ')} instead of 00 00")
    code, dimensions = start[2:]
    if code not in _ELEMENT_TYPES:
        known = ", ".join(f"{known:#04x}" for known in _ELEMENT_TYPES)
        raise _DefectError(f"has the element type {code:#04x}, but IDX has only {known}")
    if not 1 <= dimensions <= _MAX_DIMENSIONS:
        raise _DefectError(f"declares {dimensions} dimensions; 1 to {_MAX_DIMENSIONS} are allowed")
    lengths = _read_header_bytes(stream, 4 * dimensions)
    shape = tuple(np.frombuffer(lengths, ">u4").tolist())
    dtype = _ELEMENT_TYPES[code]
    if math.prod(length for length in shape if length) * dtype.itemsize > sys.maxsize:
        raise _DefectError(f"declares the shape {shape}, which is too large for any memory")
    return _Header(dtype, shape, start + lengths)


def _read_header_bytes(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise _DefectError("ends within the IDX header: the file is cut short")
    return data


def _read_data(stream: IO[bytes], header: _Header) -> bytearray:
    wanted = header.data_bytes + 1  # one byte more shows whether there are undeclared data
    data = bytearray()
    while chunk := stream.read(min(_CHUNK_BYTES, wanted - len(data))):
        data += chunk
    declared = f"declares the shape {header.shape}, which is {header.data_bytes:,} bytes of data"
    if len(data) < header.data_bytes:
        raise _DefectError(f"{declared}, but holds {len(data):,}: the file is cut short")
    if len(data) > header.data_bytes:
        raise _DefectError(f"{declared}, but holds more")
    return data


def _check_digest(header: _Header, data: bytearray, expected: str) -> None:
    digest = hashlib.sha256(header.raw)
    digest.update(data)
    if digest.hexdigest() != expected.lower():
        raise _DefectError(
            f"has the right format but different content: its uncompressed SHA-256 digest is "
            f"{digest.hexdigest()} instead of {expected}"
        )
