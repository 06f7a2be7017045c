"""The file of a cache: images at fixed positions, each with a checksum.

A file holds, for n images: n checksums (uint32, CRC-32), n bytes that say which images are there,
and the images. It is written under a hidden name that ends with `.partial`, and locked as long as
its process lives, so that what a killed process left is known and removed.
"""

import contextlib
import os
import shutil
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._console import megabytes
from kcore._files import put_in_place, temporary_name

try:
    import fcntl
except ImportError:  # on Windows, where a file that is open can't be removed
    fcntl = None  # type: ignore[assignment]

__all__ = ["CacheFile", "file_bytes"]

Pixels = npt.NDArray[np.uint8]

_BYTES_BESIDE = 5  # of each image: a checksum, and whether it is there
# Files of other writers may lie there too, which have no lock.
_PARTIAL = "-images.partial"


def file_bytes(images: int, image_bytes: int) -> int:
    """Return the size of a cache's file."""
    return images * (_BYTES_BESIDE + image_bytes)


class CacheFile:
    """Images in a file, read and written one by one, without mapping the file into memory.

    A mapped file that somebody cuts off kills the process that reads it.

    Args:
        path: of the file.
        descriptor: of the open file.
        shape: (images, height, width, channels).
        writable: whether images can be written.

    Attributes:
        filled: bool array (images,): which images are there.
    """

    def __init__(
        self, path: Path, descriptor: int, shape: tuple[int, ...], *, writable: bool
    ) -> None:
        self.path, self.writable = path, writable
        self._descriptor, self._shape = descriptor, shape
        self._image_bytes = int(np.prod(shape[1:]))
        self._checksums = np.zeros(shape[0], np.uint32)
        self.filled = np.zeros(shape[0], np.bool_)
        self._lock = threading.Lock()
        self._process = os.getpid()

    @classmethod
    def opened(cls, path: Path, shape: tuple[int, ...]) -> "CacheFile | None":
        """Open a complete cache; None if there is none, or its size is wrong."""
        # Without O_NONBLOCK, opening a pipe of that name would wait for somebody who writes to it.
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            return None
        made = cls(path, descriptor, shape, writable=False)
        if os.fstat(descriptor).st_size != file_bytes(shape[0], made._image_bytes):
            made.close()
            return None
        header = made._read(_BYTES_BESIDE * shape[0], 0)
        if header is None:
            made.close()
            return None
        made._checksums[:] = header[: 4 * shape[0]].view(np.uint32)
        made.filled[:] = header[4 * shape[0] :] == 1
        return made

    @classmethod
    def begun(cls, directory: Path, shape: tuple[int, ...]) -> "CacheFile":
        """Make a file whose space on the disk is reserved.

        Raises:
            OSError: if there is not so much space, or the directory can't be written to.
        """
        remove_abandoned(directory)
        size = file_bytes(shape[0], int(np.prod(shape[1:])))
        free = shutil.disk_usage(directory).free
        if free < size:
            raise OSError(
                f"cache={str(directory)!r} has {megabytes(free)} free, and the cache needs "
                f"{megabytes(size)}: choose another directory, or leave cache out."
            )
        while True:
            path = temporary_name(directory / "images", _PARTIAL)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            descriptor = os.open(path, flags, 0o666)
            if _locked(descriptor) and _is_still(path, descriptor):
                break
            os.close(descriptor)  # another process found it before it was locked
        made = cls(path, descriptor, shape, writable=True)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, size)
            else:
                os.truncate(descriptor, size)
        except OSError:
            made.discard()
            raise
        return made

    def read(self, place: int) -> Pixels | None:
        """Return an image, or None if it is damaged, cut off or can't be read."""
        try:
            image = self._read(self._image_bytes, self._position(place))
        except OSError:
            return None
        if image is None or zlib.crc32(image.data) != self._checksums[place]:
            return None
        return image.reshape(self._shape[1:])

    def write(self, place: int, image: Pixels) -> None:
        """Write an image.

        Raises:
            OSError: if that can't be done.
        """
        data = np.ascontiguousarray(image)
        self._write(data, self._position(place))
        self._checksums[place] = zlib.crc32(data.data)
        self.filled[place] = True

    def finish(self, path: Path) -> None:
        """Write what is known of the images, and give the file its name.

        Raises:
            OSError: if that can't be done.
        """
        self._write(self._checksums.view(np.uint8), 0)
        self._write(self.filled.view(np.uint8), self._checksums.nbytes)
        put_in_place(self.path, path)
        self.path, self.writable = path, False

    def close(self) -> None:
        """Close the file, and remove it if it is not finished; only by the process that made it."""
        if self.writable:
            self.discard()
        elif self._process == os.getpid():
            with contextlib.suppress(OSError):
                os.close(self._descriptor)

    def discard(self) -> None:
        """Remove the file; only by the process that made it, and by no child that shares it."""
        if self._process != os.getpid():
            return
        self.writable = False
        # Windows removes no open file, and others no file that another one can have by now.
        with contextlib.suppress(OSError):
            if os.name != "nt":
                self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            if os.name == "nt":
                self.path.unlink(missing_ok=True)

    def _position(self, place: int) -> int:
        return _BYTES_BESIDE * self._shape[0] + place * self._image_bytes

    def _read(self, size: int, position: int) -> npt.NDArray[np.uint8] | None:
        """Read so many bytes, or None if there are not so many."""
        data = np.empty(size, np.uint8)
        view, done = data.data, 0
        while done < size:
            count = self._read_into(view[done:], position + done)
            if not count:
                return None
            done += count
        return data

    def _read_into(self, view: memoryview, position: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._descriptor, [view], position)
        with self._lock:
            os.lseek(self._descriptor, position, os.SEEK_SET)
            part = os.read(self._descriptor, len(view))
        view[: len(part)] = part
        return len(part)

    def _write(self, data: npt.NDArray[Any], position: int) -> None:
        view, done = data.reshape(-1).data, 0
        while done < len(view):
            done += self._write_from(view[done:], position + done)

    def _write_from(self, view: memoryview, position: int) -> int:
        if hasattr(os, "pwrite"):
            return os.pwrite(self._descriptor, view, position)
        with self._lock:
            os.lseek(self._descriptor, position, os.SEEK_SET)
            return os.write(self._descriptor, view)


def remove_abandoned(directory: Path) -> None:
    """Remove unfinished caches whose processes have ended without doing so."""
    for path in directory.glob(f".*{_PARTIAL}"):
        with contextlib.suppress(OSError):
            if fcntl is None:
                path.unlink()  # refused as long as it is open
                continue
            descriptor = os.open(path, os.O_RDWR)
            try:
                if _locked(descriptor, required=True) and _is_still(path, descriptor):
                    path.unlink()
            finally:
                os.close(descriptor)


def _locked(descriptor: int, *, required: bool = False) -> bool:
    """Lock a file for this process; tell whether it is locked.

    Where a file system knows no locks, a file passes for locked unless that is `required`.
    """
    if fcntl is None:
        return not required
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return not required
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Tell whether a name still stands for an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
