"""Read the bytes of a file, if it is a regular one and not too large."""

import errno
import os
import stat
from collections.abc import Sequence

from PIL import Image

from kcore.images._errors import ImageDecodeError
from kcore.images._formats import SIGNATURE_BYTES, candidates, content_of

__all__ = ["MAX_FILE_BYTES", "not_decoded", "read_file"]

MAX_FILE_BYTES = 2**30

# The first bytes of larger files are checked before the others are read.
_LARGE = 1 << 20

# Don't wait for a pipe that has taken the name since it was checked.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)

_NO_FILES = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_file(path: str, formats: Sequence[str], max_file_bytes: int) -> bytes:
    """Return the bytes of an image file.

    Args:
        path: the file's name.
        formats: the allowed formats, as `checked_formats` returns them; a large file whose first
            bytes fit none of them is not read.
        max_file_bytes: larger files are not read.

    Raises:
        ImageDecodeError: if it is not a regular file (reading a pipe could last forever), too large
            or not an image.
        OSError: if it can't be read, or is a directory.
    """
    mode = os.stat(path).st_mode  # noqa: PTH116 -- a Path for each file takes longer
    _check_regular(path, mode)
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        _check_regular(path, status.st_mode)
        return _content(path, descriptor, status.st_size, formats, max_file_bytes)
    finally:
        os.close(descriptor)


def not_decoded(start: bytes, formats: Sequence[str]) -> str:
    """Say why a file that begins with `start` is not decoded."""
    content = content_of(start)
    if content == "EPS":
        return (
            "holds EPS, whatever its name says, which is never decoded, as that starts a program: "
            "convert it to PNG"
        )
    if content is None or content in formats:
        return "not an image in a format that Pillow reads, or cut off or damaged at its start"
    remedy = f"add {content!r} to formats" if content in Image.OPEN else "convert it to PNG"
    return f"holds {content}, whatever its name says, which is not decoded: {remedy}"


def _content(
    path: str, descriptor: int, size: int, formats: Sequence[str], max_file_bytes: int
) -> bytes:
    start = b""
    if size > _LARGE:
        start = os.read(descriptor, SIGNATURE_BYTES)
        _check_start(path, start, formats)
    if size > max_file_bytes:
        raise ImageDecodeError(
            path,
            f"has {size:,} bytes, more than max_file_bytes={max_file_bytes:,}: give a larger "
            "max_file_bytes if that is right",
        )
    try:
        return _read(descriptor, start, size)
    except MemoryError as error:
        reason = f"its {size:,} bytes need more memory than there is"
        raise ImageDecodeError(path, reason) from error


def _read(descriptor: int, start: bytes, size: int) -> bytes:
    """Read the rest of a file of `size` bytes; less if it becomes shorter meanwhile."""
    data = os.read(descriptor, size - len(start))
    if len(start) + len(data) == size and not start:
        return data  # the case for nearly all files
    parts = [start, data]
    missing = size - len(start) - len(data)
    while missing and parts[-1]:
        parts.append(os.read(descriptor, missing))
        missing -= len(parts[-1])
    return b"".join(parts)


def _check_start(path: str, start: bytes, formats: Sequence[str]) -> None:
    if not any(True for _ in candidates(start, formats)):
        raise ImageDecodeError(path, not_decoded(start, formats))


def _check_regular(path: str, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "not a regular file but a directory", path)
    kind = next((kind for is_kind, kind in _NO_FILES if is_kind(mode)), "something else")
    raise ImageDecodeError(path, f"not a regular file but {kind}")
