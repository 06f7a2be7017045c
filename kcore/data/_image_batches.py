"""Serve the batches that `fit`, `evaluate` and `predict` receive."""

import itertools
import sys
from collections.abc import Iterator
from numbers import Integral
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._arguments import check_instance, check_integer
from kcore.data._array_groups import Targets
from kcore.data._batch_maker import BatchMaker, Indices
from kcore.data._batch_transforms import Transform
from kcore.data._callers import Asker, asker, is_fitted, running_call, running_fit
from kcore.data._dataset_facts import DatasetFacts
from kcore.data._division import check_arrays, check_division
from kcore.data._image_files import ImageFiles, check_files
from kcore.data._legacy_hints import hint_at_loop, hint_at_repetition
from kcore.data._origin import Origin
from kcore.data._sampler import Order
from kcore.data._serving import Batches, Serving
from kcore.data._sources import Source
from kcore.data._summary import dataset_html
from kcore.data._target_checks import check_running_fit
from kcore.data._tf_data_methods import TfDataMethods

__all__ = ["ImageBatches"]


class ImageBatches(DatasetFacts, TfDataMethods, keras.utils.PyDataset):
    """A dataset for `fit`, `evaluate` and `predict` in which every epoch can be replayed.

    Make one with `kcore.data.from_directory`, `from_files` or `from_arrays`, or with the methods
    `flow`, `flow_from_directory`, `flow_from_dataframe` and `flow_with_masks` of
    `kcore.augment.ImageDataGenerator`.

    A batch is `x`, `(x, y)` or `(x, y, sample_weight)`. A sample's *index* is its position in the
    dataset, 0 to `samples - 1`; shuffling does not change it. The seed and the epoch alone decide
    which samples are in which batch, and in which order `fit` gets the batches of a shuffled
    dataset. The argument `shuffle` of `fit`, which would shuffle them again with Python's global
    random state, then has no effect. If the dataset doesn't shuffle, `fit(..., shuffle=True)`
    shuffles the batches as it does with any `PyDataset`.

    `dataset[i]` is batch `i` of the epoch `dataset.epoch`, which is the current epoch of training.
    Only training moves on to another epoch:

    - `fit` takes each batch of an epoch once, and moves on to the next epoch. An epoch that was
      interrupted, for example by Ctrl-C, is started again by the next `fit`. With
      `steps_per_epoch`, `fit` takes that many batches for each epoch of Keras and goes on through
      the dataset's epochs from where the last such call ended.
    - `evaluate`, `predict`, validation and `dataset[i]` take the batches of `epoch` and change
      nothing, not even in callbacks and in other threads while `fit` runs.
    - A loop `for batch in dataset` takes the batches of `epoch` in order. After a complete loop the
      next loop moves on to the next epoch, so a training loop of your own goes through the epochs.
      Inside a callback of `fit`, loops change nothing. A training loop over `dataset[i]` calls
      `on_epoch_end()` after each epoch.
    - `next(dataset)` goes on from epoch to epoch without end, as one loop after another would;
      `reset()` lets it begin with the first batch of `epoch` again.

    Threads read and decode batches ahead of their use, while the model works on earlier ones. An
    error in a thread is raised in `fit`.

    Args:
        source: where the images come from.
        targets: array of shape (samples, ...); a dictionary, list or tuple of such arrays for a
            model with several outputs; an object that an array of indices can index; "input" for a
            copy of the images; None for no targets.
        sample_weight: array of shape (samples,), or None.
        batch_size: number of samples in a batch; the last batch holds what is left.
        shuffle: whether to shuffle the samples, in a different order in each epoch.
        seed: integer, 0 <= seed < 2**64; None draws one, which the attribute `seed` holds.
        transform: function of a batch's images, the indices of its samples (int64 of shape (n,))
            and the epoch (an integer from 0); returns the images that the model receives. It may
            modify the images that it is given. It is called for one batch after another, in the
            order in which they are used, so that runs with a function that keeps state can be
            repeated. Mark a function that keeps no state with `kcore.data.pure`: threads then call
            it ahead, in any order, but never two at the same time. If it has a parameter named
            `targets`, it is also given the batch's targets, and returns `(images, targets)`.
        shard: (index, count): serve block `index` of the `count` equal blocks of each batch, for
            host `index` of `count`. `batch_size` counts the samples of all hosts together, and all
            hosts need the same seed. Of the last batch, up to `count - 1` samples are left out, so
            that the blocks are equal.
        drop_remainder: whether to leave out a last batch that is not full.
        num_threads: how many batches are made at the same time; None for the number of CPUs.
        files: the image files, for a dataset of files.
        origin: the arguments of the call that made the dataset, which become attributes.

    Attributes:
        seed: the seed.
        samples: the number of samples, of all shards together.
        batch_size: as given.
        files: the image files, or None for a dataset of arrays.
        batch_index: position of the batch that `next(dataset)` returns next.
    """

    batch_index: int
    _steps: Iterator[Any]

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
        origin: Origin | None = None,
    ) -> None:
        super().__init__()
        if not hasattr(source, "load") or not hasattr(source, "__len__"):
            raise TypeError(
                f"source is of type {type(source).__name__}: kcore.data.from_arrays, from_files "
                "and from_directory make a dataset from arrays, files and a folder."
            )
        if files is not None:
            check_files(files)
        self.seed = random.draw_seed() if seed is None else seed
        self.samples = len(source)
        self.files = files
        self._origin = Origin() if origin is None else check_instance("origin", origin, Origin)
        order = Order(self.samples, batch_size, shuffle, self.seed, shard, drop_remainder)
        self.batch_size = order.batch_size
        self._maker = BatchMaker(source, targets, sample_weight, order, transform, num_threads)
        if not order.batches:
            raise ValueError(
                f"{self.samples} samples, batch_size={batch_size}, shard={shard} and "
                f"drop_remainder={drop_remainder} leave no batch."
            )
        self._start_serving()

    def _start_serving(self) -> None:
        self._batches_seen = 0
        self._seen_last: tuple[int, int] | None = None
        maker = self._maker
        self._serving = Serving(
            Batches(maker.order.batches, maker.at, maker.read, maker.order.shuffle)
        )
        self.reset()

    def __len__(self) -> int:
        return self._maker.order.batches

    def __getitem__(self, number: int) -> Any:
        return self._item(number, asker(sys._getframe(1)))

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the batches of an epoch in order, made ahead by threads."""
        yield from self._loop()
        if self._origin.hints:
            hint_at_loop(len(self))

    def __next__(self) -> Any:
        batch = next(self._steps)
        self.batch_index = (self.batch_index + 1) % len(self)
        return batch

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy needs; its `next` begins with the first batch of the epoch."""
        kept = {name: value for name, value in vars(self).items() if name not in _BOUND}
        return {**kept, "epoch": self.epoch}

    def __setstate__(self, state: dict[str, Any]) -> None:
        epoch = state.pop("epoch")
        self.__dict__.update(state)
        self._start_serving()
        self.epoch = epoch

    def __repr__(self) -> str:
        shape = self._origin.image_shape
        kind = "sample" if shape is None or len(shape) != 3 else "image"
        size = f" of {'x'.join(map(str, shape))}" if shape else ""
        parts = [
            f"{_counted(self.samples, kind)}{size}",
            *([_counted(self.num_classes, "class")] if self.class_names else []),
            *([f"{self.subset} subset"] if self.subset else []),
            f"{_counted(len(self), 'batch')} of {self.batch_size}",
            f"seed {self.seed}",
        ]
        return f"<{type(self).__name__}: {', '.join(parts)}>"

    _repr_html_ = dataset_html

    @property
    def num_batches(self) -> int | None:
        """The number of batches of an epoch; None for a call of Keras that counts its own steps."""
        return self._serving.count(asker(sys._getframe(1)))

    @property
    def epoch(self) -> int:
        """The current epoch of training, from 0; all other uses get the batches of this epoch.

        Set it to continue where another run ended.

        Raises:
            ValueError: if it is set to anything but an integer of at least 0 and below 2**32.
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
        """Move on to the next epoch in a training loop of your own; Keras calls it too."""
        self._serving.end_epoch(asker(sys._getframe(1)))

    def next(self) -> Any:
        """Return the next batch, as `next(dataset)` does."""
        return next(self)

    def reset(self) -> None:
        """Let `next` begin with the first batch of `epoch` again."""
        self.batch_index = 0
        self._steps = itertools.chain.from_iterable(iter(self._loop, None))

    def indices(self, number: int, epoch: int | None = None) -> Indices:
        """Return the indices of the samples in one batch.

        Args:
            number: number of the batch, from 0.
            epoch: integer from 0; None for the current epoch.

        Returns:
            int64 array of shape (samples of the batch,).

        Raises:
            IndexError: if there is no such batch.
            ValueError: if `epoch` is not an integer of at least 0.
        """
        epoch = self.epoch if epoch is None else check_integer("epoch", epoch, minimum=0)
        return np.asarray(self._maker.order.indices(epoch)[self._number(number)], np.int64)

    def image(self, index: int, epoch: int | None = None) -> npt.NDArray[Any]:
        """Return the image of one sample.

        Args:
            index: index of the sample, 0 to `samples - 1`, which shuffling does not change.
            epoch: integer from 0, to return what the model receives in that epoch; None for the
                image before `transform`.

        Returns:
            The image, with the axes that it has in a batch.

        Raises:
            IndexError: if there is no such sample.
            ValueError: if `epoch` is not an integer of at least 0, or the images are transformed
                together with their targets.
        """
        epoch = None if epoch is None else check_integer("epoch", epoch, minimum=0)
        image: npt.NDArray[Any] = self._maker.image(index, epoch)
        return image

    def parameters(self, index: int, epoch: int = 0) -> dict[str, float | bool | None] | None:
        """Return how an image is transformed in an epoch.

        Args:
            index: index of the sample, 0 to `samples - 1`, which shuffling does not change;
                `indices` returns those of a batch.
            epoch: integer from 0.

        Returns:
            The parameters, named as by `ImageDataGenerator.get_random_transform`; None for a
            dataset that no `ImageDataGenerator` made.

        Raises:
            IndexError: if there is no such sample.
            ValueError: if `epoch` is not an integer of at least 0.
        """
        return self._maker.parameters(index, check_integer("epoch", epoch, minimum=0))

    def replay(
        self, index: int, epoch: int = 0
    ) -> tuple[npt.NDArray[Any], dict[str, float | bool | None] | None]:
        """Return an image as the model receives it in an epoch, and how it was transformed.

        Args:
            index: index of the sample, 0 to `samples - 1`, which shuffling does not change;
                `indices` returns those of a batch.
            epoch: integer from 0.

        Returns:
            `(image, parameters)`: the image as it is in the batch, except for rounding after
            whitening, which is a matrix product; and the parameters, named as by
            `ImageDataGenerator.get_random_transform`, or None for a dataset that no
            `ImageDataGenerator` made.

        Raises:
            IndexError: if there is no such sample.
            ValueError: if `epoch` is not an integer of at least 0, or a `transform` of your own
                takes the targets, and so may mix the images of a batch.
        """
        epoch = check_integer("epoch", epoch, minimum=0)
        return self.image(index, epoch), self.parameters(index, epoch)

    @property
    def index_array(self) -> Indices:
        """The samples of the current epoch in the order in which they are served, int64 indices."""
        return np.concatenate([self.indices(number) for number in range(len(self))])

    @property
    def shuffle(self) -> bool:  # type: ignore[override]
        """Whether each epoch is shuffled, as in legacy iterators; only for flows."""
        if self._origin.is_flow:
            return self._maker.order.shuffle
        return TfDataMethods.shuffle.__get__(self, type(self))

    @property
    def total_batches_seen(self) -> int:
        """How many batches were served, to any caller."""
        return self._batches_seen

    @property
    def workers(self) -> int:
        """1, because Keras's own queue would read batches in another order."""
        its = asker(sys._getframe(1))
        if its is not None:  # an adapter of Keras asks once, when it is made
            check_running_fit()
            self._check_division()
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

    def _check_division(self) -> None:
        """Check the batches against `keras.distribution`, and those of the validation too."""
        check_division(self._maker.order)
        given = running_fit() or {}
        validation_data = given.get("validation_data")
        if isinstance(validation_data, ImageBatches):
            check_division(validation_data._maker.order)
        elif isinstance(validation_data, tuple | list):
            check_arrays(validation_data, given.get("validation_batch_size"))

    def _item(self, number: int, who: Asker | None) -> Any:
        self._batches_seen += 1
        if who is None:
            number = self._number(number)
            if self._origin.hints and self._seen_last == (number, self.epoch):
                hint_at_repetition(number)
            self._seen_last = (number, self.epoch)
        return self._serving.serve(number, who)

    def _number(self, number: int) -> int:
        batches = len(self)
        is_number = isinstance(number, Integral) and not isinstance(number, bool)
        if not is_number or not -batches <= int(number) < batches:
            raise IndexError(
                f"There is no batch {number!r}: there are {batches} (argument number)."
            )
        return int(number) % batches

    def _loop(self) -> Iterator[Any]:
        epoch = self._serving.begin_loop(is_fitted(self))
        for batch in itertools.islice(self._maker.read(epoch * len(self)), len(self)):
            self._batches_seen += 1
            yield batch
        self._serving.end_loop(epoch, is_fitted(self))


# State that is bound to this process, and to the readers in it.
_BOUND = ("_serving", "_steps")


def _counted(number: int, name: str) -> str:
    plural = "" if number == 1 else "es" if name.endswith(("s", "h")) else "s"
    return f"{number:,} {name}{plural}"


def _refuse_queue(name: str, value: object, only: object) -> None:
    if value != only:
        raise ValueError(
            f"{name}={value!r}: this dataset makes batches ahead by threads of its own; give "
            "num_threads when you make it."
        )
