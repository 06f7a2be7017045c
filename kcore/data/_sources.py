"""The sources of a dataset's images: files that are decoded, or arrays."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kcore._progress import progress_bar
from kcore._settings import is_channels_first
from kcore._warning import warn
from kcore.data._cache import DecodedCache, stamp
from kcore.data._decoding import Decoding, Pixels
from kcore.data._file_audit import BadFileError, reason_of
from kcore.data._image_files import ImageFiles
from kcore.images._errors import ImageDecodeError

__all__ = ["ArraySource", "FileSource", "Source", "usable"]

_CHECKED_AT_ONCE = 1024

Indices = npt.NDArray[np.int64]


class Source(Protocol):
    """The images of an `ImageBatches`."""

    def __len__(self) -> int:
        """Return the number of images."""

    def load(self, indices: Indices) -> tuple[npt.NDArray[Any], Indices]:
        """Return the images of `indices`, of shape (n, ...), as a new array, and their indices.

        The returned indices lack those of images that are left out.
        """


class ArraySource:
    """Images in an array.

    Args:
        images: array (images, height, width, channels) of any dtype, or with other axes.
    """

    def __init__(self, images: npt.NDArray[Any]) -> None:
        self._images = images

    def __len__(self) -> int:
        return len(self._images)

    def load(self, indices: Indices) -> tuple[npt.NDArray[Any], Indices]:
        """Return the images of `indices`, a copy."""
        return self._images[indices], indices


class FileSource:
    """Images that are decoded from files on demand.

    Args:
        files: the files.
        decoding: how they become arrays.
        skip_bad: whether to leave a bad file out rather than raise an error.
        cache: where decoded images are kept, or None.
        data_format: axes of the images: "channels_last" (n, height, width, channels),
            "channels_first" (n, channels, height, width), or None for Keras's default.
    """

    def __init__(
        self,
        files: ImageFiles,
        decoding: Decoding,
        skip_bad: bool = False,
        cache: DecodedCache | None = None,
        data_format: str | None = None,
    ) -> None:
        self._files, self._decoding = files, decoding
        self._channels_first = is_channels_first(data_format)
        self._skip_bad, self._cache = skip_bad, cache

    def __len__(self) -> int:
        return len(self._files)

    def load(self, indices: Indices) -> tuple[Pixels, Indices]:
        """Return the images of `indices`, uint8, and their indices, both without bad files.

        Raises:
            BadFileError: for a bad file, or if with `skip_bad` none of the files is good.
        """
        if self._decoding.image_size is None:
            return self._load_each(indices)
        images = np.empty((len(indices), *self._decoding.image_shape), np.uint8)
        kept = np.zeros(len(indices), bool)
        for row, index in enumerate(indices):
            try:
                images[row] = self._image(int(index))
                kept[row] = True
            except BadFileError as error:
                if not self._skip_bad:
                    raise
                warn(f"Left out of its batch: {error}")
                last_error = error
        if not kept.any():
            raise BadFileError(
                last_error.path,
                last_error.class_name,
                f"{last_error.reason}; and no other of the batch's {len(indices)} files is good",
            )
        if not kept.all():
            images, indices = images[kept], indices[kept]
        return self._with_axes(images), indices

    def _load_each(self, indices: Indices) -> tuple[Pixels, Indices]:
        """Load a batch of one image of its own size."""
        (index,) = indices
        return self._with_axes(np.array(self._image(int(index)))[np.newaxis]), indices

    def _with_axes(self, images: Pixels) -> Pixels:
        return np.ascontiguousarray(np.moveaxis(images, -1, 1)) if self._channels_first else images

    def _image(self, index: int) -> Pixels:
        path = self._files.path(index)
        if self._cache is None or index not in self._cache:
            return decoded(self._files, index, path, self._decoding)
        try:
            now = stamp(path)
        except OSError:
            self._cache.give_up(index)
            return decoded(self._files, index, path, self._decoding)
        image = self._cache.get(index, now)
        if image is not None:
            return image
        try:
            image = decoded(self._files, index, path, self._decoding)
        except BadFileError:
            self._cache.give_up(index)
            raise
        self._cache.put(index, now, image)
        return image


def decoded(files: ImageFiles, index: int, path: str, decoding: Decoding) -> Pixels:
    """Decode a file, and add findings about it to the audit.

    Raises:
        BadFileError: if it is a bad file.
    """
    try:
        image, notes = decoding.decode(path, files.row(index))
    except (ImageDecodeError, OSError) as error:
        reason = reason_of(error)
        files.audit.add_bad(files.row(index), reason)
        raise BadFileError(path, files.class_name(index), reason) from error
    if notes:
        files.audit.add_notes(files.row(index), notes)
    return image


def usable(files: ImageFiles, decoding: Decoding, num_threads: int) -> Indices:
    """Decode every file once, and return the indices of the good ones."""
    good = np.zeros(len(files), bool)

    def check(index: int) -> None:
        try:
            decoded(files, index, files.path(index), decoding)
            good[index] = True
        except BadFileError:
            pass

    with (
        progress_bar("Checking images", len(files), delay=2.0) as progress,
        ThreadPoolExecutor(num_threads) as pool,
    ):
        for start in range(0, len(files), _CHECKED_AT_ONCE):
            part = range(start, min(start + _CHECKED_AT_ONCE, len(files)))
            for _ in pool.map(check, part):
                progress.update()
    return np.flatnonzero(good)
