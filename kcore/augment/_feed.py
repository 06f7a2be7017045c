"""What a flow does to the images of a batch: transform them, save them, add inputs or masks."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_finite
from kcore.augment._augmentation import Augmentation
from kcore.augment._recipe import Recipe
from kcore.augment._saving import Saving
from kcore.augment._warp import apply
from kcore.data._batch_transforms import Replayable

__all__ = ["Feed", "PairFeed"]

_Array = npt.NDArray[Any]


class _Replay(Replayable):
    """Shows what an augmentation does to one image.

    Args:
        augmentation: what happens to the images.
        image_shape: shape of one image.
    """

    def __init__(self, augmentation: Augmentation, image_shape: Sequence[int]) -> None:
        self._augmentation, self._image_shape = augmentation, tuple(image_shape)

    @property
    def is_pure(self) -> bool:
        """Whether threads may call it ahead, in any order, as a function marked `pure`."""
        return self._augmentation.is_pure

    def replay(self, image: _Array, index: int, epoch: int) -> _Array:
        """Return an image as it is in the batch of an epoch."""
        replayed: _Array = self._augmentation(image[None], [index], epoch)[0]
        return replayed

    def parameters(self, index: int, epoch: int) -> dict[str, Any]:
        """Return the parameters that are drawn for an image in an epoch."""
        return self._augmentation.parameters([index], epoch, self._image_shape).as_dicts()[0]


class Feed(_Replay):
    """Makes what the model receives from the images of a batch; the `transform` of a dataset.

    Args:
        augmentation: what happens to the images.
        image_shape: shape of one image.
        saving: where the images are saved, or None.
        further_inputs: arrays of shape (samples, ...) that the model gets besides the images.
        has_targets: whether the batch has targets too.
    """

    def __init__(
        self,
        augmentation: Augmentation,
        image_shape: Sequence[int],
        saving: Saving | None = None,
        further_inputs: Sequence[_Array] = (),
        has_targets: bool = True,
    ) -> None:
        super().__init__(augmentation, image_shape)
        self._saving = saving
        self._further_inputs, self._has_targets = further_inputs, has_targets

    def __call__(self, images: _Array, indices: npt.NDArray[np.int64], epoch: int) -> Any:
        """Return the transformed images, or a tuple of them and of the further inputs."""
        images = self._augmentation(images, indices, epoch)
        if self._saving is not None:
            self._saving(images, indices, epoch, str(self._augmentation.recipe.data_format))
        if not self._further_inputs:
            return images
        inputs = (images, *(values[indices] for values in self._further_inputs))
        # A tuple of one: Keras would take two inputs without targets for an input and a target.
        return inputs if self._has_targets else (inputs,)


class PairFeed(_Replay):
    """Transforms the images of a batch and moves their masks along; the `transform` of a dataset.

    Args:
        augmentation: what happens to the images. It changes only the positions of mask pixels.
        image_shape: shape of one image.
        mask_cval: the label outside a mask for `fill_mode="constant"`.
    """

    def __init__(
        self, augmentation: Augmentation, image_shape: Sequence[int], mask_cval: float
    ) -> None:
        super().__init__(augmentation, image_shape)
        self._mask_recipe = dataclasses.replace(
            augmentation.recipe,
            interpolation_order=0,
            rescale=None,
            cval=check_finite("mask_cval", mask_cval),
        )

    def __call__(
        self, images: _Array, indices: npt.NDArray[np.int64], epoch: int, targets: _Array
    ) -> tuple[_Array, _Array]:
        """Return the transformed images, and masks of the shape and dtype of `targets`."""
        if not self._augmentation.is_random:
            return self._augmentation(images, indices, epoch), targets
        drawn = self._augmentation.parameters(indices, epoch, images.shape[1:])
        of_masks = dataclasses.replace(drawn, channel_shift_intensity=None, brightness=None)
        masks = _with_channels(targets, self._mask_recipe) if targets.ndim == 3 else targets
        moved = apply(masks, of_masks, self._mask_recipe)
        return (
            self._augmentation.transformed(images, drawn, indices, epoch),
            moved.astype(targets.dtype).reshape(targets.shape),
        )


def _with_channels(masks: _Array, recipe: Recipe) -> _Array:
    return masks[:, None] if recipe.data_format == "channels_first" else masks[..., None]
