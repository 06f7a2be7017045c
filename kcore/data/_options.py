"""The options of a dataset of image files, checked before a folder is read or a file decoded."""

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from kcore import random
from kcore._arguments import check_choice
from kcore._settings import is_channels_first
from kcore.data._batch_transforms import Transform, checked_transform
from kcore.data._cache import cache_bytes, check_place
from kcore.data._decoding import Decoding
from kcore.data._file_audit import POLICIES
from kcore.data._sampler import Order, checked_threads
from kcore.data._targets import check_class_mode_name

__all__ = ["FileOptions", "check_outside", "file_options"]


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """The options of `kcore.data.from_files`, all but those that count the files; see there.

    Attributes:
        decoding: how files become arrays: `target_size` and the options of `Decoding`.
        class_mode: see `from_directory`, and so for the others.
        batch_size: see there.
        shuffle: see there.
        seed: see there; None draws one, which `seed` then is.
        bad_files: see there.
        cache: see there.
        transform: see there.
        data_format: see there; None becomes Keras's default.
        shard: see there.
        drop_remainder: see there.
        num_threads: see there; None becomes the number of CPUs.

    Raises:
        NotADirectoryError: if `cache` is a file.
        ValueError: if an option is out of its range.
    """

    decoding: Decoding
    class_mode: str | None = "categorical"
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
        check_class_mode_name(self.class_mode)
        check_place(self.cache)
        checked_transform(self.transform)
        is_first = is_channels_first(self.data_format)
        self._set("data_format", "channels_first" if is_first else "channels_last")
        self._set("num_threads", checked_threads(self.num_threads))
        self._set("seed", random.draw_seed() if self.seed is None else self.seed)
        self.order(0)  # refuses what is wrong with the rest
        self._check_sizes()
        self._check_cache_of_hook()
        if self.decoding.before_resize is not None:
            assert self.seed is not None
            self._set("decoding", replace(self.decoding, seed=self.seed))

    def order(self, samples: int) -> Order:
        """Return which of so many samples are in which batch."""
        assert self.seed is not None
        return Order(
            samples, self.batch_size, self.shuffle, self.seed, self.shard, self.drop_remainder
        )

    def cache_bytes(self, samples: int) -> int:
        """Return the bytes that a cache for so many samples takes."""
        return cache_bytes(len(self.order(samples).served), self.decoding)

    def check_outside(self, directory: str | os.PathLike[str]) -> None:
        """Raise a ValueError if a cache would lie where it can't; see `check_outside`."""
        if self.cache not in (None, "memory"):
            check_outside("cache", self.cache, directory)

    def _check_sizes(self) -> None:
        """Refuse what needs images of one size if each has its own."""
        if self.decoding.target_size is not None:
            return
        if self.batch_size != 1:
            raise ValueError(
                f"target_size=None with batch_size={self.batch_size}: images of sizes of their own "
                "fit into no common array. Use batch_size=1, or a target_size."
            )
        if self.cache is not None:
            raise ValueError(
                f"target_size=None with cache={self.cache!r}: a cache keeps images of one size. "
                "Leave cache out, or use a target_size."
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


_OF_DECODING = tuple(
    each.name for each in fields(Decoding) if each.name not in ("target_size", "seed")
)


def file_options(
    *, target_size: tuple[int, int] | None = (256, 256), **options: Any
) -> FileOptions:
    """Return the options by the names that `from_files` has for them; see there.

    Raises:
        NotADirectoryError, ValueError: as `FileOptions` and `Decoding` do.
    """
    of_decoding = {name: options.pop(name) for name in _OF_DECODING if name in options}
    return FileOptions(decoding=Decoding(target_size, **of_decoding), **options)


def check_outside(
    name: str, place: str | os.PathLike[str] | None, directory: str | os.PathLike[str]
) -> None:
    """Raise a ValueError if what is written to `place` would be found in a scan of `directory`.

    A place inside of a hidden directory is never found, and None is no place.
    """
    if place is None:
        return
    written, scanned = Path(place).resolve(), Path(directory).resolve()
    if written.is_relative_to(scanned):
        inside = written.relative_to(scanned).parts
        if not any(part.startswith(".") for part in inside):
            raise ValueError(
                f"{name}={str(place)!r} lies inside of directory={str(directory)!r}, where the "
                "next run would take it for a class, or for images: choose a place outside of it."
            )
