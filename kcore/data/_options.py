"""The options of a dataset of image files, checked before a folder is read or a file decoded."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import Any

from kcore import random
from kcore._arguments import check_choice, check_integer
from kcore._settings import is_channels_first
from kcore.data._batch_transforms import Transform, checked_transform
from kcore.data._cache import cache_bytes, check_cache
from kcore.data._decoding import BeforeResize, Decoding
from kcore.data._file_audit import POLICIES
from kcore.data._sampler import Order, checked_threads
from kcore.data._targets import check_label_mode_name
from kcore.images._formats import FORMATS
from kcore.images._reading import MAX_FILE_BYTES

__all__ = ["FileOptions", "check_outside", "file_options"]


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """Checked options of a dataset of image files, except those that depend on the number of files.

    Attributes:
        decoding: how a file becomes an array of pixels.
        label_mode: "int", "categorical", "binary", "input" or None.
        flat_binary: whether the labels of "binary" have shape (n,), as in legacy Keras, instead of
            (n, 1).
        batch_size: number of images in a batch; the last batch holds what is left.
        shuffle: whether to shuffle the files, in a different order in each epoch.
        seed: integer, 0 <= seed < 2**64; None draws one, which this attribute then holds.
        bad_files: "raise", "skip" or "quarantine".
        cache: "memory", a directory for a file, or None.
        transform: function of a batch's images, indices and epoch, or None.
        data_format: "channels_last" or "channels_first"; None becomes Keras's default.
        shard: (index, count), the block of each batch that this host serves.
        drop_remainder: whether to leave out a last batch that is not full.
        num_threads: how many batches are made at the same time; None becomes the number of CPUs.

    Raises:
        NotADirectoryError: if `cache` is a file.
        ValueError: if an option is out of its range.
    """

    decoding: Decoding
    label_mode: str | None = "int"
    flat_binary: bool = False
    batch_size: int = 32
    shuffle: bool = True
    seed: int | None = None
    bad_files: str = "raise"
    cache: str | os.PathLike[str] | None = None
    transform: Transform | None = None
    data_format: str | None = None
    shard: tuple[int, int] = (0, 1)
    drop_remainder: bool = False
    num_threads: int | None = None

    def __post_init__(self) -> None:
        check_choice("bad_files", self.bad_files, POLICIES)
        check_label_mode_name(self.label_mode)
        check_cache(self.cache)
        checked_transform(self.transform)
        is_first = is_channels_first(self.data_format)
        self._set("data_format", "channels_first" if is_first else "channels_last")
        self._set("num_threads", checked_threads(self.num_threads))
        self._set("seed", random.draw_seed() if self.seed is None else self.seed)
        self._check_batch_size()
        # This refuses invalid values of the other options.
        self._set("shard", self.order(0).shard)
        self._check_sizes()
        self._check_blocks()
        self._check_cache_of_hook()
        if self.decoding.before_resize is not None:
            assert self.seed is not None
            self._set("decoding", replace(self.decoding, seed=self.seed))

    def order(self, samples: int) -> Order:
        """Return which samples are in which batch, for this number of samples."""
        assert self.seed is not None
        return Order(
            samples, self.batch_size, self.shuffle, self.seed, self.shard, self.drop_remainder
        )

    def cache_bytes(self, samples: int) -> int:
        """Return the bytes that a cache for this number of samples takes."""
        return cache_bytes(len(self.order(samples).served), self.decoding)

    def check_outside(self, directory: str | os.PathLike[str]) -> None:
        """Raise a ValueError if the cache would be found in a scan of `directory`."""
        if self.cache not in (None, "memory"):
            check_outside("cache", self.cache, directory)

    def _check_batch_size(self) -> None:
        if self.batch_size is None:
            raise ValueError(
                "batch_size=None: a dataset of kcore serves batches. Use batch_size=1, which keeps "
                "the batch axis, or dataset.image(index) for a single image."
            )

    def _check_sizes(self) -> None:
        """Refuse options that need images of one size if each has its own."""
        if self.decoding.image_size is not None:
            return
        if self.batch_size != 1:
            raise ValueError(
                f"image_size=None with batch_size={self.batch_size}: images of different sizes "
                "don't fit into one array. Use batch_size=1, or an image_size."
            )
        if self.cache is not None:
            raise ValueError(
                f"image_size=None with cache={self.cache!r}: a cache keeps images of one size. "
                "Leave cache out, or use an image_size."
            )

    def _check_blocks(self) -> None:
        """Refuse blocks of different lengths, which no backend can join into one batch."""
        if self.shard[1] > 1 and self.bad_files == "skip":
            raise ValueError(
                f"bad_files='skip' with shard={self.shard}: a file that is left out would make the "
                "block of one host shorter than the others. Use 'quarantine' or 'raise'."
            )

    def _check_cache_of_hook(self) -> None:
        """Refuse a cache that outlives a function, which may be another one next time."""
        if self.decoding.before_resize is not None and self.cache not in (None, "memory"):
            raise ValueError(
                f"before_resize with cache={os.fspath(self.cache)!r}: the cache of a later run "
                "can't know whether the function is still the same. Use cache='memory', or leave "
                "it out."
            )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


def file_options(
    *,
    label_mode: str | None,
    color_mode: str,
    batch_size: int,
    image_size: int | tuple[int, int] | None,
    shuffle: bool,
    seed: int | None,
    interpolation: str,
    crop_to_aspect_ratio: bool,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    draft: bool = False,
    apply_exif_orientation: bool = True,
    background: int | Sequence[int] | None = None,
    before_resize: BeforeResize | None = None,
    formats: Sequence[str] = FORMATS,
    max_file_bytes: int = MAX_FILE_BYTES,
    bad_files: str = "raise",
    cache: str | os.PathLike[str] | None = None,
    transform: Transform | None = None,
    shard: tuple[int, int] = (0, 1),
    drop_remainder: bool = False,
    num_threads: int | None = None,
    flat_binary: bool = False,
) -> FileOptions:
    """Return the options by the names that `kcore.data.from_files` has for them.

    `flat_binary` is that of `FileOptions`; an `image_size` of one integer stands for height and
    width.

    Raises:
        NotADirectoryError, ValueError: as `FileOptions` and `Decoding` do.
    """
    decoding = Decoding(
        _height_and_width(image_size),
        color_mode=color_mode,
        interpolation=interpolation,
        crop_to_aspect_ratio=crop_to_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        draft=draft,
        apply_exif_orientation=apply_exif_orientation,
        background=background,
        before_resize=before_resize,
        formats=formats,
        max_file_bytes=max_file_bytes,
    )
    return FileOptions(
        decoding=decoding,
        label_mode=label_mode,
        flat_binary=flat_binary,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        bad_files=bad_files,
        cache=cache,
        transform=transform,
        data_format=data_format,
        shard=shard,
        drop_remainder=drop_remainder,
        num_threads=num_threads,
    )


def _height_and_width(image_size: Any) -> Any:
    """Return one integer as a pair, and anything else, which `Decoding` checks, as it is."""
    if not isinstance(image_size, Integral):
        return image_size
    side = check_integer("image_size", image_size)
    return side, side


def check_outside(
    name: str, place: str | os.PathLike[str] | None, directory: str | os.PathLike[str]
) -> None:
    """Raise a ValueError if what is written to `place` would be found in a scan of `directory`.

    What is inside a hidden directory is never found. None is allowed.
    """
    if place is None:
        return
    written, scanned = Path(place).resolve(), Path(directory).resolve()
    outer = next((one for one in (written, *written.parents) if _are_same(one, scanned)), None)
    if outer is None:
        return
    inside = written.relative_to(outer).parts
    if not any(part.startswith(".") for part in inside):
        raise ValueError(
            f"{name}={str(place)!r} lies inside directory={str(directory)!r}, where the "
            "next run would take it for a class, or for images: choose a directory outside."
        )


def _are_same(path: Path, other: Path) -> bool:
    """Tell whether two paths lead to one directory, even if on macOS they differ in case."""
    try:
        return path == other or path.samefile(other)
    except OSError:  # one of them doesn't exist
        return False
