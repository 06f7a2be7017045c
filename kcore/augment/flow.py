"""What the `flow*` methods return: batches for Keras, and a replay of each image in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore.arguments import check_whole
from kcore.augment.augmentation import Augmentation
from kcore.augment.saving import Saving
from kcore.data import ImageBatches
from kcore.data.batches import check_index

__all__ = ["Feed", "Flow"]

_Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Feed:
    """Makes what the model gets of the images of a batch; the `transform` of `kcore.data`.

    Attributes:
        augmentation: what happens to the images.
        saving: where they are saved, or None.
        further_inputs: arrays of shape (samples, ...) that the model gets beside the images.
        has_targets: whether the batch has targets too.
    """

    augmentation: Augmentation
    saving: Saving | None = None
    further_inputs: Sequence[_Array] = ()
    has_targets: bool = True

    def __call__(self, images: _Array, indices: npt.NDArray[np.int64], epoch: int) -> Any:
        """Return the transformed images, or a tuple of them and of the further inputs."""
        images = self.augmentation(images, indices, epoch)
        if self.saving is not None:
            self.saving(images, indices, epoch, str(self.augmentation.recipe.data_format))
        if not self.further_inputs:
            return images
        inputs = (images, *(values[indices] for values in self.further_inputs))
        # A tuple of one: Keras would take two inputs without targets for an input and a target.
        return inputs if self.has_targets else (inputs,)


class Flow(keras.utils.PyDataset):
    """Batches of transformed images, with a length, for `fit`, `evaluate` and `predict`.

    The methods `flow`, `flow_from_directory` and `flow_from_dataframe` of
    `kcore.augment.ImageDataGenerator` make one. A batch is `x`, `(x, y)` or
    `(x, y, sample_weight)`.

    What an image looks like in an epoch depends on the flow's seed, the epoch and the image's index
    alone: not on shuffling, the size of the batch or the number of threads. A loop over the flow is
    one epoch; `next(flow)` goes on from epoch to epoch.

    Orders, epochs and threads are those of `kcore.data.ImageBatches`, and so are the attributes:
    seed, epoch, samples, batch_size, class_indices, classes, filenames, audit and the others.

    Args:
        batches: the batches, with a `Feed` as their `transform`.
        augmentation: that of the `Feed`.
        image_shape: shape of one image as the model gets it.

    Attributes:
        batches: as given.
        image_shape: as given.
    """

    def __init__(
        self, batches: ImageBatches, augmentation: Augmentation, image_shape: Sequence[int]
    ):
        super().__init__()
        self.batches = batches
        self.image_shape = tuple(image_shape)
        self._augmentation = augmentation
        self._steps = self._endless()

    def __getattr__(self, name: str) -> Any:
        if name == "batches":  # asked for before it is there, by copy or pickle
            raise AttributeError(name)
        return getattr(self.batches, name)

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> Any:
        return self.batches[number]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batches)

    def __next__(self) -> Any:
        return next(self._steps)

    def __repr__(self) -> str:
        return repr(self.batches).replace(type(self.batches).__name__, type(self).__name__)

    @property
    def num_batches(self) -> int:
        """The number of batches of an epoch."""
        return self.batches.num_batches

    @property
    def epoch(self) -> int:
        """The epoch, from 0, that is served; see `kcore.data.ImageBatches.epoch` on setting it."""
        return self.batches.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self.batches.epoch = epoch

    @property
    def workers(self) -> int:
        """1: batches are made ahead by threads, and Keras's own queue would reorder them."""
        return self.batches.workers

    @workers.setter
    def workers(self, value: int) -> None:
        self.batches.workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """False, as for `workers`."""
        return self.batches.use_multiprocessing

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self.batches.use_multiprocessing = value

    @property
    def n(self) -> int:
        """The number of samples, under its legacy name."""
        return self.batches.samples

    def on_epoch_begin(self) -> None:
        """Called by Keras."""
        self.batches.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Called by Keras."""
        self.batches.on_epoch_end()

    def reset(self) -> None:
        """Let `next` begin with the first batch of `epoch` again."""
        self._steps = self._endless()

    def parameters(self, index: int, epoch: int = 0) -> dict[str, float | bool | None]:
        """Return how an image is transformed in an epoch.

        Args:
            index: the image's, which shuffling does not change; `indices` tells those of a batch.
            epoch: whole number from 0.

        Returns:
            The parameters, as `ImageDataGenerator.get_random_transform` names them.

        Raises:
            IndexError: if there is no such image.
            ValueError: if `epoch` is no whole number of at least 0.
        """
        epoch = check_whole("epoch", epoch, minimum=0)
        check_index(index, self.n)
        return self._augmentation.parameters([index], epoch, self.image_shape).as_dicts()[0]

    def replay(self, index: int, epoch: int = 0) -> tuple[_Array, dict[str, float | bool | None]]:
        """Return an image as an epoch has it, and how it was transformed.

        Args:
            index: the image's, which shuffling does not change; `indices` tells those of a batch.
            epoch: whole number from 0.

        Returns:
            The image as it is in the batch (after whitening, a matrix product, but for rounding),
            and its parameters, as `ImageDataGenerator.get_random_transform` names them.

        Raises:
            IndexError: if there is no such image.
            ValueError: if `epoch` is no whole number of at least 0.
        """
        parameters = self.parameters(index, epoch)
        image = self.batches.image(index)
        return self._augmentation(image[None], [index], epoch)[0], parameters

    def _endless(self) -> Iterator[Any]:
        while True:
            yield from self
            self.epoch += 1
