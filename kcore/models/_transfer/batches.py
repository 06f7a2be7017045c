"""The batches that the head is trained on: shuffled samples, each with its dropout."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kcore import random
from kcore.models._transfer.training_data import Samples

__all__ = ["DatasetBatches", "EvaluationBatches", "StartEpochs", "TrainingBatches"]

# Each epoch has a key, from which the keys of its order and of its dropout are derived.
_ORDER, _DROPOUT = 0, 1
_LARGEST_BATCH = 1 << 16


class _Dropout:
    """Draws the factors for the hidden units of each sample: 0 or 1 / (1 - rate)."""

    def __init__(self, rate: float, units: int, seed: int) -> None:
        self._rate, self._units, self._seed = rate, units, seed

    def factors(self, epoch: int, indices: Any) -> np.ndarray[Any, Any]:
        if not self._rate:
            return np.ones((len(indices), self._units), "float32")
        key = random.fold_in(random.fold_in(random.key(self._seed), epoch), _DROPOUT)
        keys = random.fold_in(key, indices)
        kept = random.bernoulli(keys, (self._units,), 1 - self._rate)
        return np.where(kept, np.float32(1 / (1 - self._rate)), np.float32(0))


class TrainingBatches(keras.utils.PyDataset):
    """Batches `((features, factors), labels)` in an order that changes from epoch to epoch.

    Order and dropout come from `kcore.random`. The key of an epoch is the key of the seed folded
    with the epoch: its fold 0 gives the permutation, and its fold 1, folded with the sample's
    index, the hidden units that are kept. If samples have weights, these are the third part of a
    batch.

    Args:
        samples: features or images, labels and weights of all samples.
        batch_size: samples in each batch but the last.
        dropout: the fraction to drop, and the number of hidden units.
        seed: 0 <= seed < 2**64.
        prepare: function that turns images into features; `None` if `samples` has features.
    """

    def __init__(
        self,
        samples: Samples,
        batch_size: int,
        dropout: tuple[float, int],
        seed: int,
        prepare: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self._samples = Samples(np.asarray(samples.x), np.asarray(samples.y), samples.weight)
        self._batch_size, self._seed = batch_size, seed
        self._dropout = _Dropout(*dropout, seed)
        self._prepare = prepare
        self.start_epoch(0)

    def __len__(self) -> int:
        return -(-len(self._samples.x) // self._batch_size)

    def __getitem__(self, position: int) -> tuple[Any, ...]:
        start = position * self._batch_size
        indices = self._order[start : start + self._batch_size]
        factors = self._dropout.factors(self._epoch, indices)
        return _batch(self._samples, indices, factors, self._prepare)

    def start_epoch(self, epoch: int) -> None:
        """Draw the order of an epoch, 0 for the first.

        `StartEpochs` calls this. Keras's own `on_epoch_end` would not work: Keras also calls it
        before the first epoch, after it has looked at the first batch.
        """
        self._epoch = epoch
        key = random.fold_in(random.key(self._seed), epoch)
        self._order = random.permutation(random.fold_in(key, _ORDER), len(self._samples.x))

    def end_epoch(self) -> None:
        """Do nothing: each epoch is drawn when it starts."""


class DatasetBatches(keras.utils.PyDataset):
    """The batches of a dataset of images, each run through the base when `fit` asks for it.

    Args:
        dataset: gives batches of images and labels, in its own order.
        check: function that turns a batch into `Samples`.
        dropout: the fraction to drop, and the number of hidden units.
        seed: seed of dropout, as in `TrainingBatches`; the index of a sample is its position in the
            batch, plus 65,536 for each batch before.
        prepare: function that turns images into features.
    """

    def __init__(
        self,
        dataset: Any,
        check: Callable[[Any], Samples],
        dropout: tuple[float, int],
        seed: int,
        prepare: Callable[[Any], Any],
    ) -> None:
        super().__init__()
        self._dataset, self._check, self._prepare = dataset, check, prepare
        self._dropout = _Dropout(*dropout, seed)
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._dataset)

    @property
    def num_batches(self) -> int:
        """The number of batches of an epoch."""
        return int(self._dataset.num_batches)

    def __getitem__(self, position: int) -> tuple[Any, ...]:
        samples = self._check(self._dataset[position])
        count = len(samples.x)
        indices = np.arange(count) + position * _LARGEST_BATCH
        factors = self._dropout.factors(self._epoch, indices)
        return _batch(samples, slice(None), factors, self._prepare)

    def start_epoch(self, epoch: int) -> None:
        """Begin an epoch: this one for dropout, and the next one of the dataset."""
        self._epoch = epoch
        self._dataset.on_epoch_begin()

    def end_epoch(self) -> None:
        """Let the dataset move on to its next epoch."""
        self._dataset.on_epoch_end()


def _batch(
    samples: Samples, indices: Any, factors: Any, prepare: Callable[[Any], Any] | None
) -> tuple[Any, ...]:
    x, y = samples.x[indices], samples.y[indices]
    inputs = (x if prepare is None else prepare(x), factors)
    return (inputs, y) if samples.weight is None else (inputs, y, samples.weight[indices])


class StartEpochs(keras.callbacks.Callback):
    """Tell the batches when an epoch starts and ends."""

    def __init__(self, batches: TrainingBatches | DatasetBatches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Draw the epoch's order before its first batch."""
        self._batches.start_epoch(epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Let the next epoch follow."""
        self._batches.end_epoch()


class EvaluationBatches(keras.utils.PyDataset):
    """Batches `((features, factors), labels)` in order, with all hidden units kept.

    If samples have weights, these are the third part of a batch.

    Args:
        samples: features or images, labels and weights of all samples.
        batch_size: samples in each batch but the last.
        units: number of hidden units.
        prepare: function that turns images into features; `None` if `samples` has features.
    """

    def __init__(
        self,
        samples: Samples,
        batch_size: int,
        units: int,
        prepare: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self._samples = Samples(np.asarray(samples.x), np.asarray(samples.y), samples.weight)
        self._batch_size = batch_size
        self._ones = np.ones((batch_size, units), "float32")
        self._prepare = prepare

    def __len__(self) -> int:
        return -(-len(self._samples.x) // self._batch_size)

    def __getitem__(self, position: int) -> tuple[Any, ...]:
        start = position * self._batch_size
        stop = min(start + self._batch_size, len(self._samples.x))
        return _batch(self._samples, slice(start, stop), self._ones[: stop - start], self._prepare)
