"""Keep decoded images: in memory, or in a file that later runs and other processes use too."""

import contextlib
import hashlib
import os
import stat
import threading
import weakref
from collections.abc import Callable
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

__all__ = ["DecodedCache", "cache_bytes", "check_place", "open_cache", "stamp"]

_LAYOUT = "kcore decoded images 2"
_UNKNOWN = -1

Stamp = tuple[int, int]
Stamps = np.ndarray[Any, np.dtype[np.int64]]


def stamp(path: str) -> Stamp:
    """Return what tells that a file changed: its size in bytes and its time in nanoseconds."""
    status = os.stat(path)  # noqa: PTH116 -- a Path for each access takes longer than the access
    return status.st_size, status.st_mtime_ns


def cache_bytes(images: int, decoding: Decoding) -> int:
    """Return the bytes that a cache takes: every value of every image, and five for each."""
    return file_bytes(images, int(np.prod(decoding.image_shape)))


def check_place(where: object) -> None:
    """Raise an error unless `where` is what `open_cache` takes, or None."""
    if where is not None and not isinstance(where, str | os.PathLike):
        raise ValueError(f"cache={where!r} must be 'memory', a directory for a file, or None.")
    if where in (None, "memory"):
        return
    if check_path("cache", where, "directory").is_file():
        raise NotADirectoryError(f"cache={str(where)!r} is a file; give a directory.")


def open_cache(
    where: str | os.PathLike[str], files: ImageFiles, decoding: Decoding, served: range
) -> "DecodedCache":
    """Open the cache of these files and options, and begin one if there is none.

    Args:
        where: "memory", or a directory for cache files, which is made if need be. A cache file
            is named by all that its pixels depend on: the options, the version of Pillow, and of
            each image file the resolved path, that of its target if it is a link, the size and the
            time; so a changed file leads to another cache, and so does another folder of the same
            name. It appears under its name when every image has been decoded once, and is never
            changed after that. Any number of processes may use and write caches of one directory:
            two that write the same one each write a file of their own, and the last takes the
            name. What a killed process left unfinished is removed.
        files: the image files.
        decoding: the options.
        served: the indices of those that will be asked for; the cache is of them alone, for with
            another one it would never be complete.

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
        except OSError as error:  # this run goes on with what it has written
            begun.writable = False
            warn(f"The cache {str(final)!r} could not be kept: {error}")
            return
        for outdated in final.parent.glob(f"{family}*.cache"):
            if outdated != final:
                outdated.unlink(missing_ok=True)

    return _closed_with_it(DecodedCache(begun, stamps, served, finish), begun)


class _Store(Protocol):
    """Where images are kept by number."""

    filled: np.ndarray[Any, np.dtype[np.bool_]]
    writable: bool

    def read(self, place: int) -> Pixels | None: ...

    def write(self, place: int, image: Pixels) -> None: ...


class _InMemory:
    def __init__(self, shape: tuple[int, ...]) -> None:
        self.filled, self.writable = np.zeros(shape[0], np.bool_), True
        self._pixels = np.empty(shape, np.uint8)

    def read(self, place: int) -> Pixels | None:
        return self._pixels[place]

    def write(self, place: int, image: Pixels) -> None:
        self._pixels[place] = image
        self.filled[place] = True


class DecodedCache:
    """Decoded images by index, filled by whoever decodes one first.

    Args:
        store: where they are kept.
        stamps: int64 array (images, 2): the `stamp` that each file had, or -1 if not yet known.
        served: the indices of the images; others are not kept.
        finish: called once, when all images have been put or given up.
    """

    def __init__(
        self,
        store: _Store,
        stamps: Stamps,
        served: range,
        finish: Callable[[], None] | None = None,
    ) -> None:
        self._store, self._stamps = store, stamps
        self._served, self._finish = served, finish
        is_missing = np.flatnonzero(~store.filled)
        self._missing = {int(place) for place in is_missing} if finish else set()
        self._lock = threading.Lock()
        self._has_warned = False

    @property
    def complete(self) -> bool:
        """Whether all images are there."""
        return bool(self._store.filled.all())

    def __contains__(self, index: int) -> bool:
        return index in self._served

    def get(self, index: int, now: Stamp) -> Pixels | None:
        """Return an image, or None if it isn't there, is damaged, or the file has changed since."""
        place = self._served.index(index)
        if not self._store.filled[place] or tuple(self._stamps[place]) != now:
            return None
        image = self._store.read(place)
        if image is None:
            self._warn(
                "is damaged or was cut off: images are decoded again. Delete it, and the "
                "next run makes another one"
            )
        return image

    def put(self, index: int, before: Stamp, image: Pixels) -> None:
        """Keep an image, unless the file has changed since the cache was opened.

        Args:
            index: the image's, one of those served.
            before: the file's stamp, taken before it was read.
            image: uint8 array (height, width, channels).
        """
        if not self._store.writable:
            return  # complete but for files that were bad when it was made, and are good now
        place = self._served.index(index)
        with self._lock:
            known = int(self._stamps[place, 0]) != _UNKNOWN
            if self._store.filled[place] or (known and tuple(self._stamps[place]) != before):
                return
            self._stamps[place] = before
            try:
                self._store.write(place, image)
            except OSError as error:
                self._store.writable = False
                self._warn(f"can't be written to, and keeps no more images: {error}")
                return
            self._one_less(place)

    def give_up(self, index: int) -> None:
        """Do without an image that can't be decoded."""
        with self._lock:
            self._one_less(self._served.index(index))

    def _one_less(self, place: int) -> None:
        if place in self._missing:
            self._missing.remove(place)
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


def _stamps(files: ImageFiles, served: range) -> Stamps:
    stamps = np.full((len(served), 2), _UNKNOWN, np.int64)
    with progress_bar(
        "Checking files for the cache", len(served), unit="files", delay=2.0
    ) as progress:
        for place, index in enumerate(served):
            with contextlib.suppress(OSError):  # decoding it will tell
                stamps[place] = stamp(files.path(index))
            progress.update()
    return stamps


def _names(files: ImageFiles, served: range, decoding: Decoding, stamps: Stamps) -> tuple[str, str]:
    """Return how the names of all caches of these files and options begin, and this one's name."""
    digest = hashlib.blake2b(digest_size=10)
    digest.update(f"{_LAYOUT}, Pillow {PIL.__version__}, {decoding!r}, {len(served)}\0".encode())
    directories: dict[str, str] = {}
    for index in served:
        digest.update(os.fsencode(_resolved(files.path(index), directories)) + b"\0")
    content = hashlib.blake2b(np.ascontiguousarray(stamps).tobytes(), digest_size=10)
    family = f"images-{digest.hexdigest()}-"
    return family, f"{family}{content.hexdigest()}.cache"


def _resolved(path: str, directories: dict[str, str]) -> str:
    """Return the one name that a file has whatever the working directory is and through links.

    Args:
        path: the file's name.
        directories: those that were resolved before, to be added to: most files share theirs.
    """
    directory, name = os.path.split(path)
    if directory not in directories:
        directories[directory] = os.path.realpath(directory)
    whole = os.path.join(directories[directory], name)  # noqa: PTH118 -- as above
    try:
        is_link = stat.S_ISLNK(os.lstat(whole).st_mode)
    except OSError:  # decoding it will tell
        return whole
    return os.path.realpath(whole) if is_link else whole
