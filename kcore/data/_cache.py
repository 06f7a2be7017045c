"""Keep decoded images in memory, or in a file that later runs and other processes share."""

import contextlib
import hashlib
import math
import os
import stat
import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import PIL

from kcore._arguments import check_path
from kcore._progress import progress_bar
from kcore._warning import warn
from kcore.data._cache_files import CacheFile, file_bytes
from kcore.data._decoding import Decoding, Pixels
from kcore.data._image_files import ImageFiles

__all__ = ["DecodedCache", "cache_bytes", "check_cache", "open_cache", "stamp"]

_LAYOUT = "kcore decoded images 2"
_UNKNOWN = -1

Stamp = tuple[int, int]
Stamps = np.ndarray[Any, np.dtype[np.int64]]


def stamp(path: str) -> Stamp:
    """Return a file's size in bytes and modification time in nanoseconds, to notice changes."""
    status = os.stat(path)  # noqa: PTH116 -- a Path for each access takes longer than the access
    return status.st_size, status.st_mtime_ns


def cache_bytes(images: int, decoding: Decoding) -> int:
    """Return a cache's size in bytes: the pixels of all images, and five bytes for each."""
    return file_bytes(images, math.prod(decoding.image_shape))


def check_cache(where: object) -> None:
    """Raise an error unless `where` is None or something that `open_cache` takes."""
    if where is not None and not isinstance(where, str | os.PathLike):
        raise ValueError(f"cache={where!r} must be 'memory', a directory for a file, or None.")
    if where in (None, "memory"):
        return
    if check_path("cache", where, "directory").is_file():
        raise NotADirectoryError(f"cache={str(where)!r} is a file; give a directory.")


def open_cache(
    where: str | os.PathLike[str], files: ImageFiles, decoding: Decoding, served: Sequence[int]
) -> "DecodedCache":
    """Open the cache of these files and options, or begin a new one.

    Args:
        where: "memory", or a directory for cache files, which is made if it doesn't exist. The
            name of a cache file depends on everything that its pixels depend on: the options, the
            version of Pillow, and each image file's resolved path (of a link: that of its target),
            size and modification time. So a changed file leads to another cache, and so does
            another folder of the same name. The file appears under its name once every image has
            been decoded, and never changes after that. Any number of processes may share the
            directory: where two make the same cache, each writes a file of its own, and the last
            one to finish takes the name. Unfinished files of killed processes are removed.
        files: the image files.
        decoding: how they become arrays.
        served: the indices of the images that will be asked for. The cache holds only these;
            otherwise it would never be complete.

    Raises:
        OSError: if the directory has no space for it, or can't be written to.
    """
    images = len(served)
    shape = (images, *decoding.image_shape)
    if where == "memory":
        stamps = np.full((images, 2), _UNKNOWN, np.int64)
        return DecodedCache(_InMemory(shape), stamps, served)
    directory = Path(where)
    stamps = _stamps(files, served)
    family, name = _names(files, served, decoding, stamps)
    final = directory / name
    complete = CacheFile.opened(final, shape)
    if complete is not None:
        return _closed_with_it(DecodedCache(complete, stamps, served), complete)
    begun = _begun(directory, shape)

    def finish() -> None:
        try:
            begun.finish(final)
        except OSError as error:  # this run goes on with the unfinished file
            begun.writable = False
            warn(f"The cache {str(final)!r} could not be kept: {error}")
            return
        for outdated in final.parent.glob(f"{family}*.cache"):
            # Windows removes no file that another process has open.
            with contextlib.suppress(OSError):
                if outdated != final:
                    outdated.unlink()

    return _closed_with_it(DecodedCache(begun, stamps, served, finish), begun)


class _Store(Protocol):
    """Keeps images by their number."""

    filled: np.ndarray[Any, np.dtype[np.bool_]]
    writable: bool

    def read(self, number: int) -> Pixels | None: ...

    def write(self, number: int, image: Pixels) -> None: ...


class _InMemory:
    def __init__(self, shape: tuple[int, ...]) -> None:
        self.filled, self.writable = np.zeros(shape[0], np.bool_), True
        self._pixels = np.empty(shape, np.uint8)

    def read(self, number: int) -> Pixels | None:
        return self._pixels[number]

    def write(self, number: int, image: Pixels) -> None:
        self._pixels[number] = image
        self.filled[number] = True


