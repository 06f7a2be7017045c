"""Keep decoded images: in memory, or in a file that later runs and other processes use too."""

import contextlib
import hashlib
import os
import secrets
import shutil
import threading
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from kcore.data.decoding import Decoding, Pixels
from kcore.data.records import ImageFiles
from kcore.progress import Progress, megabytes

__all__ = ["DecodedCache", "cache_bytes", "check_place", "open_cache", "stamp"]

_LAYOUT = "kcore decoded images 1"
_UNKNOWN = -1

Stamp = tuple[int, int]
Stamps = np.ndarray[Any, np.dtype[np.int64]]


def stamp(path: str) -> Stamp:
    """Return what tells that a file changed: its size in bytes and its time in nanoseconds."""
    status = os.stat(path)  # noqa: PTH116 -- a Path for each access takes longer than the access
    return status.st_size, status.st_mtime_ns


def cache_bytes(images: int, decoding: Decoding) -> int:
    """Return the bytes that a cache takes: every value of every image, and a byte for each."""
    return images * (1 + int(np.prod(decoding.image_shape)))


def check_place(where: object) -> None:
    """Raise an error unless `where` is what `open_cache` takes, or None."""
    if where is not None and not isinstance(where, str | os.PathLike):
        raise ValueError(f"cache={where!r} must be 'memory', a directory for a file, or None.")
    if where not in (None, "memory") and Path(where).is_file():
        raise NotADirectoryError(f"cache={str(where)!r} is a file; give a directory.")


def open_cache(
    where: str | os.PathLike[str], files: ImageFiles, decoding: Decoding, served: range
) -> "DecodedCache":
    """Open the cache of these files and options, and begin one if there is none.

    Args:
        where: "memory", or a directory for cache files, which is made if need be. A cache file
            is named by all that its pixels depend on: the options, the version of Pillow, and the
            name, size and time of each image file; so a changed file leads to another cache. It
            appears under its name when every image has been decoded once, and is never changed
            after that. Any number of processes may use and write caches of one directory: two that
            write the same one each write a file of their own, and the last takes the name.
        files: the image files.
        decoding: the options.
        served: the indices of those that will be asked for; the cache is of them alone, for with
            another one it would never be complete.

    Raises:
        OSError: if the directory has no room for it.
    """
    images = len(served)
    shape = (images, *decoding.image_shape)
    if where == "memory":
        filled, pixels = np.zeros(images, bool), np.empty(shape, np.uint8)
        stamps = np.full((images, 2), _UNKNOWN, np.int64)
        return DecodedCache(filled, pixels, stamps, served)
    directory = Path(where)
    directory.mkdir(parents=True, exist_ok=True)
    stamps = _stamps(files, served)
    family, name = _names(files, served, decoding, stamps)
    final = directory / name
    if final.exists() and final.stat().st_size == cache_bytes(images, decoding):
        filled, pixels = _mapped(final, shape, "r")
        return DecodedCache(filled, pixels, stamps, served)
    return _begin(final, family, shape, stamps, served)


class DecodedCache:
    """Decoded images by index, filled by whoever decodes one first.

    Args:
        filled: bool array (images,): which images are there.
        pixels: uint8 array (images, height, width, channels).
        stamps: int64 array (images, 2): the `stamp` that each file had, or -1 if not yet known.
        served: the indices of the images; others are not kept.
        finish: called once, when all images have been put or given up.
    """

    def __init__(
        self,
        filled: np.ndarray[Any, np.dtype[np.bool_]],
        pixels: Pixels,
        stamps: Stamps,
        served: range,
        finish: Callable[[], None] | None = None,
    ) -> None:
        self._filled, self._pixels, self._stamps = filled, pixels, stamps
        self._served, self._finish = served, finish
        self._missing = {int(place) for place in np.flatnonzero(~filled)} if finish else set()
        self._lock = threading.Lock()

    @property
    def complete(self) -> bool:
        """Whether all images are there."""
        return bool(self._filled.all())

    def __contains__(self, index: int) -> bool:
        return index in self._served

    def get(self, index: int, now: Stamp) -> Pixels | None:
        """Return an image, or None if it isn't there or the file has changed since."""
        place = self._served.index(index)
        if self._filled[place] and tuple(self._stamps[place]) == now:
            return self._pixels[place]
        return None

    def put(self, index: int, before: Stamp, image: Pixels) -> None:
        """Keep an image, unless the file has changed since the cache was opened.

        Args:
            index: the image's, one of those served.
            before: the file's stamp, taken before it was read.
            image: uint8 array (height, width, channels).
        """
        if not self._pixels.flags.writeable:
            return  # complete but for files that were bad when it was made, and are good now
        place = self._served.index(index)
        with self._lock:
            known = int(self._stamps[place, 0]) != _UNKNOWN
            if self._filled[place] or (known and tuple(self._stamps[place]) != before):
                return
            self._pixels[place] = image
            self._stamps[place] = before
            self._filled[place] = True
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


def _stamps(files: ImageFiles, served: range) -> Stamps:
    stamps = np.full((len(served), 2), _UNKNOWN, np.int64)
    with Progress("Checking files for the cache", len(served), delay=2.0) as progress:
        for place, index in enumerate(served):
            with contextlib.suppress(OSError):  # decoding it will tell
                stamps[place] = stamp(files.path(index))
            progress.advance()
    return stamps


def _names(files: ImageFiles, served: range, decoding: Decoding, stamps: Stamps) -> tuple[str, str]:
    """Return how the names of all caches of these files and options begin, and this one's name."""
    digest = hashlib.blake2b(digest_size=10)
    digest.update(f"{_LAYOUT}, Pillow {PIL.__version__}, {decoding!r}, {len(served)}\0".encode())
    for index in served:
        digest.update(os.fsencode(files.path(index)) + b"\0")
    content = hashlib.blake2b(np.ascontiguousarray(stamps).tobytes(), digest_size=10)
    family = f"images-{digest.hexdigest()}-"
    return family, f"{family}{content.hexdigest()}.cache"


def _begin(
    final: Path,
    family: str,
    shape: tuple[int, ...],
    stamps: Stamps,
    served: range,
) -> DecodedCache:
    size = shape[0] + int(np.prod(shape))
    free = shutil.disk_usage(final.parent).free
    if free < size:
        raise OSError(
            f"cache={str(final.parent)!r} has {megabytes(free)} free, and the cache needs "
            f"{megabytes(size)}: choose another directory, or leave cache out."
        )
    partial = final.with_name(f".{final.name}.{secrets.token_hex(8)}.partial")
    _allocate(partial, size)
    filled, pixels = _mapped(partial, shape, "r+")

    def finish() -> None:
        for array in (pixels, filled):
            array.flush()
        try:
            partial.replace(final)
        except OSError as error:  # this run goes on with what it has mapped
            warnings.warn(f"The cache {str(final)!r} could not be kept: {error}", stacklevel=2)
            return
        for outdated in final.parent.glob(f"{family}*.cache"):
            if outdated != final:
                outdated.unlink(missing_ok=True)

    cache = DecodedCache(filled, pixels, stamps, served, finish)
    weakref.finalize(cache, partial.unlink, missing_ok=True)
    return cache


def _allocate(path: Path, size: int) -> None:
    """Make a file of zeros whose blocks are reserved, so that writing can't run out of room."""
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)


def _mapped(path: Path, shape: tuple[int, ...], mode: Any) -> tuple[Any, Any]:
    images = shape[0]
    filled = np.memmap(path, np.bool_, mode, 0, (images,))
    return filled, np.memmap(path, np.uint8, mode, images, shape)
