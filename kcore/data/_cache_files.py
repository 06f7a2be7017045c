"""The file of a cache: images at fixed positions, each with a checksum.

A file for n images holds n checksums (uint32, CRC-32), n bytes that say which images are there, and
the images. It is written under a hidden name that ends with `.partial`, and is locked as long as
its process lives, so files that killed processes left behind are recognized and removed.
"""

import contextlib
import math
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
except ImportError:  # on Windows, where a file that is open can't be removed or renamed
    fcntl = None  # type: ignore[assignment]

__all__ = ["CacheFile", "file_bytes"]

Pixels = npt.NDArray[np.uint8]

_BYTES_BESIDE = 5  # for each image: a checksum, and whether it is there
# Other programs may keep files there too, which have no lock.
_PARTIAL = "-images.partial"
# Without O_NONBLOCK, opening a pipe of that name would wait for a writer.
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_CLOSED = -1


def file_bytes(images: int, image_bytes: int) -> int:
    """Return the size of a cache's file."""
    return images * (_BYTES_BESIDE + image_bytes)


class CacheFile:
    """Images in a file, read and written one by one.

    The file isn't mapped into memory: if a mapped file is cut off, its reader is killed.

    Args:
        path: the file's name.
        descriptor: the descriptor of the open file.
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
        self._image_bytes = math.prod(shape[1:])
        self._checksums = np.zeros(shape[0], np.uint32)
        self.filled = np.zeros(shape[0], np.bool_)
        self._lock = threading.Lock()
        self._process = os.getpid()

    @classmethod
    def opened(cls, path: Path, shape: tuple[int, ...]) -> "CacheFile | None":
        """Open a complete cache, or return None if there is none, or its size is wrong."""
        try:
            descriptor = os.open(path, _READ)
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
        """Make a file, and reserve its space on the disk.

        Raises:
            OSError: if there is not enough space, or the directory can't be written to.
        """
        remove_abandoned(directory)
        size = file_bytes(shape[0], math.prod(shape[1:]))
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
            os.close(descriptor)  # another process removed it before it was locked
        made = cls(path, descriptor, shape, writable=True)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, size)
            else:
                os.ftruncate(descriptor, size)
        except OSError:
            made.discard()
            raise
        return made

    def read(self, number: int) -> Pixels | None:
        """Return an image, or None if it is damaged, cut off or can't be read."""
        try:
            image = self._read(self._image_bytes, self._position(number))
        except OSError:
            return None
        if image is None or zlib.crc32(image.data) != self._checksums[number]:
            return None
        return image.reshape(self._shape[1:])

    def write(self, number: int, image: Pixels) -> None:
        """Write an image.

        Raises:
            OSError: if the file can't be written or renamed.
        """
        data = np.ascontiguousarray(image)
        self._write(data, self._position(number))
        self._checksums[number] = zlib.crc32(data.data)
        self.filled[number] = True

    def finish(self, path: Path) -> None:
        """Write checksums and flags, and give the file its final name.

        Raises:
            OSError: if the file can't be written or renamed.
        """
        self._write(self._checksums.view(np.uint8), 0)
        self._write(self.filled.view(np.uint8), self._checksums.nbytes)
        if fcntl is None:
            self._close_and_rename(path)
        else:
            put_in_place(self.path, path)
            self.path = path
        self.writable = False

    def close(self) -> None:
        """Close the file; the process that made it also removes it if it is unfinished."""
        if self.writable:
            self.discard()
        elif self._process == os.getpid():
            with contextlib.suppress(OSError):
                os.close(self._descriptor)

    def discard(self) -> None:
        """Remove the file, if this process made it; a forked child that shares it doesn't."""
        if self._process != os.getpid():
            return
        self.writable = False
        # Windows can't remove an open file; elsewhere the name may belong to another file by now.
        with contextlib.suppress(OSError):
            if fcntl is not None:
                self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            if fcntl is None:
                self.path.unlink(missing_ok=True)

    def _close_and_rename(self, path: Path) -> None:
        """Rename the file on Windows, and open it again.

        If `path` can't be replaced because another process has it open, and it is whole, that
        process was faster to make the same cache, which is then used instead.
        """
        with self._lock:
            os.close(self._descriptor)
            self._descriptor = _CLOSED
            try:
                put_in_place(self.path, path)
                self.path = path
            except PermissionError:
                size = file_bytes(self._shape[0], self._image_bytes)
                if not path.exists() or path.stat().st_size != size:
                    raise
                self.path.unlink()
                self.path = path
            finally:
                self._descriptor = os.open(self.path, _READ)

    def _position(self, number: int) -> int:
        return _BYTES_BESIDE * self._shape[0] + number * self._image_bytes

    def _read(self, size: int, position: int) -> npt.NDArray[np.uint8] | None:
        """Read exactly `size` bytes, or return None if there are fewer."""
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
    """Remove unfinished caches that ended processes left behind."""
    for path in directory.glob(f".*{_PARTIAL}"):
        with contextlib.suppress(OSError):
            if fcntl is None:
                path.unlink()  # Windows refuses as long as it is open
                continue
            descriptor = os.open(path, os.O_RDWR)
            try:
                if _locked(descriptor, required=True) and _is_still(path, descriptor):
                    path.unlink()
            finally:
                os.close(descriptor)


def _locked(descriptor: int, *, required: bool = False) -> bool:
    """Lock a file for this process, and tell whether that succeeded.

    On a file system without locks it counts as locked, unless a lock is `required`.
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
    """Tell whether a name still refers to an open file."""
    if fcntl is None:
        return True  # Windows removes no open file, and on some drives it can't compare files
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
