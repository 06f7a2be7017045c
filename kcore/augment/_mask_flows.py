"""Batches of images with their masks, moved alike."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._console import say
from kcore.augment._augmentation import known_seed
from kcore.augment._flow_inputs import arrays_of
from kcore.augment._flows import Flows
from kcore.augment._pairs import PairFeed, are_arrays, checked_masks, paired_files
from kcore.augment._subsets import split_bounds
from kcore.data import ImageBatches, ImageFiles, from_arrays
from kcore.data._file_batches import batches_of, without_bad_files
from kcore.data._label_images import LabelImages

__all__ = ["MaskFlows"]

_Pictures = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | ImageFiles | npt.ArrayLike

_OPTIONS = ("drop_remainder", "num_threads", "shard")
_OPTIONS_OF_FILES = (
    "bad_files", "cache", "color_mode", "draft", "interpolation", "keep_aspect_ratio",
    "target_size", *_OPTIONS,
)  # fmt: skip


class MaskFlows(Flows):
    """The method of `ImageDataGenerator` for images that have masks; see `Flows`."""

    def flow_with_masks(
        self,
        images: _Pictures,
        masks: _Pictures,
        *,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        subset: str | None = None,
        mask_cval: float = 0,
        **options: Any,
    ) -> ImageBatches:
        """Return batches of images and of their masks, such as the labels of each pixel.

        An image and its mask are moved by the same rotation, shift, shear, zoom and flips. A mask
        takes the nearest pixel, and is never rescaled, brightened or standardized: it holds no
        value that its file doesn't hold, but for `mask_cval`.

        Args:
            images: a folder, a list of files, `kcore.data.ImageFiles`, or an array (n, height,
                width, channels), or with the channels first.
            masks: a folder whose files have the names of those of `images` but for the suffix, a
                list of files in the order of `images`, or an array (n, height, width) or with an
                axis of one channel. In a file a label is the gray value of a pixel, 0 or 1 in a
                file of one bit, or the position in a palette, and must lie in 0..255. A mask lies
                as its image does after `target_size` and `keep_aspect_ratio`. Image and mask are
                turned upright, each by its own EXIF data; a mask without any is taken to be
                upright.
            batch_size: images in a batch; the last batch may have fewer.
            shuffle: whether each epoch has its own order.
            seed: integer, 0 <= seed < 2**64; None draws one and prints it.
            subset: "validation" for the first pairs, as many as the generator's `validation_split`
                says, "training" for the rest; None for all.
            mask_cval: the label of what comes from outside of a mask with `fill_mode="constant"`.
            **options: of `kcore.data.from_files`: `target_size`, (256, 256) by default,
                `color_mode`, `interpolation`, `keep_aspect_ratio`, `draft`, `bad_files`, `cache`,
                which are of files alone, and `num_threads`, `shard`, `drop_remainder`. A mask that
                can't be decoded is an error, whatever `bad_files` says of images.

        Returns:
            A `keras.utils.PyDataset` with a length. A batch is `(images, masks)`; masks of files
            are uint8 of shape (n, height, width, 1), or with the channel first, and masks of an
            array keep its shape and its dtype, but for 64 bits, which become 32.

        Raises:
            FileNotFoundError, NotADirectoryError: if there is no such folder.
            TypeError: if images and masks are given in different ways, or for an unknown option.
            ValueError: if an image has no mask, or an argument is not allowed.

        Example:
            >>> import numpy as np
            >>> from kcore.augment import ImageDataGenerator
            >>> images = np.zeros((10, 8, 8, 3), "uint8")
            >>> masks = np.zeros((10, 8, 8), "uint8")
            >>> generator = ImageDataGenerator(horizontal_flip=True, data_format="channels_last")
            >>> batches = generator.flow_with_masks(images, masks, batch_size=4, seed=7)
            >>> x, y = batches[0]
            >>> len(batches), x.shape, y.shape, y.dtype
            (3, (4, 8, 8, 3), (4, 8, 8), dtype('uint8'))
        """
        split_bounds(0, subset, self.validation_split)  # refuses what is no subset
        in_memory = are_arrays(images, masks)
        allowed = _OPTIONS if in_memory else _OPTIONS_OF_FILES
        for name in options:
            if name not in allowed:
                raise TypeError(
                    f"flow_with_masks got the argument {name!r}, which is not among those of "
                    f"{'arrays' if in_memory else 'files'}: {', '.join(allowed)}."
                )
        options |= {"batch_size": batch_size, "shuffle": shuffle, "seed": known_seed(seed)}
        if in_memory:
            return self._of_arrays(images, masks, subset, mask_cval, options)
        return self._of_files(images, masks, subset, mask_cval, options)

    def _of_arrays(
        self,
        images: Any,
        masks: Any,
        subset: str | None,
        mask_cval: float,
        options: dict[str, Any],
    ) -> ImageBatches:
        pixels = arrays_of(images, None, None, None, 0.0, False).images
        labels = checked_masks(pixels, masks, self.recipe)
        arrays = arrays_of(pixels, labels, None, subset, self.validation_split, True)
        augmentation = self._augmentation(options["seed"], arrays.images.shape[1:])
        feed = PairFeed(augmentation, mask_cval)
        return from_arrays(arrays.images, arrays.targets, **options, transform=feed)

    def _of_files(
        self,
        images: Any,
        masks: Any,
        subset: str | None,
        mask_cval: float,
        options: dict[str, Any],
    ) -> ImageBatches:
        checked = self._options(**options, class_mode=None)
        augmentation = self._augmentation(options["seed"], self._image_shape(checked))
        checked = replace(checked, transform=PairFeed(augmentation, mask_cval))
        files, mask_files = paired_files(images, masks)
        if files.table.root:
            checked.check_outside(os.fsdecode(files.table.root))
        part = np.arange(*split_bounds(len(files), subset, self.validation_split))
        if not len(part):
            raise ValueError(
                f"subset={subset!r} with validation_split={self.validation_split} takes none of "
                f"the {len(files)} pairs."
            )
        files = files.select(part)
        labels = LabelImages(
            mask_files.select(part),
            files,
            checked.decoding,
            channels_first=self.data_format == "channels_first",
        )
        kept, targets, _ = without_bad_files(files, checked, labels)
        say(f"Found {len(kept):,} images with masks.")
        return batches_of(kept, checked, targets)
