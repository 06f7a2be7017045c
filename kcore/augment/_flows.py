"""Make batches of arrays, of the files in a folder, and of the files that a table names."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kcore._console import megabytes, say
from kcore.augment._augmentation import Augmentation
from kcore.augment._dataframe import Table
from kcore.augment._feed import Feed
from kcore.augment._flow_inputs import Arrays
from kcore.augment._legacy_names import check_class_mode, label_mode_of, resizing_of
from kcore.augment._saving import Saving
from kcore.augment._subsets import subset_of
from kcore.data import ImageBatches, ImageFiles
from kcore.data._file_batches import batches_of, without_bad_files
from kcore.data._options import FileOptions, check_outside, file_options
from kcore.data._origin import Origin
from kcore.data._scanning import scanned
from kcore.data._sources import ArraySource

__all__ = [
    "array_flow", "checked_options", "directory_flow", "image_shape_of", "origin_of", "table_flow",
]  # fmt: skip


def array_flow(
    arrays: Arrays,
    augmentation: Augmentation,
    *,
    saving: Saving | None,
    subset: str | None,
    batch_size: int,
    shuffle: bool,
    shard: tuple[int, int],
    drop_remainder: bool,
    num_threads: int | None,
    verbose: bool,
) -> ImageBatches:
    """Return batches of checked arrays; the arguments are those of `ImageDataGenerator.flow`."""
    image_shape = arrays.images.shape[1:]
    augmentation.check_fitted(image_shape)
    return ImageBatches(
        ArraySource(arrays.images),
        arrays.targets,
        sample_weight=arrays.sample_weight,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=augmentation.seed,
        transform=Feed(
            augmentation,
            image_shape,
            saving,
            arrays.further_inputs,
            has_targets=arrays.targets is not None,
        ),
        shard=shard,
        drop_remainder=drop_remainder,
        num_threads=num_threads,
        origin=origin_of(augmentation, saving, image_shape, subset=subset, hints=verbose),
    )


def directory_flow(
    directory: str | os.PathLike[str],
    options: FileOptions,
    augmentation: Augmentation,
    *,
    classes: Sequence[str] | None,
    class_mode: str | None,
    follow_links: bool,
    suffixes: Sequence[str] | None,
    subset: str | None,
    validation_split: float,
    saving: Saving | None,
    verbose: bool,
) -> ImageBatches:
    """Return batches of the images in a folder.

    The arguments are those of `ImageDataGenerator.flow_from_directory`.
    """
    options.check_outside(directory)
    check_outside("save_to_dir", None if saving is None else saving.folder, directory)
    files = scanned(
        directory,
        class_names=classes,
        follow_links=follow_links,
        suffixes=suffixes,
        unreadable="raise" if options.bad_files == "raise" else "skip",
        names_argument="classes",
        verbose=verbose,
    )
    check_class_mode(class_mode, files.class_names)
    files = subset_of(files, subset, validation_split)
    told = {"directory": directory, "class_mode": class_mode, "subset": subset}
    return _file_flow(files, options, augmentation, saving, verbose, told)


def table_flow(
    table: Table,
    options: FileOptions,
    augmentation: Augmentation,
    *,
    validate_filenames: bool,
    subset: str | None,
    validation_split: float,
    saving: Saving | None,
    verbose: bool,
) -> ImageBatches:
    """Return batches of the images that a table names.

    The arguments are those of `ImageDataGenerator.flow_from_dataframe`.
    """
    rows = table.rows(validate_filenames, subset, validation_split)
    told = {"directory": table.directory, "class_mode": table.class_mode, "subset": subset}
    return _file_flow(
        rows.files,
        options,
        augmentation,
        saving,
        verbose,
        told,
        targets=rows.targets,
        sample_weight=rows.sample_weight,
    )


def checked_options(
    augmentation: Augmentation,
    *,
    class_mode: str | None,
    target_size: tuple[int, int],
    keep_aspect_ratio: bool,
    pad_to_aspect_ratio: bool = False,
    **options: Any,
) -> FileOptions:
    """Return the options of a flow of files by their legacy names, checked before a file is read.

    Raises:
        NotADirectoryError: if `cache` is a file.
        ValueError: if an option is out of its range, `target_size` is None, or statistics that a
            standardization needs are missing.
    """
    checked = file_options(
        label_mode=label_mode_of(class_mode),
        flat_binary=True,
        seed=augmentation.seed,
        data_format=augmentation.recipe.data_format,
        **resizing_of(target_size, keep_aspect_ratio, pad_to_aspect_ratio),
        **options,
    )
    augmentation.check_fitted(image_shape_of(checked))
    return checked


def image_shape_of(options: FileOptions) -> tuple[int, ...]:
    """Return the shape of one image, with its axes in the order of the options' data format."""
    *size, channels = options.decoding.image_shape
    return (channels, *size) if options.data_format == "channels_first" else (*size, channels)


def origin_of(
    augmentation: Augmentation, saving: Saving | None, image_shape: tuple[int, ...], **told: Any
) -> Origin:
    """Return facts about the call that made a flow."""
    hints = bool(told.pop("hints", False)) and augmentation.is_random
    saved: dict[str, Any] = {}
    if saving is not None:
        saved = {
            "save_to_dir": Path(saving.folder),
            "save_prefix": saving.prefix,
            "save_format": saving.file_format,
        }
    return Origin(
        is_flow=True,
        image_shape=image_shape,
        data_format=augmentation.recipe.data_format,
        dtype=augmentation.dtype,
        hints=hints,
        **saved,
        **told,
    )


def _file_flow(
    files: ImageFiles,
    options: FileOptions,
    augmentation: Augmentation,
    saving: Saving | None,
    verbose: bool,
    told: dict[str, Any],
    targets: Any = None,
    sample_weight: Any = None,
) -> ImageBatches:
    if verbose:
        say(f"Found {files.summary()}")
    image_shape = image_shape_of(options)
    options = replace(options, transform=Feed(augmentation, image_shape, saving))
    files, targets, sample_weight = without_bad_files(files, options, targets, sample_weight)
    if verbose and options.cache is not None:
        needed = megabytes(options.cache_bytes(len(files)))
        say(f"The cache of decoded images takes {needed}.")
    origin = origin_of(augmentation, saving, image_shape, hints=verbose, **told)
    return batches_of(files, options, targets, sample_weight, origin)
