"""Make a dataset from a folder of images."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, overload

import numpy.typing as npt

from kcore._arguments import check_path, check_switch
from kcore._console import megabytes, printable, say
from kcore._renamed import renamed
from kcore._warning import warn
from kcore.data._batch_transforms import Transform
from kcore.data._decoding import BeforeResize
from kcore.data._file_batches import batches_of, without_bad_files
from kcore.data._image_batches import ImageBatches
from kcore.data._image_files import ImageFiles
from kcore.data._options import FileOptions, file_options
from kcore.data._origin import Origin
from kcore.data._scanning import BESIDE_CLASSES, scanned
from kcore.data._splits import check_subset, parts_of
from kcore.data._targets import check_label_mode
from kcore.images._formats import FORMATS
from kcore.images._reading import MAX_FILE_BYTES

__all__ = ["from_directory"]


@overload
def from_directory(
    directory: str | os.PathLike[str],
    labels: str | npt.ArrayLike | None = ...,
    label_mode: str | None = ...,
    class_names: Sequence[str] | None = ...,
    color_mode: str = ...,
    batch_size: int = ...,
    image_size: int | tuple[int, int] | None = ...,
    shuffle: bool = ...,
    seed: int | None = ...,
    validation_split: float | None = ...,
    subset: Literal["training", "validation"] | None = ...,
    interpolation: str = ...,
    follow_links: bool = ...,
    crop_to_aspect_ratio: bool = ...,
    pad_to_aspect_ratio: bool = ...,
    data_format: str | None = ...,
    verbose: bool = ...,
    *,
    suffixes: Sequence[str] | None = ...,
    formats: Sequence[str] = ...,
    max_file_bytes: int = ...,
    apply_exif_orientation: bool = ...,
    background: int | Sequence[int] | None = ...,
    draft: bool = ...,
    before_resize: BeforeResize | None = ...,
    transform: Transform | None = ...,
    bad_files: str = ...,
    cache: str | os.PathLike[str] | None = ...,
    shard: tuple[int, int] = ...,
    drop_remainder: bool = ...,
    num_threads: int | None = ...,
) -> ImageBatches: ...


@overload
def from_directory(
    directory: str | os.PathLike[str],
    labels: str | npt.ArrayLike | None = ...,
    label_mode: str | None = ...,
    class_names: Sequence[str] | None = ...,
    color_mode: str = ...,
    batch_size: int = ...,
    image_size: int | tuple[int, int] | None = ...,
    shuffle: bool = ...,
    seed: int | None = ...,
    validation_split: float | None = ...,
    *,
    subset: Literal["both"],
    interpolation: str = ...,
    follow_links: bool = ...,
    crop_to_aspect_ratio: bool = ...,
    pad_to_aspect_ratio: bool = ...,
    data_format: str | None = ...,
    verbose: bool = ...,
    suffixes: Sequence[str] | None = ...,
    formats: Sequence[str] = ...,
    max_file_bytes: int = ...,
    apply_exif_orientation: bool = ...,
    background: int | Sequence[int] | None = ...,
    draft: bool = ...,
    before_resize: BeforeResize | None = ...,
    transform: Transform | None = ...,
    bad_files: str = ...,
    cache: str | os.PathLike[str] | None = ...,
    shard: tuple[int, int] = ...,
    drop_remainder: bool = ...,
    num_threads: int | None = ...,
) -> tuple[ImageBatches, ImageBatches]: ...


@renamed(
    target_size="image_size",
    class_mode="label_mode",
    classes="class_names",
    keep_aspect_ratio="crop_to_aspect_ratio",
    format="leave it out, as batches are NumPy arrays on every backend",
)
def from_directory(
    directory: str | os.PathLike[str],
    labels: str | npt.ArrayLike | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int = 32,
    image_size: int | tuple[int, int] | None = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    verbose: bool = True,
    *,
    suffixes: Sequence[str] | None = None,
    formats: Sequence[str] = FORMATS,
    max_file_bytes: int = MAX_FILE_BYTES,
    apply_exif_orientation: bool = True,
    background: int | Sequence[int] | None = None,
    draft: bool = False,
    before_resize: BeforeResize | None = None,
    transform: Transform | None = None,
    bad_files: str = "raise",
    cache: str | os.PathLike[str] | None = None,
    shard: tuple[int, int] = (0, 1),
    drop_remainder: bool = False,
    num_threads: int | None = None,
) -> ImageBatches | tuple[ImageBatches, ImageBatches]:
    """Make a dataset from a folder with one subdirectory of images for each class.

    The arguments up to `verbose` are those of `keras.utils.image_dataset_from_directory`, with the
    same defaults. It differs as follows: images are uint8 instead of float32, on the same scale of
    0 to 255; Pillow resizes them, with antialiasing; a split takes the same fraction of each class;
    `shuffle` shuffles the images of the whole folder; and the result is a `keras.utils.PyDataset`,
    without the methods of `tf.data`.

    Args:
        directory: the folder. `kcore.data.scan` says which files are taken from it.
        labels: "inferred" for the subdirectory that a file is in; None for no labels, which takes
            all image files of the tree; or integers of shape (files,), 0 to classes - 1, for the
            files of the tree, directory by directory in the order of their paths, and in each by
            name.
        label_mode: what a batch holds besides the images. "int": int32 labels of shape (n,).
            "categorical": float32 one-hot rows of shape (n, classes). "binary": float32 0 or 1 of
            shape (n, 1), for two classes. "input": a copy of the images. None: nothing.
        class_names: names of subdirectories, in the order of the labels; None for all, sorted. A
            name without a subdirectory keeps its label, with a warning.
        color_mode: "grayscale", "rgb" or "rgba". Gray pictures of more than 8 bits are scaled to 8.
        batch_size: number of images in a batch; the last batch holds what is left.
        image_size: (height, width) of the images, or one integer for both. None keeps the size of
            each image, and needs `batch_size=1`.
        shuffle: whether to shuffle the images, in a different order in each epoch. False serves
            them in the order of the folder.
        seed: integer, 0 <= seed < 2**64, for the order and the split; None draws one.
        validation_split: the fraction of each class for validation, 0 <= validation_split < 1.
        subset: "training" or "validation" for one part, or "both" for both parts from one scan.
            Parts made by separate calls are disjoint if the seed is the same.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        follow_links: whether to enter directories inside a class through symbolic links.
        crop_to_aspect_ratio: crop the largest centered box of the aspect ratio of `image_size`
            before resizing, instead of distorting the picture.
        pad_to_aspect_ratio: put the picture into the center of the smallest box of that aspect
            ratio before resizing, on black or `background`.
        data_format: "channels_last", "channels_first" or None for Keras's default.
        verbose: whether to print the number of images of each class, the seed, and the size of a
            cache before it is made, and to show the progress of a long scan.
        suffixes: suffixes of the names of image files, such as (".jpg", ".png"); None for those
            that `kcore.data.scan` lists.
        formats: Pillow's names for the formats to decode, recognized by content;
            `kcore.images.FORMATS` by default.
        max_file_bytes: larger files count as bad.
        apply_exif_orientation: turn pictures upright, by the orientation that phones and cameras
            store in EXIF data. False takes them as stored, TIFF files too.
        background: what lies behind transparent pixels: a level of gray, 0 to 255, or three of red,
            green and blue. None drops transparency, which `audit` then notes.
        draft: let the JPEG decoder shrink large pictures by a factor of 2, 4 or 8 while it decodes,
            but not below `image_size`. This is faster, and changes pixels.
        before_resize: function of a picture (a Pillow image, upright, in its own mode and size),
            its path, and a key for `kcore.random`; returns the picture to convert and resize. The
            key depends only on the seed and the file's number in the folder, not on the epoch, so
            decoded images can be cached. Several threads call the function at once. Without a cache
            it is called again with the same arguments, and should then return the same picture.
        transform: function of a batch's images, the indices of its samples (int64 of shape (n,))
            and the epoch (an integer from 0); returns the images that the model receives. If it has
            a parameter named `targets`, it is also given the batch's targets, and returns
            `(images, targets)`. Mark a function that keeps no state with `kcore.data.pure`, so that
            threads may call it ahead.
        bad_files: what happens to a file that can't be decoded. "raise": `BadFileError` when it is
            reached. "skip": its batch is smaller by one, and a warning names it; a batch without
            any good file still raises `BadFileError`. "quarantine": all files are decoded once
            before the first batch, and the bad ones are left out. In each case, `audit` of the
            result lists the bad files.
        cache: where to keep decoded images after their first use, height * width * channels bytes
            each: "memory", or a directory for a cache file. A directory inside the image folder
            must be hidden, or it would be a class.
        shard: (index, count): serve block `index` of the `count` equal blocks of each batch, for
            host `index` of `count`. `batch_size` counts the samples of all hosts together, and all
            hosts need the same seed.
        drop_remainder: whether to leave out a last batch that is not full.
        num_threads: how many batches are made at the same time; None for the number of CPUs.

    Returns:
        An `ImageBatches` of uint8 images, or with `subset="both"` two of them, (training,
        validation); the second is neither shuffled nor transformed.

    Raises:
        FileNotFoundError: if the folder, or every directory of `class_names`, does not exist.
        NotADirectoryError: if `directory`, or what should be the directory of a class, is a file.
        BadFileError: if a directory can't be listed, with `bad_files="raise"`.
        TypeError: if an argument is given by its name in legacy Keras.
        ValueError: if an argument is out of its range, no image is found, or all are bad.

    Example:
        >>> import tempfile
        >>> import kcore
        >>> folder = tempfile.TemporaryDirectory()
        >>> root = kcore.datasets.scenes.write_directory(
        ...     folder.name, train=10, validation=4, image_size=(24, 24), classes=("ball", "star")
        ... )
        >>> train = kcore.data.from_directory(
        ...     root / "train", label_mode="binary", image_size=(16, 16), batch_size=4, seed=7
        ... )
        10 images, 2 classes, seed 7
          ball          5
          star          5
        >>> x, y = train[0]
        >>> x.shape, x.dtype, y.shape
        ((4, 16, 16, 3), dtype('uint8'), (4, 1))
        >>> [len(y) for x, y in train]
        [4, 4, 2]
        >>> folder.cleanup()
    """
    check_switch("verbose", verbose)
    check_path("directory", directory, "directory")
    fraction = check_subset(validation_split, subset, seed)
    options = file_options(
        label_mode=label_mode,
        color_mode=color_mode,
        batch_size=batch_size,
        image_size=image_size,
        shuffle=shuffle,
        seed=seed,
        interpolation=interpolation,
        crop_to_aspect_ratio=crop_to_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        data_format=data_format,
        draft=draft,
        apply_exif_orientation=apply_exif_orientation,
        background=background,
        before_resize=before_resize,
        formats=formats,
        max_file_bytes=max_file_bytes,
        bad_files=bad_files,
        cache=cache,
        transform=transform,
        shard=shard,
        drop_remainder=drop_remainder,
        num_threads=num_threads,
    )
    if labels is None and options.label_mode != "input":
        options = replace(options, label_mode=None)
    options.check_outside(directory)
    files = scanned(
        directory,
        labels=labels,
        class_names=class_names,
        follow_links=follow_links,
        unreadable="raise" if bad_files == "raise" else "skip",
        suffixes=suffixes,
        verbose=verbose,
    )
    check_label_mode(options.label_mode, files.class_names)
    if label_mode is None and isinstance(labels, str):
        _warn_of_files_without_class(files)
    files, _, _ = without_bad_files(files, options)
    parts = parts_of(files, fraction, subset, options.order(0).seed)
    both = (options, replace(options, shuffle=False, transform=None))
    if verbose:
        _describe(parts, both)
    names = (subset,) if len(parts) == 1 else ("training", "validation")
    datasets = [
        batches_of(part, its, origin=Origin(directory=directory, subset=name))
        for part, its, name in zip(parts, both, names, strict=False)
    ]
    return datasets[0] if len(datasets) == 1 else (datasets[0], datasets[1])


def _warn_of_files_without_class(files: ImageFiles) -> None:
    """Warn about images that Keras would serve without labels, but that a scan of classes skips."""
    beside = files.left_out.get(BESIDE_CLASSES)
    if beside is not None:
        warn(
            f"label_mode=None, and {beside.count:,} image files beside the class directories are "
            f"left out, such as {beside.examples[0]!r}: labels=None takes all files of the tree."
        )


def _describe(parts: tuple[ImageFiles, ...], options: tuple[FileOptions, ...]) -> None:
    """Print what the dataset contains, before any file is read."""
    names = ("Training: ", "Validation: ") if len(parts) == 2 else ("",)
    for name, files, its in zip(names, parts, options, strict=False):
        first, *others = files.summary().splitlines()
        say("\n".join([f"{name}{first}, seed {its.seed}", *others]))
        if its.cache is not None:
            size = megabytes(its.cache_bytes(len(files)))
            say(f"  cache: {size} in {printable(os.fspath(its.cache))}")
