"""Order samples into the batches of each epoch, on Grain's random-access datasets."""

import functools
import logging
import os
from collections.abc import Sequence
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
        batch_size: number of samples in a batch of all hosts together; the last batch holds what is
            left.
        shuffle: whether the samples of all hosts together are shuffled, in a different order in
            each epoch.
        seed: integer, 0 <= seed < 2**64.
        shard: (index, count): take block `index` of the `count` equal blocks of each batch. Of the
            last batch, the remainder of its samples divided by `count` belongs to no block.
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
        _check_blocks(self.batch_size, self.shard)

    @property
    def blocks(self) -> "Blocks":
        """The positions in an epoch's order that this host serves."""
        served = self.samples // self.shard[1] * self.shard[1]
        if self.drop_remainder:
            served = self.samples // self.batch_size * self.batch_size
        return Blocks(served, self.batch_size, *self.shard)

    @property
    def batches(self) -> int:
        """The number of batches of an epoch."""
        return self.blocks.batches

    @property
    def last_batch_size(self) -> int:
        """The number of samples in the last batch of an epoch, of all hosts together."""
        return self.blocks.samples - (self.batches - 1) * self.batch_size

    @property
    def served(self) -> Sequence[int]:
        """The samples that some epoch serves: all if shuffled, otherwise those of this host."""
        return range(self.samples) if self.shuffle else self.blocks

    def indices(self, epoch: int) -> Any:
        """Return a Grain dataset of the batches' indices, int64 arrays of shape (n,)."""
        # Grain's own shuffle is not used: it adds the epoch to the seed, so neighboring seeds share
        # orders, and it takes milliseconds per epoch even for few samples. Neither is its batching
        # of single samples, which takes five microseconds per sample.
        order = _shuffled(self.samples, self.seed, epoch) if self.shuffle else range(self.samples)
        return _grain().MapDataset.source(_Batches(order, self.blocks))


@dataclass(frozen=True)
class Blocks(Sequence[int]):
    """The positions of one host's blocks of all batches, in ascending order.

    Attributes:
        samples: the number of samples that all hosts serve, a multiple of `hosts`.
        batch_size: number of samples in a batch of all hosts together, a multiple of `hosts`.
        host: index of the host.
        hosts: number of hosts.
    """

    samples: int
    batch_size: int
    host: int = 0
    hosts: int = 1

    @property
    def batches(self) -> int:
        """The number of batches, of each of which there is one block."""
        return -(-self.samples // self.batch_size)

    def block(self, number: int) -> slice:
        """Return the positions of the block of one batch."""
        start = number * self.batch_size
        length = min(self.batch_size, self.samples - start) // self.hosts
        return slice(start + self.host * length, start + (self.host + 1) * length)

    def __len__(self) -> int:
        return self.samples // self.hosts

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        length = self.batch_size // self.hosts
        batch, rest = divmod(range(len(self))[number], length)
        return self.block(batch).start + rest

    def __contains__(self, position: object) -> bool:
        if not isinstance(position, int) or not 0 <= position < self.samples:
            return False
        block = self.block(position // self.batch_size)
        return block.start <= position < block.stop

    def index(self, position: int, *bounds: int) -> int:
        """Return how many positions of this host come before one of them."""
        if position not in self:
            raise ValueError(f"{position} is not among the samples of host {self.host}.")
        batch = position // self.batch_size
        return batch * (self.batch_size // self.hosts) + position - self.block(batch).start


class _Batches:
    """The source from which Grain takes the indices of each batch."""

    def __init__(self, order: range | Numbers, blocks: Blocks) -> None:
        self._order, self._blocks = order, blocks

    def __len__(self) -> int:
        return self._blocks.batches

    def __getitem__(self, number: Any) -> Numbers:
        return np.array(self._order[self._blocks.block(int(number))], np.int64)


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


def _check_blocks(batch_size: int, shard: tuple[int, int]) -> None:
    hosts = shard[1]
    if batch_size % hosts:
        multiple = -(-batch_size // hosts) * hosts
        raise ValueError(
            f"batch_size={batch_size} with shard={shard}: batch_size counts the samples of all "
            f"{hosts} hosts together, so it must be a multiple of {hosts}, such as {multiple}."
        )


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
