"""The batches that `fit`, `evaluate` and `predict` receive."""

import threading
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any, Protocol, TypeAlias

import keras
import numpy as np
import numpy.typing as npt

from kcore import random
from kcore.arguments import check_whole
from kcore.data.bad_files import Audit
from kcore.data.classes import in_32_bits
from kcore.data.order import Order, checked_threads, read_ahead
from kcore.data.passes import Passes
from kcore.data.records import ImageFiles, Labels
from kcore.data.sources import Source

__all__ = [
    "ImageBatches",
    "Targets",
    "Transform",
    "check_index",
    "checked_targets",
    "checked_transform",
]

Indices = npt.NDArray[np.int64]
Transform: TypeAlias = Callable[[npt.NDArray[Any], Indices, int], Any]


class Targets(Protocol):
    """What the targets of a batch are taken from: an array, or what can be indexed like one."""

    def __getitem__(self, indices: Indices) -> Any:
        """Return the targets of some samples."""


class ImageBatches(keras.utils.PyDataset):
    """A dataset for `fit`, `evaluate` and `predict` whose every epoch can be replayed.

    Make one with `kcore.data.from_directory`, `from_files` or `from_arrays`.

    A sample's *index* is its place in the dataset, 0 to `samples - 1`, and is not changed by
    shuffling. `dataset[i]` is batch `i` of the epoch `dataset.epoch`. `fit` moves on to the next
    epoch when it has taken all batches; a pass that is broken off, as by Ctrl-C, is begun again.
    Setting `epoch` ends it: then `dataset[i]` is batch `i` again. Which samples
    are in which batch depends on the seed and the epoch alone, and so does the order in which
    `fit` gets the batches of a shuffled dataset: the argument `shuffle` of `fit`, which would
    shuffle them again with Python's global random state, makes no difference to it. Without
    shuffling here, `fit(..., shuffle=True)` shuffles the batches as it does with any `PyDataset`.

    Batches are made by threads ahead of their use: while a model works on one, the next are read,
    decoded and transformed. What goes wrong in a thread is raised in `fit`.

    Args:
        source: where the images come from.
        targets: array of shape (samples, ...) or an object that gives the targets of an array of
            indices; "input" for the images themselves; None for none.
        sample_weight: array of shape (samples,), or None.
        batch_size: of all batches but the last one, which holds what is left.
        shuffle: whether to shuffle the samples, in another order in each epoch.
        seed: whole number, 0 <= seed < 2**64; None to draw one, which `seed` then tells.
        transform: function of a batch's images, the indices of its samples, int64 of shape (n,),
            and the epoch, a whole number from 0, that returns the images that the model receives.
            It may change its argument. Threads call it, but never two at the same time.
        shard: (index, count): serve the part `index` of `count` equal ones, for the host `index`
            of `count`. All hosts need the same seed. What is left over when the number of samples
            is divided by `count` is left out, other samples in each epoch if shuffled.
        drop_remainder: whether to leave a last batch out that is not full.
        num_threads: how many batches are made at the same time; None for the number of CPUs.

    Attributes:
        seed: the seed.
        samples: the number of samples, of all shards together.
        batch_size: as given.
        files: the image files, or None for a dataset of arrays.
    """

    def __init__(
        self,
        source: Source,
        targets: Targets | str | None = None,
        *,
        sample_weight: npt.NDArray[Any] | None = None,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        transform: Transform | None = None,
        shard: tuple[int, int] = (0, 1),
        drop_remainder: bool = False,
        num_threads: int | None = None,
        files: ImageFiles | None = None,
    ) -> None:
        super().__init__()
        self.seed = random.draw_seed() if seed is None else seed
        self.samples = len(source)
        self.files = files
        self._order = Order(self.samples, batch_size, shuffle, self.seed, shard, drop_remainder)
        self.batch_size = self._order.batch_size
        self._source = source
        self._targets, self._sample_weight = checked_targets(targets, sample_weight, self.samples)
        self._transform = checked_transform(transform)
        self._transform_lock = threading.RLock()
        self._num_threads = checked_threads(num_threads)
        if not self._order.batches:
            raise ValueError(
                f"{self.samples} samples, batch_size={batch_size}, shard={shard} and "
                f"drop_remainder={drop_remainder} leave no batch."
            )
        self._passes = Passes(
            self._order.batches, self._epoch_batches, self._order.shuffle, self._num_threads
        )

    def __len__(self) -> int:
        return self._order.batches

    def __getitem__(self, number: int) -> Any:
        return self._passes[self._place(number)]

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the batches of `epoch` in order, made ahead by threads."""
        ahead = read_ahead(self._epoch_batches(self.epoch), self._num_threads)
        try:
            yield from ahead
        finally:
            ahead.close()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__}: {self.samples:,} samples in {len(self):,} batches of "
            f"{self.batch_size}, seed {self.seed}>"
        )

    @property
    def num_batches(self) -> int:
        """The number of batches of an epoch."""
        return self._passes.count()

    @property
    def epoch(self) -> int:
        """The epoch, from 0, that is served.

        Set it to go on where another run ended, or to ask for batches by their numbers after a call
        of `fit` was broken off.
        """
        return self._passes.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        if check_whole("epoch", epoch, minimum=0) >= 2**32:
            raise ValueError(f"epoch={epoch} must be a whole number of at least 0, below 2**32.")
        self._passes.epoch = int(epoch)

    def on_epoch_begin(self) -> None:
        """Called by Keras."""
        self._passes.begin()

    def on_epoch_end(self) -> None:
        """Called by Keras."""
        self._passes.end()

    def indices(self, number: int, epoch: int | None = None) -> Indices:
        """Return the indices of the samples of one batch.

        Args:
            number: of the batch, from 0.
            epoch: from 0; None for the one that is served.

        Returns:
            int64 array of shape (samples of the batch,).

        Raises:
            IndexError: if there is no such batch.
            ValueError: if `epoch` is no whole number of at least 0.
        """
        epoch = self.epoch if epoch is None else check_whole("epoch", epoch, minimum=0)
        return np.asarray(self._order.indices(epoch)[self._place(number)], np.int64)

    def image(self, index: int, epoch: int | None = None) -> npt.NDArray[Any]:
        """Return the image of one sample.

        Args:
            index: of the sample, 0 to `samples - 1`.
            epoch: to return what the model receives in that epoch; None for the image as it is
                before `transform`.

        Returns:
            The image, with the axes that it has in a batch.

        Raises:
            IndexError: if there is no such sample.
            ValueError: if `epoch` is no whole number of at least 0.
        """
        if epoch is not None:
            check_whole("epoch", epoch, minimum=0)
        check_index(index, self.samples)
        images, indices = self._source.load(np.array([index], np.int64))
        if epoch is not None:
            images = self._transformed(images, indices, epoch)
        return np.asarray(images[0])

    @property
    def audit(self) -> Audit | None:
        """What is known about the files that were decoded; None for a dataset of arrays."""
        return None if self.files is None else self.files.audit

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes; a label is a position in it."""
        return () if self.files is None else self.files.class_names

    @property
    def class_indices(self) -> dict[str, int]:
        """Class name -> label."""
        return {} if self.files is None else self.files.class_indices

    @property
    def num_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    @property
    def classes(self) -> Labels | None:
        """The label of each sample by its index: int32 of shape (samples,), or None."""
        return None if self.files is None else self.files.labels

    @property
    def filenames(self) -> list[str]:
        """The name of each sample's file, relative to the folder, by the sample's index."""
        return [] if self.files is None else self.files.filenames

    @property
    def workers(self) -> int:
        """1, as Keras's own queue would read batches in an order of its own."""
        return 1

    @workers.setter
    def workers(self, value: int) -> None:
        _refuse_queue("workers", value, 1)

    @property
    def use_multiprocessing(self) -> bool:
        """False, as for `workers`."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        _refuse_queue("use_multiprocessing", value, False)

    def _place(self, number: int) -> int:
        batches = len(self)
        if not isinstance(number, Integral) or not -batches <= int(number) < batches:
            raise IndexError(f"There is no batch {number!r}: there are {batches}.")
        return int(number) % batches

    def _epoch_batches(self, epoch: int) -> Any:
        return self._order.indices(epoch).map(lambda indices: self._batch(indices, epoch))

    def _batch(self, indices: Indices, epoch: int) -> Any:
        images, indices = self._source.load(indices)
        x = self._transformed(images, indices, epoch)
        if self._targets is None:
            return x
        y = x if isinstance(self._targets, str) else self._targets[indices]
        return (x, y) if self._sample_weight is None else (x, y, self._sample_weight[indices])

    def _transformed(self, images: npt.NDArray[Any], indices: Indices, epoch: int) -> Any:
        if self._transform is None:
            return images
        with self._transform_lock:
            return self._transform(images, indices, epoch)


def check_index(index: object, samples: int) -> None:
    """Raise an IndexError unless a sample has this index."""
    if not isinstance(index, Integral) or not 0 <= int(index) < samples:
        raise IndexError(f"index={index!r} is outside of 0 to {samples - 1}.")


def checked_targets(targets: Any, sample_weight: Any, samples: int) -> tuple[Any, Any]:
    """Return targets and weights as arrays or as what gives them by indices, or say what is wrong.

    Raises:
        ValueError: if there are not as many as samples, or weights without targets.
    """
    if isinstance(targets, str) and targets != "input":
        raise ValueError(f"targets={targets!r} must be an array, 'input' or None.")
    if sample_weight is not None and targets is None:
        raise ValueError("sample_weight weights targets, and there are none: give both.")
    if not isinstance(targets, str):
        targets = _as_array("targets", targets, samples)
    return targets, _as_array("sample_weight", sample_weight, samples)


def checked_transform(transform: Transform | None) -> Transform | None:
    """Return `transform`, or say that it must be a function."""
    if transform is not None and not callable(transform):
        raise ValueError(
            f"transform={transform!r} must be a function of images, indices and epoch, or None."
        )
    return transform


def _as_array(name: str, values: Any, samples: int) -> Any:
    """Return an array of one entry a sample, or what gives targets by indices as it is."""
    if not isinstance(values, list | tuple) and not hasattr(values, "__array__"):
        return values
    array = np.asarray(values)
    if array.ndim == 0 or len(array) != samples:
        raise ValueError(
            f"{name} with shape {array.shape} must have one entry for each of {samples} samples."
        )
    return in_32_bits(array)


def _refuse_queue(name: str, value: object, only: object) -> None:
    if value != only:
        raise ValueError(
            f"{name}={value!r}: this dataset makes batches ahead by threads of its own; give "
            "num_threads when you make it."
        )