class DecodedCache:
    """Decoded images by index; each is added when it has been decoded for the first time.

    Args:
        store: where they are kept.
        stamps: int64 array (images, 2): the `stamp` of each file, or -1 if not yet known.
        served: the indices of the images that are kept.
        finish: called once, when every image has been put in or given up.
    """

    def __init__(
        self,
        store: _Store,
        stamps: Stamps,
        served: Sequence[int],
        finish: Callable[[], None] | None = None,
    ) -> None:
        self._store, self._stamps = store, stamps
        self._served, self._finish = served, finish
        is_missing = np.flatnonzero(~store.filled)
        self._missing = {int(number) for number in is_missing} if finish else set()
        self._lock = threading.Lock()
        self._has_warned = False

    @property
    def complete(self) -> bool:
        """Whether all images are in it."""
        return bool(self._store.filled.all())

    def __contains__(self, index: int) -> bool:
        return index in self._served

    def get(self, index: int, now: Stamp) -> Pixels | None:
        """Return an image; None if it isn't there or is damaged, or if its file has changed."""
        number = self._served.index(index)
        if not self._store.filled[number] or tuple(self._stamps[number]) != now:
            return None
        image = self._store.read(number)
        if image is None:
            self._warn(
                "is damaged or was cut off: images are decoded again. Delete it, and the "
                "next run makes another one"
            )
        return image

    def put(self, index: int, before: Stamp, image: Pixels) -> None:
        """Keep an image, unless the file has changed since the cache was opened.

        Args:
            index: the image's index, one of those served.
            before: the file's stamp from before it was read.
            image: uint8 array (height, width, channels).
        """
        if not self._store.writable:
            return  # complete, except for files that were bad then and are good now
        number = self._served.index(index)
        with self._lock:
            known = int(self._stamps[number, 0]) != _UNKNOWN
            if self._store.filled[number] or (known and tuple(self._stamps[number]) != before):
                return
            self._stamps[number] = before
            try:
                self._store.write(number, image)
            except OSError as error:
                self._store.writable = False
                self._warn(f"can't be written to, and keeps no more images: {error}")
                return
            self._one_less(number)

    def give_up(self, index: int) -> None:
        """Note that an image can't be decoded, so that the cache is complete without it."""
        with self._lock:
            self._one_less(self._served.index(index))

    def _one_less(self, number: int) -> None:
        if number in self._missing:
            self._missing.remove(number)
            if not self._missing and self._finish is not None:
                self._finish()

    def _warn(self, what: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            path = str(getattr(self._store, "path", "memory"))
            warn(f"The cache {path!r} {what}.")


def _closed_with_it(cache: DecodedCache, file: CacheFile) -> DecodedCache:
    weakref.finalize(cache, file.close)
    return cache


def _begun(directory: Path, shape: tuple[int, ...]) -> CacheFile:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return CacheFile.begun(directory, shape)
    except OSError as error:
        if error.errno is None:  # it says what is wrong
            raise
        reason = (
            f"cache={str(directory)!r} can't be written to: {error.strerror}. Choose another "
            "directory, or leave cache out"
        )
        raise type(error)(error.errno, reason) from error


def _stamps(files: ImageFiles, served: Sequence[int]) -> Stamps:
    stamps = np.full((len(served), 2), _UNKNOWN, np.int64)
    with progress_bar(
        "Checking files for the cache", len(served), unit="files", delay=2.0
    ) as progress:
        for number, index in enumerate(served):
            with contextlib.suppress(OSError):  # decoding it reports the error
                stamps[number] = stamp(files.path(index))
            progress.update()
    return stamps


def _names(
    files: ImageFiles, served: Sequence[int], decoding: Decoding, stamps: Stamps
) -> tuple[str, str]:
    """Return the prefix that all caches of these files and options share, and this one's name."""
    digest = hashlib.blake2b(digest_size=10)
    digest.update(f"{_LAYOUT}, Pillow {PIL.__version__}, {decoding!r}, {len(served)}\0".encode())
    directories: dict[str, str] = {}
    for index in served:
        digest.update(os.fsencode(_resolved(files.path(index), directories)) + b"\0")
    content = hashlib.blake2b(np.ascontiguousarray(stamps).tobytes(), digest_size=10)
    family = f"images-{digest.hexdigest()}-"
    return family, f"{family}{content.hexdigest()}.cache"


def _resolved(path: str, directories: dict[str, str]) -> str:
    """Return a file's absolute path with all links resolved.

    Args:
        path: the file's name.
        directories: directories that were resolved before; the file's own is added.
    """
    directory, name = os.path.split(path)
    if directory not in directories:
        directories[directory] = os.path.realpath(directory)
    whole = os.path.join(directories[directory], name)  # noqa: PTH118 -- as above
    try:
        is_link = stat.S_ISLNK(os.lstat(whole).st_mode)
    except OSError:  # decoding it reports the error
        return whole
    return os.path.realpath(whole) if is_link else whole
