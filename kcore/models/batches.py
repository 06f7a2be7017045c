"""What the head is trained on: shuffled samples, each with what dropout does to it."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kcore import random

__all__ = ["EvaluationBatches", "StartEpochs", "TrainingBatches"]

# Each epoch has a key; its two uses have keys of their own.
_ORDER, _DROPOUT = 0, 1


class TrainingBatches(keras.utils.PyDataset):
    """Batches `((features, factors), labels)` in an order that changes from epoch to epoch.

    Order and dropout come from `kcore.random`: of the key of the seed folded with the epoch, fold 0
    gives the permutation, fold 1 folded with the sample's index the hidden units that are kept.

    Args:
        x: features or images of all samples.
        y: their labels.
        batch_size: samples in each batch but the last.
        dropout: the fraction to drop, and the number of hidden units.
        seed: 0 <= seed < 2**64.
        prepare: makes features of images; `None` where `x` has features.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        batch_size: int,
        dropout: tuple[float, int],
        seed: int,
        prepare: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self._x, self._y = np.asarray(x), np.asarray(y)
        self._batch_size, self._seed = batch_size, seed
        self._rate, self._units = dropout
        self._prepare = prepare
        self.start_epoch(0)

    def __len__(self) -> int:
        return -(-len(self._x) // self._batch_size)

    def __getitem__(self, position: int) -> tuple[tuple[Any, Any], Any]:
        start = position * self._batch_size
        indices = self._order[start : start + self._batch_size]
        x = self._x[indices]
        features = x if self._prepare is None else self._prepare(x)
        return (features, self._factors(indices)), self._y[indices]

    def start_epoch(self, epoch: int) -> None:
        """Draw the order of an epoch, 0 for the first.

        `StartEpochs` calls this. Keras's own `on_epoch_end` would not do: it is called once more
        before the first epoch, after a look at the first batch.
        """
        key = random.fold_in(random.key(self._seed), epoch)
        self._order = random.permutation(random.fold_in(key, _ORDER), len(self._x))
        self._dropout_key = random.fold_in(key, _DROPOUT)

    def _factors(self, indices: Any) -> np.ndarray[Any, Any]:
        """Return what the hidden units of each sample are multiplied by: 0 or 1 / (1 - rate)."""
        if not self._rate:
            return np.ones((len(indices), self._units), "float32")
        keys = random.fold_in(self._dropout_key, indices)
        kept = random.bernoulli(keys, (self._units,), 1 - self._rate)
        return np.where(kept, np.float32(1 / (1 - self._rate)), np.float32(0))


class StartEpochs(keras.callbacks.Callback):
    """Tells the batches which epoch it is."""

    def __init__(self, batches: TrainingBatches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Draw the epoch's order before its first batch."""
        self._batches.start_epoch(epoch)


class EvaluationBatches(keras.utils.PyDataset):
    """Batches `((features, factors), labels)` in order, with all hidden units kept.

    Args:
        x: features or images of all samples.
        y: their labels.
        batch_size: samples in each batch but the last.
        units: number of hidden units.
        prepare: makes features of images; `None` where `x` has features.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        batch_size: int,
        units: int,
        prepare: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self._x, self._y, self._batch_size = np.asarray(x), np.asarray(y), batch_size
        self._ones = np.ones((batch_size, units), "float32")
        self._prepare = prepare

    def __len__(self) -> int:
        return -(-len(self._x) // self._batch_size)

    def __getitem__(self, position: int) -> tuple[tuple[Any, Any], Any]:
        part = slice(position * self._batch_size, (position + 1) * self._batch_size)
        x = self._x[part]
        features = x if self._prepare is None else self._prepare(x)
        return (features, self._ones[: len(x)]), self._y[part]
