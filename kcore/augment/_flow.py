"""What the `flow*` methods return: batches for Keras, and a replay of each image in them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore._console import say
from kcore.augment._augmentation import Augmentation
from kcore.augment._saving import Saving
from kcore.data import ImageBatches
from kcore.data._array_groups import ArrayGroup, Targets
from kcore.data._callers import Asker
from kcore.data._sampler import check_index
from kcore.data._sources import Source

__all__ = ["Feed", "Flow", "Origin"]

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

    @property
    def is_pure(self) -> bool:
        """Whether threads may call it ahead, in any order; see `kcore.data.pure`."""
        return self.augmentation.is_pure

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


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The arguments of a `flow*` method that its result tells, as legacy iterators do.

    Attributes:
        directory: the folder of the files, or None.
        class_mode: what the targets are, or None.
        target_size: (height, width) of the images.
        color_mode: "grayscale", "rgb" or "rgba"; None for arrays.
        interpolation: of the resizing; None for arrays.
        subset: "training", "validation" or None.
    """

    target_size: tuple[int, int]
    directory: str | os.PathLike[str] | None = None
    class_mode: str | None = None
    color_mode: str | None = None
    interpolation: str | None = None
    subset: str | None = None


class Flow(ImageBatches):
    """Batches of transformed images, with a length, for `fit`, `evaluate` and `predict`.

    The methods `flow`, `flow_from_directory` and `flow_from_dataframe` of
    `kcore.augment.ImageDataGenerator` make one. A batch is `x`, `(x, y)` or
    `(x, y, sample_weight)`.

    What an image looks like in an epoch depends on the flow's seed, the epoch and the image's index
    alone: not on shuffling, the size of the batch or the number of threads. Epochs are those of
    `kcore.data.ImageBatches`: a loop over the flow is one epoch, and the next loop another;
    `next(flow)` goes on from epoch to epoch; `flow[i]` is the same each time within an epoch.

    Args:
        source: as for `kcore.data.ImageBatches`, and so are `targets` and the options.
        targets: see there.
        transform: what is done to the images of a batch.
        image_shape: shape of one image as the model gets it.
        origin: the arguments that are told as attributes.
        **options: see there.

    Attributes:
        image_shape: as given.
        directory, class_mode, target_size, color_mode, interpolation, subset: as given to the
            method that made the flow; None where it has no such argument.
        batch_index: position of the batch that `next(flow)` returns next.
    """

    def __init__(
        self,
        source: Source,
        targets: Targets | str | None = None,
        *,
        transform: Feed,
        image_shape: Sequence[int],
        origin: Origin,
        **options: Any,
    ) -> None:
        super().__init__(source, targets, transform=transform, **options)
        self.image_shape = tuple(image_shape)
        self.directory, self.class_mode = origin.directory, origin.class_mode
        self.target_size, self.color_mode = origin.target_size, origin.color_mode
        self.interpolation, self.subset = origin.interpolation, origin.subset
        self._feed = transform
        self._asked: set[tuple[int, int]] = set()
        self.batch_index = 0
        self._steps = self._endless()

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy needs; its `next` begins with the first batch of the epoch."""
        state = super().__getstate__()
        del state["_steps"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.reset()

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the batches of an epoch in order, made ahead by threads."""
        yield from super().__iter__()
        if len(self) == 1 and self._feed.augmentation.is_random:
            _hint(
                "A loop over a flow ends with the epoch, here after one batch; legacy Keras goes "
                "on. next(flow) goes on from epoch to epoch."
            )

    def __next__(self) -> Any:
        batch = next(self._steps)
        self.batch_index = (self.batch_index + 1) % len(self)
        return batch

    def next(self) -> Any:
        """Return the next batch, as `next(flow)` does."""
        return next(self)

    def reset(self) -> None:
        """Let `next` begin with the first batch of `epoch` again."""
        self.batch_index = 0
        self._steps = self._endless()

    @property
    def n(self) -> int:
        """The number of samples, under its legacy name."""
        return self.samples

    @property
    def shuffle(self) -> bool:  # type: ignore[override]
        """Whether each epoch has its own order."""
        return self._order.shuffle

    @property
    def data_format(self) -> str:
        """Where the channels are: "channels_last" or "channels_first"."""
        return str(self._feed.augmentation.recipe.data_format)

    @property
    def dtype(self) -> str:
        """The dtype of the images in a batch."""
        return self._feed.augmentation.dtype

    @property
    def labels(self) -> Any:
        """The target of each sample by its index: labels of files, or what was given.

        A model with several outputs has a dictionary or a tuple of such arrays.
        """
        if self.classes is not None:
            return self.classes
        given = None if isinstance(self._targets, str) else self._targets
        return given.structure if isinstance(given, ArrayGroup) else given

    @property
    def sample_weight(self) -> _Array | None:
        """The weight of each sample by its index, or None."""
        return self._sample_weight

    @property
    def filepaths(self) -> list[str]:
        """The path of each sample's file, by the sample's index; empty for arrays."""
        return [] if self.files is None else [self.files.path(i) for i in range(self.samples)]

    @property
    def index_array(self) -> npt.NDArray[np.int64]:
        """The samples of `epoch` in the order in which they are served: int64 indices."""
        return np.concatenate([self.indices(number) for number in range(len(self))])

    @property
    def total_batches_seen(self) -> int:
        """How many batches were served, to whomever."""
        return self._batches_seen

    @property
    def save_to_dir(self) -> str | os.PathLike[str] | None:
        """The folder for the images of all batches, or None."""
        return None if self._feed.saving is None else Path(self._feed.saving.folder)

    @property
    def save_prefix(self) -> str:
        """The start of the names of saved images."""
        return "" if self._feed.saving is None else self._feed.saving.prefix

    @property
    def save_format(self) -> str:
        """The format of saved images."""
        return "png" if self._feed.saving is None else self._feed.saving.file_format

    def parameters(self, index: int, epoch: int = 0) -> dict[str, float | bool | None]:
        """Return how an image is transformed in an epoch.

        Args:
            index: the image's, which shuffling does not change; `indices` tells those of a batch.
            epoch: integer from 0.

        Returns:
            The parameters, as `ImageDataGenerator.get_random_transform` names them.

        Raises:
            IndexError: if there is no such image.
            ValueError: if `epoch` is no integer of at least 0.
        """
        epoch = check_integer("epoch", epoch, minimum=0)
        check_index(index, self.n)
        drawn = self._feed.augmentation.parameters([index], epoch, self.image_shape)
        return drawn.as_dicts()[0]

    def replay(self, index: int, epoch: int = 0) -> tuple[_Array, dict[str, float | bool | None]]:
        """Return an image as an epoch has it, and how it was transformed.

        Args:
            index: the image's, which shuffling does not change; `indices` tells those of a batch.
            epoch: integer from 0.

        Returns:
            The image as it is in the batch (after whitening, a matrix product, but for rounding),
            and its parameters, as `ImageDataGenerator.get_random_transform` names them.

        Raises:
            IndexError: if there is no such image.
            ValueError: if `epoch` is no integer of at least 0.
        """
        parameters = self.parameters(index, epoch)
        image = self.image(index)
        return self._feed.augmentation(image[None], [index], epoch)[0], parameters

    def _item(self, number: int, who: Asker | None) -> Any:
        if who is None and self._feed.augmentation.is_random:
            if (number, self.epoch) in self._asked:
                _hint(
                    f"flow[{number}] is the same each time within an epoch; legacy Keras draws "
                    "anew. kcore.augment.variations(image, generator) shows an image under "
                    "several draws, and next(flow) goes on from epoch to epoch."
                )
            self._asked = {(number, self.epoch)}
        return super()._item(number, who)

    def _endless(self) -> Iterator[Any]:
        while True:
            yield from super().__iter__()


_given: set[str] = set()


def _hint(text: str) -> None:
    """Print what a user of legacy Keras may not expect, once."""
    if text not in _given:
        _given.add(text)
        say(text)
