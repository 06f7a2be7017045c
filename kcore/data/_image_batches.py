"""The batches that `fit`, `evaluate` and `predict` receive."""

import itertools
import sys
import threading
from collections.abc import Iterator
from numbers import Integral
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._arguments import check_integer
from kcore.data._array_groups import Targets, checked_targets
from kcore.data._batch_transforms import (
    Transform,
    asks_for_targets,
    check_asking,
    check_replay,
    checked_pair,
    checked_transform,
    copied,
    first_of,
)
from kcore.data._callers import Asker, asker, is_fitted, running_call
from kcore.data._file_audit import FileAudit
from kcore.data._functions import is_pure
from kcore.data._image_files import ImageFiles, Labels, check_files
from kcore.data._sampler import Order, check_index, checked_threads, read_ahead
from kcore.data._serving import Batches, Serving
from kcore.data._sources import Source
from kcore.data._summary import dataset_html
from kcore.data._target_checks import check_running_fit
from kcore.data._tf_data_methods import TfDataMethods

__all__ = ["ImageBatches"]

Indices = npt.NDArray[np.int64]


class ImageBatches(TfDataMethods, keras.utils.PyDataset):
    """A dataset for `fit`, `evaluate` and `predict` whose every epoch can be replayed.

    Make one with `kcore.data.from_directory`, `from_files` or `from_arrays`.

    A sample's *index* is its position in the dataset, 0 to `samples - 1`, and is not changed by
    shuffling. Which samples are in which batch depends on the seed and the epoch alone, and so does
    the order in which `fit` gets the batches of a shuffled dataset: the argument `shuffle` of
    `fit`, which would shuffle them again with Python's global random state, makes no difference to
    it. Without shuffling here, `fit(..., shuffle=True)` shuffles the batches as it does with any
    `PyDataset`.

    `dataset[i]` is batch `i` of the epoch `dataset.epoch`, the one that training goes on in. Only
    training moves on:

    - `fit` takes each batch of an epoch once, and moves on to the next epoch. One that is broken
      off, as by Ctrl-C, is begun again by the next `fit`. With `steps_per_epoch` it takes so many
      batches for each epoch of Keras, and goes on through the dataset's epochs from where the last
      such call ended.
    - `evaluate`, `predict`, validation and `dataset[i]` take the batches of `epoch`, and change
      nothing, also in callbacks and other threads while `fit` runs.
    - A loop `for batch in dataset` takes the batches of `epoch` in order. After a loop to the end,
      the next loop moves on: so the loops of a training loop of your own are epochs. Inside of a
      callback of `fit` they change nothing. A training loop over `dataset[i]` calls
      `on_epoch_end()` after each epoch.

    Batches are read and decoded by threads ahead of their use, while a model works on another.
    What goes wrong in a thread is raised in `fit`.

    Args:
        source: where the images come from.
        targets: array of shape (samples, ...); a dictionary, list or tuple of such arrays for a
            model with several outputs; an object that gives the targets of an array of indices;
            "input" for a copy of the images; None for none.
        sample_weight: array of shape (samples,), or None.
        batch_size: of all batches but the last one, which holds what is left.
        shuffle: whether to shuffle the samples, in another order in each epoch.
        seed: integer, 0 <= seed < 2**64; None to draw one, which `seed` then tells.
        transform: function of a batch's images, the indices of its samples, int64 of shape (n,),
            and the epoch, an integer from 0, that returns the images that the model receives.
            It may change its argument. It is called for one batch after another, in the order in
            which they are used, so that one with a state of its own repeats. Mark one that has none
            with `kcore.data.pure`: threads then call it ahead, in any order, but never two at the
            same time.
            If it has a parameter named `targets`, it gets the batch's targets there, and returns
            `(images, targets)`.
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
        if not hasattr(source, "load") or not hasattr(source, "__len__"):
            raise TypeError(
                f"source is of type {type(source).__name__}: kcore.data.from_arrays, from_files "
                "and from_directory make a dataset of arrays, files and a folder."
            )
        if files is not None:
            check_files(files)
        self.seed = random.draw_seed() if seed is None else seed
        self.samples = len(source)
        self.files = files
        self._order = Order(self.samples, batch_size, shuffle, self.seed, shard, drop_remainder)
        self.batch_size = self._order.batch_size
        self._source = source
        self._targets, self._sample_weight = checked_targets(targets, sample_weight, self.samples)
        self._transform = checked_transform(transform)
        self._asks_for_targets = asks_for_targets(transform)
        check_asking(self._asks_for_targets, self._targets)
        self._num_threads = checked_threads(num_threads)
        if not self._order.batches:
            raise ValueError(
                f"{self.samples} samples, batch_size={batch_size}, shard={shard} and "
                f"drop_remainder={drop_remainder} leave no batch."
            )
        self._start_serving()

    def _start_serving(self) -> None:
        self._batches_seen = 0
        self._transform_lock = threading.RLock()
        self._serving = Serving(
            Batches(self._order.batches, self._batch_at, self._read_from, self._order.shuffle)
        )

    def __len__(self) -> int:
        return self._order.batches

    def __getitem__(self, number: int) -> Any:
        return self._item(number, asker(sys._getframe(1)))

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the batches of an epoch in order, made ahead by threads."""
        epoch = self._serving.begin_loop(is_fitted(self))
        for batch in itertools.islice(self._read_from(epoch * len(self)), len(self)):
            self._batches_seen += 1
            yield batch
        self._serving.end_loop(epoch, is_fitted(self))

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy needs: all but what is bound to this process, and to its readers."""
        bound = ("_serving", "_transform_lock")
        kept = {name: value for name, value in vars(self).items() if name not in bound}
        return {**kept, "epoch": self.epoch}

    def __setstate__(self, state: dict[str, Any]) -> None:
        epoch = state.pop("epoch")
        self.__dict__.update(state)
        self._start_serving()
        self.epoch = epoch

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__}: {self.samples:,} samples in {len(self):,} batches of "
            f"{self.batch_size}, seed {self.seed}>"
        )

    _repr_html_ = dataset_html

    @property
    def num_batches(self) -> int | None:
        """The number of batches of an epoch; None for a call of Keras that counts its own steps."""
        return self._serving.count(asker(sys._getframe(1)))

    @property
    def epoch(self) -> int:
        """The epoch, from 0, that training goes on in, and that all others are served.

        Set it to go on where another run ended.

        Raises:
            ValueError: if it is set to what is no integer of at least 0, below 2**32.
            RuntimeError: if it is set while `fit` with `steps_per_epoch` runs.
        """
        return self._serving.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        if check_integer("epoch", epoch, minimum=0) >= 2**32:
            raise ValueError(f"epoch={epoch} must be an integer of at least 0, below 2**32.")
        if self._serving.is_endless and is_fitted(self):
            raise RuntimeError(
                f"epoch={epoch} is set while fit(steps_per_epoch=...) runs, which goes on from "
                "epoch to epoch: set it before fit, or leave steps_per_epoch out."
            )
        self._serving.epoch = int(epoch)

    def on_epoch_begin(self) -> None:
        """Do nothing; Keras calls it."""

    def on_epoch_end(self) -> None:
        """Move on to the next epoch, in a training loop of your own; Keras calls it too."""
        self._serving.end_epoch(asker(sys._getframe(1)))

    def indices(self, number: int, epoch: int | None = None) -> Indices:
        """Return the indices of the samples of one batch.

        Args:
            number: of the batch, from 0.
            epoch: from 0; None for the one that is served.

        Returns:
            int64 array of shape (samples of the batch,).

        Raises:
            IndexError: if there is no such batch.
            ValueError: if `epoch` is not an integer of at least 0.
        """
        epoch = self.epoch if epoch is None else check_integer("epoch", epoch, minimum=0)
        return np.asarray(self._order.indices(epoch)[self._number(number)], np.int64)

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
            ValueError: if `epoch` is not an integer of at least 0.
        """
        if epoch is not None:
            check_integer("epoch", epoch, minimum=0)
        check_index(index, self.samples)
        images, indices = self._source.load(np.array([index], np.int64))
        if epoch is not None:
            check_replay(self._asks_for_targets, index, epoch)
            images = self._transformed(images, indices, epoch)
        return first_of(images)

    @property
    def is_pure(self) -> bool:
        """Whether looking at images changes nothing; see `kcore.data.pure`."""
        return is_pure(self._transform)

    @property
    def audit(self) -> FileAudit | None:
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
    def targets(self) -> Targets | str | None:
        """What the targets of samples are taken from by an array of their indices.

        "input" where they are the images themselves; None for a dataset without targets.
        """
        return self._targets

    @property
    def changes_targets(self) -> bool:
        """Whether `transform` makes the targets that the model receives of `targets`."""
        return self._asks_for_targets

    @property
    def filenames(self) -> list[str]:
        """The name of each sample's file, relative to the folder, by the sample's index."""
        return [] if self.files is None else self.files.filenames

    @property
    def file_paths(self) -> list[str]:
        """The path of each sample's file, by the sample's index; empty for arrays."""
        return [] if self.files is None else [self.files.path(i) for i in range(self.samples)]

    @property
    def workers(self) -> int:
        """1, as Keras's own queue would read batches in an order of its own."""
        its = asker(sys._getframe(1))
        if its is not None:  # an adapter of Keras asks once, when it is made
            check_running_fit()
            self._serving.register(its.adapter, running_call(self))
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

    def _item(self, number: int, who: Asker | None) -> Any:
        self._batches_seen += 1
        return self._serving.serve(self._number(number) if who is None else number, who)

    def _number(self, number: int) -> int:
        batches = len(self)
        is_number = isinstance(number, Integral) and not isinstance(number, bool)
        if not is_number or not -batches <= int(number) < batches:
            raise IndexError(
                f"There is no batch {number!r}: there are {batches} (argument number)."
            )
        return int(number) % batches

    def _batch_at(self, position: int) -> Any:
        epoch, number = divmod(position, len(self))
        return self._batch(self._order.indices(epoch)[number], epoch)

    def _read_from(self, position: int) -> Iterator[Any]:
        """Iterate over the batches from a position on, from epoch to epoch, without an end."""
        epoch, number = divmod(position, len(self))
        while True:
            yield from self._read(epoch, number)
            epoch, number = epoch + 1, 0

    def _read(self, epoch: int, number: int) -> Iterator[Any]:
        """Iterate over the batches of an epoch from one on: threads do all that has no order."""
        batches, may_hurry = self._order.indices(epoch)[number:], self.is_pure

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
        if self._asks_for_targets:
            x, y = self._transformed(images, indices, epoch, targets=self._targets[indices])
        else:
            x = self._transformed(images, indices, epoch)
            if self._targets is None:
                return x
            y = copied(x) if isinstance(self._targets, str) else self._targets[indices]
        return (x, y) if self._sample_weight is None else (x, y, self._sample_weight[indices])

    def _transformed(self, images: Any, indices: Indices, epoch: int, **targets: Any) -> Any:
        if self._transform is None:
            return images
        with self._transform_lock:
            result = self._transform(images, indices, epoch, **targets)
        return checked_pair(self._transform, result) if targets else result


def _refuse_queue(name: str, value: object, only: object) -> None:
    if value != only:
        raise ValueError(
            f"{name}={value!r}: this dataset makes batches ahead by threads of its own; give "
            "num_threads when you make it."
        )
