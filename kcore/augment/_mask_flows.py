"""Make batches of images with their masks, which are moved in the same way."""

import os
from dataclasses import replace
from typing import Any

import numpy as np

from kcore._console import say
from kcore.augment._augmentation import Augmentation
from kcore.augment._feed import PairFeed
from kcore.augment._flow_inputs import arrays_of
from kcore.augment._flows import image_shape_of, origin_of
from kcore.augment._pairs import checked_masks, paired_files
from kcore.augment._subsets import split_bounds
from kcore.data import ImageBatches
from kcore.data._file_batches import batches_of, without_bad_files
from kcore.data._label_images import LabelImages
from kcore.data._options import FileOptions
from kcore.data._sources import ArraySource

__all__ = ["mask_flow_of_arrays", "mask_flow_of_files"]


def mask_flow_of_arrays(
    images: Any,
    masks: Any,
    augmentation: Augmentation,
    *,
    mask_cval: float,
    subset: str | None,
    validation_split: float,
    batch_size: int,
    shuffle: bool,
    shard: tuple[int, int],
    drop_remainder: bool,
    num_threads: int | None,
) -> ImageBatches:
    """Return batches of two arrays.

    The arguments are those of `ImageDataGenerator.flow_with_masks`.
    """
    pixels = arrays_of(images, None, None, None, 0.0, False).images
    labels = checked_masks(pixels, masks, augmentation.recipe)
    arrays = arrays_of(pixels, labels, None, subset, validation_split, True)
    image_shape = arrays.images.shape[1:]
    augmentation.check_fitted(image_shape)
    return ImageBatches(
        ArraySource(arrays.images),
        arrays.targets,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=augmentation.seed,
        transform=PairFeed(augmentation, image_shape, mask_cval),
        shard=shard,
        drop_remainder=drop_remainder,
        num_threads=num_threads,
        origin=origin_of(augmentation, None, image_shape, subset=subset),
    )


def mask_flow_of_files(
    images: Any,
    masks: Any,
    options: FileOptions,
    augmentation: Augmentation,
    *,
    mask_cval: float,
    subset: str | None,
    validation_split: float,
    verbose: bool,
) -> ImageBatches:
    """Return batches of files in two folders or two lists.

    The arguments are those of `ImageDataGenerator.flow_with_masks`.
    """
    image_shape = image_shape_of(options)
    options = replace(options, transform=PairFeed(augmentation, image_shape, mask_cval))
    files, mask_files = paired_files(images, masks)
    if files.table.root:
        options.check_outside(os.fsdecode(files.table.root))
    part = np.arange(*split_bounds(len(files), subset, validation_split))
    if not len(part):
        raise ValueError(
            f"subset={subset!r} with validation_split={validation_split} takes none of "
            f"the {len(files)} pairs."
        )
    files = files.select(part)
    labels = LabelImages(
        mask_files.select(part),
        files,
        options.decoding,
        channels_first=options.data_format == "channels_first",
    )
    kept, targets, _ = without_bad_files(files, options, labels)
    if verbose:
        say(f"Found {len(kept):,} images with masks.")
    origin = origin_of(augmentation, None, image_shape, subset=subset)
    return batches_of(kept, options, targets, origin=origin)
