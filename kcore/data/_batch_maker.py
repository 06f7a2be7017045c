"""Make the batch at any position: load images, transform them, add targets and weights."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.data._array_groups import Targets, checked_targets
from kcore.data._batch_transforms import (
    Replayable,
    Transform,
    asks_for_targets,
    check_asking,
    check_replay,
    checked_pair,
    checked_transform,
    copied,
    first_of,
)
from kcore.data._functions import is_pure
from kcore.data._sampler import Order, check_index, checked_threads, read_ahead
from kcore.data._sources import Source

__all__ = ["BatchMaker", "Indices"]

Indices = npt.NDArray[np.int64]


class BatchMaker:
    """Makes batches; batch `number` of epoch `epoch` has the position `epoch * batches + number`.

    Args:
        source: where the images come from.
        targets: object that an array of indices takes targets from, "input" or None.
        sample_weight: array of shape (samples,), or None.
        order: which samples are in which batch.
        transform: function of a batch's images, indices and epoch, or None.
        num_threads: how many batches are made at the same time; None for the number of CPUs.

    Attributes:
        targets: as given.
        sample_weight: as given.
        order: as given.
        asks_for_targets: whether `transform` takes and returns targets too.
    """

    def __init__(
        self,
        source: Source,
        targets: Targets | str | None,
        sample_weight: npt.NDArray[Any] | None,
        order: Order,
        transform: Transform | None,
        num_threads: int | None,
    ) -> None:
        self._source, self.order = source, order
        self.targets, self.sample_weight = checked_targets(targets, sample_weight, len(source))
        self._transform = checked_transform(transform)
        self.asks_for_targets = asks_for_targets(transform)
        check_asking(self.asks_for_targets, self.targets)
        self._num_threads = checked_threads(num_threads)
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        """Return all but the lock, which belongs to this process."""
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()

    @property
    def is_pure(self) -> bool:
        """Whether threads may call `transform` ahead of its use, in any order."""
        return is_pure(self._transform)

    def at(self, position: int) -> Any:
        """Return the batch at a position."""
        epoch, number = divmod(position, self.order.batches)
        return self._batch(self.order.indices(epoch)[number], epoch)

    def read(self, position: int) -> Iterator[Any]:
        """Iterate over the batches from a position on, from epoch to epoch, without end."""
        epoch, number = divmod(position, self.order.batches)
        while True:
            yield from self._read(epoch, number)
            epoch, number = epoch + 1, 0

    def image(self, index: int, epoch: int | None) -> Any:
        """Return one image as the model receives it in an epoch; None for the image as loaded.

        Raises:
            IndexError: if there is no such sample.
            ValueError: if `transform` can't show what happens to one image alone.
        """
        check_index(index, len(self._source))
        images, indices = self._source.load(np.array([index], np.int64))
        if epoch is None:
            return first_of(images)
        if isinstance(self._transform, Replayable):
            return self._transform.replay(first_of(images), int(index), epoch)
        check_replay(self.asks_for_targets, index, epoch)
        return first_of(self._transformed(images, indices, epoch))

    def parameters(self, index: int, epoch: int) -> dict[str, Any] | None:
        """Return how `transform` changes an image in an epoch; None if it doesn't tell."""
        check_index(index, len(self._source))
        if isinstance(self._transform, Replayable):
            return self._transform.parameters(int(index), epoch)
        return None

    def _read(self, epoch: int, number: int) -> Iterator[Any]:
        """Iterate over the batches of an epoch from `number` on; threads do what needs no order."""
        batches, may_hurry = self.order.indices(epoch)[number:], self.is_pure

        def make(indices: Indices) -> Any:
            return self._batch(indices, epoch) if may_hurry else self._source.load(indices)

        ahead = read_ahead(batches.map(make), self._num_threads)
        try:
            for made in ahead:
                yield made if may_hurry else self._made(made, epoch)
        finally:
            ahead.close()

    def _batch(self, indices: Indices, epoch: int) -> Any:
        return self._made(self._source.load(indices), epoch)

    def _made(self, loaded: tuple[npt.NDArray[Any], Indices], epoch: int) -> Any:
        images, indices = loaded
        if self.asks_for_targets:
            x, y = self._transformed(images, indices, epoch, targets=self.targets[indices])
        else:
            x = self._transformed(images, indices, epoch)
            if self.targets is None:
                return x
            y = copied(x) if isinstance(self.targets, str) else self.targets[indices]
        return (x, y) if self.sample_weight is None else (x, y, self.sample_weight[indices])

    def _transformed(self, images: Any, indices: Indices, epoch: int, **targets: Any) -> Any:
        if self._transform is None:
            return images
        with self._lock:
            result = self._transform(images, indices, epoch, **targets)
        return checked_pair(self._transform, result) if targets else result
