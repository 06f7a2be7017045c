"""Make a dataset of image files, with or without a check for bad files."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._warning import warn
from kcore.data._array_groups import checked_targets, selected
from kcore.data._cache import open_cache
from kcore.data._image_batches import ImageBatches
from kcore.data._image_files import ImageFiles
from kcore.data._options import FileOptions
from kcore.data._origin import Origin
from kcore.data._sampler import checked_threads
from kcore.data._sources import FileSource, usable
from kcore.data._targets import check_label_mode, targets_of

__all__ = ["batches_of", "without_bad_files"]


def without_bad_files(
    files: ImageFiles,
    options: FileOptions,
    targets: Any = None,
    sample_weight: npt.ArrayLike | None = None,
) -> tuple[ImageFiles, Any, Any]:
    """Return the files that a dataset with these options serves, their targets and weights.

    Raises:
        TypeError, ValueError: if targets or weights don't fit the files, or no file is left.
    """
    if targets is None:
        check_label_mode(options.label_mode, files.class_names)
        _, sample_weight = checked_targets(
            options.label_mode and "input", sample_weight, len(files)
        )
    else:
        targets, sample_weight = checked_targets(targets, sample_weight, len(files))
    if options.bad_files != "quarantine":
        return files, targets, sample_weight
    good = usable(files, options.decoding, checked_threads(options.num_threads))
    if len(good) == len(files):
        return files, targets, sample_weight
    if not len(good):
        raise ValueError(f"All {len(files)} images are bad; the first: {files.audit.bad[0]}.")
    warn(
        f"{len(files) - len(good)} of {len(files)} images are bad and left out; `audit` of the "
        "dataset lists them."
    )
    return files.select(good), selected(targets, good), selected(sample_weight, good)


def batches_of(
    files: ImageFiles,
    options: FileOptions,
    targets: Any = None,
    sample_weight: npt.ArrayLike | None = None,
    origin: Origin | None = None,
) -> ImageBatches:
    """Make the dataset of files that were checked.

    Args:
        files: the files.
        options: the checked options.
        targets: targets instead of those of the files' classes, or None.
        sample_weight: array of shape (files,), or None.
        origin: facts about the dataset's origin that `options` don't hold.
    """
    order, cache = options.order(len(files)), None
    if options.cache is not None and order.batches:
        cache = open_cache(options.cache, files, options.decoding, order.served)
    skips_bad = options.bad_files == "skip"
    return ImageBatches(
        FileSource(files, options.decoding, skips_bad, cache, options.data_format),
        targets_of(files, options.label_mode, options.flat_binary) if targets is None else targets,
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        batch_size=order.batch_size,
        shuffle=order.shuffle,
        seed=order.seed,
        transform=options.transform,
        shard=order.shard,
        drop_remainder=order.drop_remainder,
        num_threads=options.num_threads,
        files=files,
        origin=_completed(origin or Origin(), options),
    )


def _completed(origin: Origin, options: FileOptions) -> Origin:
    decoding, is_first = options.decoding, options.data_format == "channels_first"
    shape = None if decoding.image_size is None else decoding.image_shape
    return replace(
        origin,
        image_shape=(shape[2], *shape[:2]) if shape and is_first else shape,
        data_format=options.data_format,
        dtype="uint8" if options.transform is None else origin.dtype,
        color_mode=decoding.color_mode,
        interpolation=decoding.interpolation,
    )
