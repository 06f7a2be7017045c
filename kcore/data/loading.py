"""Make a dataset of a folder, of a list of files, or of arrays."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.data.batches import ImageBatches, Targets, Transform, checked_targets
from kcore.data.cache import open_cache
from kcore.data.classes import ClassTargets, check_class_mode
from kcore.data.options import FileOptions, file_options
from kcore.data.order import checked_threads
from kcore.data.records import ImageFiles, check_files
from kcore.data.scanning import scan
from kcore.data.sources import ArraySource, FileSource, usable
from kcore.data.splits import check_subset, parts_of
from kcore.progress import megabytes

__all__ = ["batches_of", "from_arrays", "from_directory", "from_files", "without_bad_files"]


def from_directory(
    directory: str | os.PathLike[str],
    *,
    target_size: tuple[int, int] = (256, 256),
    color_mode: str = "rgb",
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
    draft: bool = False,
    classes: Sequence[str] | None = None,
    class_mode: str | None = "categorical",
    batch_size: int = 32,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float = 0.0,
    subset: str | None = None,
    follow_links: bool = False,
    bad_files: str = "raise",
    cache: str | os.PathLike[str] | None = None,
    transform: Transform | None = None,
    data_format: str | None = None,
    shard: tuple[int, int] = (0, 1),
    drop_remainder: bool = False,
    num_threads: int | None = None,
    verbose: bool = True,
) -> Any:
    """Make a dataset of a folder that holds one sub-directory of images for each class.

    Args:
        directory: the folder; see `kcore.data.scan` for what is taken from it.
        target_size: (height, width) of the images.
        color_mode: "grayscale", "rgb" or "rgba". Deep grey pictures are scaled to 8 bits.
        interpolation: as in `kcore.images.load_img`.
        keep_aspect_ratio: cut the largest centred box of the target's aspect ratio out first.
        draft: let the JPEG decoder make large pictures smaller by 2, 4 or 8 while it decodes,
            which is faster and changes pixels; see `docs/data.md`.
        classes: names of sub-directories, in the order of the labels; None for all, sorted.
        class_mode: the targets. "categorical": float32 one-hot rows of shape (n, classes).
            "binary": float32 0 or 1 of shape (n,), for two classes. "sparse": int32 labels of
            shape (n,). "input": the images themselves. None: no targets.
        batch_size: of all batches but the last one, which holds what is left.
        shuffle: whether to shuffle the images, in another order in each epoch.
        seed: whole number, 0 <= seed < 2**64, for the order and the split; None draws one.
        validation_split: the part of each class for validation, 0 <= validation_split < 1.
        subset: "training" or "validation" for one part, or "both" for both, of one scan. Parts
            made by separate calls are disjoint if the seed is the same.
        follow_links: whether to enter directories inside a class through symbolic links.
        bad_files: what happens to a file that can't be decoded. "raise": `BadFileError` when it
            is reached. "skip": its batch is smaller by one, and a warning names it; a batch without
            a good file raises `BadFileError` all the same. "quarantine": all files are decoded
            once before the first batch, and the bad ones left out. In any case `audit` of the
            result lists them.
        cache: "memory", or a directory for a file, to keep decoded images in after their first
            use: height * width * channels bytes each. A directory inside of the image folder must
            be hidden, or it would be a class; see `docs/data.md`.
        transform: function of a batch's images, indices and epoch; see `ImageBatches`.
        data_format: "channels_last", "channels_first" or None for Keras's default.
        shard: (index, count), the part of this host; see `ImageBatches`.
        drop_remainder: whether to leave a last batch out that is not full.
        num_threads: how many batches are made at the same time; None for the number of CPUs.
        verbose: whether to print the images of each class, the seed, and the cache's size before.

    Returns:
        An `ImageBatches` of uint8 images, or with `subset="both"` two of them, (training,
        validation), of which the second is neither shuffled nor transformed.

    Raises:
        FileNotFoundError, NotADirectoryError, BadFileError, ValueError: as `kcore.data.scan` does.
        ValueError: if an argument is out of its range, or all images are bad.

    Example:
        >>> import tempfile
        >>> import kcore
        >>> folder = tempfile.TemporaryDirectory()
        >>> root = kcore.datasets.scenes.write_directory(
        ...     folder.name, train=10, validation=4, image_size=(24, 24), classes=("ball", "star")
        ... )
        >>> train = kcore.data.from_directory(
        ...     root / "train", target_size=(16, 16), class_mode="binary", batch_size=4, seed=7
        ... )
        10 images, 2 classes, seed 7
          ball          5
          star          5
        >>> x, y = train[0]
        >>> x.shape, x.dtype, y.shape
        ((4, 16, 16, 3), dtype('uint8'), (4,))
        >>> [len(y) for x, y in train]
        [4, 4, 2]
        >>> folder.cleanup()
    """
    check_subset(validation_split, subset, seed)
    options = file_options(
        target_size=target_size,
        color_mode=color_mode,
        interpolation=interpolation,
        keep_aspect_ratio=keep_aspect_ratio,
        draft=draft,
        class_mode=class_mode,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        bad_files=bad_files,
        cache=cache,
        transform=transform,
        data_format=data_format,
        shard=shard,
        drop_remainder=drop_remainder,
        num_threads=num_threads,
    )
    options.check_outside(directory)
    files = scan(
        directory,
        classes=classes,
        follow_links=follow_links,
        unreadable="raise" if bad_files == "raise" else "skip",
    )
    check_class_mode(class_mode, files.class_names)
    files = without_bad_files(files, options)
    parts = parts_of(files, validation_split, subset, options.order(0).seed)
    both = (options, replace(options, shuffle=False, transform=None))
    if verbose:
        _describe(parts, both)
    datasets = [batches_of(part, its) for part, its in zip(parts, both, strict=False)]
    return tuple(datasets) if len(datasets) == 2 else datasets[0]


def from_files(
    files: ImageFiles,
    targets: Targets | None = None,
    *,
    target_size: tuple[int, int] = (256, 256),
    color_mode: str = "rgb",
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
    draft: bool = False,
    class_mode: str | None = "categorical",
    batch_size: int = 32,
    shuffle: bool = True,
    seed: int | None = None,
    sample_weight: npt.ArrayLike | None = None,
    bad_files: str = "raise",
    cache: str | os.PathLike[str] | None = None,
    transform: Transform | None = None,
    data_format: str | None = None,
    shard: tuple[int, int] = (0, 1),
    drop_remainder: bool = False,
    num_threads: int | None = None,
) -> ImageBatches:
    """Make a dataset of image files, as `scan`, `split` or `ImageFiles.from_paths` give them.

    Args:
        files: the files and, if `class_mode` needs them, their labels.
        targets: array of shape (files, ...) or an object that gives the targets of an array of
            indices, instead of those of `class_mode`.
        target_size: (height, width) of the images.
        color_mode: as in `from_directory`, and so are the arguments not named here.
        interpolation: see there.
        keep_aspect_ratio: see there.
        draft: see there.
        class_mode: see there.
        batch_size: see there.
        shuffle: see there.
        seed: see there.
        sample_weight: array of shape (files,), or None.
        bad_files: see there.
        cache: see there.
        transform: see there.
        data_format: see there.
        shard: see there.
        drop_remainder: see there.
        num_threads: see there.

    Raises:
        TypeError: if `files` is a list of names or the like.
        ValueError: if an argument is out of its range.

    Example:
        >>> import kcore
        >>> files = kcore.data.ImageFiles.from_paths(["a.png", "b.png"], [1, 0], ["cat", "dog"])
        >>> dataset = kcore.data.from_files(files, class_mode="sparse", seed=7)
        >>> dataset
        <ImageBatches: 2 samples in 1 batches of 32, seed 7>
    """
    options = file_options(
        target_size=target_size,
        color_mode=color_mode,
        interpolation=interpolation,
        keep_aspect_ratio=keep_aspect_ratio,
        draft=draft,
        class_mode=class_mode,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        bad_files=bad_files,
        cache=cache,
        transform=transform,
        data_format=data_format,
        shard=shard,
        drop_remainder=drop_remainder,
        num_threads=num_threads,
    )
    check_files(files)
    if files.table.root:
        options.check_outside(os.fsdecode(files.table.root))
    kept = without_bad_files(files, options, targets, sample_weight)
    return batches_of(kept, options, targets, sample_weight)


def from_arrays(x: npt.ArrayLike, y: Targets | str | None = None, **options: Any) -> ImageBatches:
    """Make a dataset of images in memory.

    Args:
        x: array of shape (samples, height, width, channels), or with other axes after the first.
        y: array of shape (samples, ...), or an object that gives the targets of an array of
            indices; "input" for the images themselves; None for none. Arrays of 64 bits are
            handed out in 32, as JAX computes: int32, where it holds all values, or float32.
        **options: arguments of `ImageBatches`: batch_size, shuffle, seed, sample_weight,
            transform, shard, drop_remainder, num_threads.

    Raises:
        ValueError: if `x`, `y` and `sample_weight` are of different lengths, or an argument is
            out of its range.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> x, y = np.zeros((5, 8, 8, 3), "uint8"), np.arange(5)
        >>> dataset = kcore.data.from_arrays(x, y, batch_size=2, shuffle=False)
        >>> [labels.tolist() for images, labels in dataset]
        [[0, 1], [2, 3], [4]]
    """
    images = np.asarray(x)
    for name, values in (("y", y), ("sample_weight", options.get("sample_weight"))):
        if isinstance(values, np.ndarray) and len(values) != len(images):
            raise ValueError(f"{name} has {len(values)} samples, and x has {len(images)}.")
    return ImageBatches(ArraySource(images), y, **options)


def without_bad_files(
    files: ImageFiles,
    options: FileOptions,
    targets: Targets | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> ImageFiles:
    """Return the files that a dataset of these options is made of.

    Raises:
        ValueError: if targets or weights don't fit the files, or no file is left.
    """
    if targets is None:
        check_class_mode(options.class_mode, files.class_names)
        checked_targets(options.class_mode and "input", sample_weight, len(files))
    else:
        checked_targets(targets, sample_weight, len(files))
    if options.bad_files != "quarantine":
        return files
    good = usable(files, options.decoding, checked_threads(options.num_threads))
    if len(good) == len(files):
        return files
    if not len(good):
        raise ValueError(f"All {len(files)} images are bad; the first: {files.audit.bad[0]}.")
    warnings.warn(
        f"{len(files) - len(good)} of {len(files)} images are bad and left out; `audit` of the "
        "dataset lists them.",
        stacklevel=3,
    )
    if targets is not None or sample_weight is not None:
        raise ValueError(
            "bad_files='quarantine' found bad files, and targets or sample_weight count them too: "
            "see files.audit, leave them out, and make the dataset of the others."
        )
    return good


def batches_of(
    files: ImageFiles,
    options: FileOptions,
    targets: Targets | None = None,
    sample_weight: npt.ArrayLike | None = None,
) -> ImageBatches:
    """Make the dataset of files that were checked."""
    order, cache = options.order(len(files)), None
    if options.cache is not None and order.batches:
        cache = open_cache(options.cache, files, options.decoding, order.served)
    skips_bad = options.bad_files == "skip"
    return ImageBatches(
        FileSource(files, options.decoding, skips_bad, cache, options.data_format),
        _targets(files, options.class_mode) if targets is None else targets,
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        batch_size=order.batch_size,
        shuffle=order.shuffle,
        seed=order.seed,
        transform=options.transform,
        shard=order.shard,
        drop_remainder=order.drop_remainder,
        num_threads=options.num_threads,
        files=files,
    )


def _describe(parts: tuple[ImageFiles, ...], options: tuple[FileOptions, ...]) -> None:
    """Print what there is, before any of it is read."""
    names = ("Training: ", "Validation: ") if len(parts) == 2 else ("",)
    for name, files, its in zip(names, parts, options, strict=False):
        first, *others = files.summary().splitlines()
        print("\n".join([f"{name}{first}, seed {its.seed}", *others]))
        if its.cache is not None:
            size = megabytes(its.cache_bytes(len(files)))
            print(f"  cache: {size} in {os.fspath(its.cache)}")


def _targets(files: ImageFiles, class_mode: str | None) -> Targets | str | None:
    if class_mode is None or class_mode == "input" or files.labels is None:
        return class_mode
    return ClassTargets(files.labels, len(files.class_names), class_mode)
