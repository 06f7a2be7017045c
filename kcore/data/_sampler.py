"""Order samples into the batches of each epoch, on Grain's random-access datasets."""

import functools
import logging
import os
from dataclasses import dataclass
from numbers import Integral
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._arguments import check_integer, check_switch

__all__ = ["Order", "check_index", "checked_threads", "read_ahead"]

Numbers = npt.NDArray[np.int64]

_STREAM = 0x6F726472  # keeps the draws of orders apart from all others of a seed


@dataclass(frozen=True)
class Order:
    """The samples of each batch, as a function of these values and the epoch alone.

    Attributes:
        samples: the number of samples.
        batch_size: number of samples in a batch; the last batch holds what is left.
        shuffle: whether the samples of all hosts together are shuffled, in a different order in
            each epoch.
        seed: integer, 0 <= seed < 2**64.
        shard: (index, count): take part `index` of `count` equal parts; the remainder of `samples`
            divided by `count` belongs to no part.
        drop_remainder: whether to leave out a last batch that is not full.

    Raises:
        ValueError: if a value is out of its range.
    """

    samples: int
    batch_size: int
    shuffle: bool
    seed: int
    shard: tuple[int, int] = (0, 1)
    drop_remainder: bool = False

    def __post_init__(self) -> None:
        random.key(self.seed)  # refuses an invalid seed
        object.__setattr__(self, "batch_size", check_integer("batch_size", self.batch_size))
        object.__setattr__(self, "shard", _checked_shard(self.shard))
        check_switch("shuffle", self.shuffle)
        check_switch("drop_remainder", self.drop_remainder)

    @property
    def samples_in_shard(self) -> int:
        """The number of samples of an epoch on this host."""
        return self.samples // self.shard[1]

    @property
    def batches(self) -> int:
        """The number of batches of an epoch on this host."""
        full, rest = divmod(self.samples_in_shard, self.batch_size)
        return full + (1 if rest and not self.drop_remainder else 0)

    @property
    def served(self) -> range:
        """The samples that some epoch serves: all if shuffled, otherwise those of this host."""
        return range(self.samples) if self.shuffle else range(self.samples)[self._on_this_host]

    def indices(self, epoch: int) -> Any:
        """Return a Grain dataset of the batches' indices, int64 arrays of shape (n,)."""
        # Grain's own shuffle is not used: it adds the epoch to the seed, so neighboring seeds share
        # orders, and it takes milliseconds per epoch even for few samples. Neither is its batching
        # of single samples, which takes five microseconds per sample.
        order = _shuffled(self.samples, self.seed, epoch) if self.shuffle else range(self.samples)
        return _grain().MapDataset.source(_Batches(order[self._on_this_host], self.batch_size))

    @property
    def _on_this_host(self) -> slice:
        index, count = self.shard
        served = min(self.samples_in_shard, self.batches * self.batch_size)
        return slice(index, served * count, count)


class _Batches:
    """The source from which Grain takes the indices of each batch."""

    def __init__(self, order: range | Numbers, batch_size: int) -> None:
        self._order, self._batch_size = order, batch_size

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch_size)

    def __getitem__(self, number: Any) -> Numbers:
        start = int(number) * self._batch_size
        return np.array(self._order[start : start + self._batch_size], np.int64)


@functools.lru_cache(maxsize=2)
def _shuffled(samples: int, seed: int, epoch: int) -> Numbers:
    key = random.fold_in(random.fold_in(random.key(seed), _STREAM), epoch)
    return np.asarray(random.permutation(key, samples), np.int64)


def read_ahead(dataset: Any, num_threads: int) -> Any:
    """Return an iterator over a Grain dataset that prepares elements ahead on threads."""
    options = _grain().ReadOptions(num_threads=num_threads, prefetch_buffer_size=num_threads + 2)
    return iter(dataset.to_iter_dataset(options))


def checked_threads(num_threads: int | None) -> int:
    """Return `num_threads`, or the number of CPUs that this process may use if it is None."""
    if num_threads is not None:
        return check_integer("num_threads", num_threads)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _checked_shard(shard: Any) -> tuple[int, int]:
    try:
        index, count = (check_integer("shard", number, minimum=0) for number in shard)
    except (TypeError, ValueError):
        index = count = 0
    if index >= count:
        raise ValueError(
            f"shard={shard!r} must be (index, count), two integers with 0 <= index < count."
        )
    return index, count


def _grain() -> ModuleType:
    """Import Grain without its warning that JAX is missing, which kcore doesn't need."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        import grain
    finally:
        logging.disable(before)
    return grain


def check_index(index: object, samples: int) -> None:
    """Raise an IndexError unless `index` is the index of a sample."""
    is_number = isinstance(index, Integral) and not isinstance(index, bool)
    if not is_number or not 0 <= int(index) < samples:  # type: ignore[call-overload]
        raise IndexError(f"index={index!r} is outside of 0 to {samples - 1}.")
