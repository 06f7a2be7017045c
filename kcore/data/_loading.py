"""Make a dataset of a folder, of a list of files, or of arrays."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_path, check_switch
from kcore._console import printable, say
from kcore._progress import megabytes
from kcore.data._array_groups import Targets, as_images, as_targets
from kcore.data._batch_transforms import Transform
from kcore.data._decoding import BeforeResize
from kcore.data._file_batches import batches_of, without_bad_files
from kcore.data._image_batches import ImageBatches
from kcore.data._image_files import ImageFiles, check_files
from kcore.data._options import FileOptions, file_options
from kcore.data._origin import Origin
from kcore.data._scanning import scan
from kcore.data._sources import ArraySource
from kcore.data._splits import check_subset, parts_of
from kcore.data._targets import check_class_mode
from kcore.images._formats import FORMATS
from kcore.images._reading import MAX_FILE_BYTES

__all__ = ["from_arrays", "from_directory", "from_files"]


def from_directory(
    directory: str | os.PathLike[str],
    *,
    target_size: tuple[int, int] | None = (256, 256),
    color_mode: str = "rgb",
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    draft: bool = False,
    apply_exif_orientation: bool = True,
    background: int | Sequence[int] | None = None,
    before_resize: BeforeResize | None = None,
    formats: Sequence[str] = FORMATS,
    max_file_bytes: int = MAX_FILE_BYTES,
    classes: Sequence[str] | None = None,
    suffixes: Sequence[str] | None = None,
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
        target_size: (height, width) of the images; None, with `batch_size=1`, for their own: see
            `docs/data.md`.
        color_mode: "grayscale", "rgb" or "rgba". Deep gray pictures are scaled to 8 bits.
        interpolation: as in `kcore.images.load_img`.
        keep_aspect_ratio: cut the largest centered box of the target's aspect ratio out first.
        pad_to_aspect_ratio: put the picture into the center of the smallest box of that ratio
            first, on black or `background`.
        draft: let the JPEG decoder make large pictures smaller by 2, 4 or 8 while it decodes,
            which is faster and changes pixels; see `docs/data.md`.
        apply_exif_orientation: turn pictures upright, as phones and cameras note it in EXIF data.
            False takes them as they are stored, TIFF too.
        background: what lies behind transparent pixels: a level of gray, 0 to 255, or three of red,
            green and blue. None drops transparency, which `audit` then notes.
        before_resize: function of a picture (a Pillow image, upright, of its own mode and size),
            its path, and a key for `kcore.random`, that returns the picture to convert and resize.
            The key depends on the seed and the file's number in the folder alone, not on the
            epoch, so that decoded images can be kept. Several threads call it at a time, and
            again with the same arguments where nothing is kept; it should give the same then.
        formats: Pillow's names of the formats that are decoded, by content; see
            `kcore.images.load_img`.
        max_file_bytes: larger files are bad files.
        classes: names of sub-directories, in the order of the labels; None for all, sorted. One
            that isn't there keeps its label, with a warning.
        suffixes: what the names of image files end with; None for those that `scan` lists.
        class_mode: the targets. "categorical": float32 one-hot rows of shape (n, classes).
            "binary": float32 0 or 1 of shape (n,), for two classes. "sparse": int32 labels of
            shape (n,). "input": a copy of the images. None: no targets.
        batch_size: of all batches but the last one, which holds what is left.
        shuffle: whether to shuffle the images, in another order in each epoch.
        seed: integer, 0 <= seed < 2**64, for the order and the split; None draws one.
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
        transform: function of a batch's images, indices and epoch, and of its targets if it has a
            parameter of that name; see `ImageBatches`.
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
    check_switch("verbose", verbose)
    check_path("directory", directory, "directory")
    check_subset(validation_split, subset, seed)
    options = file_options(
        target_size=target_size,
        color_mode=color_mode,
        interpolation=interpolation,
        keep_aspect_ratio=keep_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        draft=draft,
        apply_exif_orientation=apply_exif_orientation,
        background=background,
        before_resize=before_resize,
        formats=formats,
        max_file_bytes=max_file_bytes,
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
        suffixes=suffixes,
        unreadable="raise" if bad_files == "raise" else "skip",
    )
    check_class_mode(class_mode, files.class_names)
    files, _, _ = without_bad_files(files, options)
    parts = parts_of(files, validation_split, subset, options.order(0).seed)
    both = (options, replace(options, shuffle=False, transform=None))
    if verbose:
        _describe(parts, both)
    names = (subset,) if len(parts) == 1 else ("training", "validation")
    datasets: list[ImageBatches] = [
        batches_of(part, its, origin=Origin(directory=directory, subset=name))
        for part, its, name in zip(parts, both, names, strict=False)
    ]
    return tuple(datasets) if len(datasets) == 2 else datasets[0]


def from_files(
    files: ImageFiles,
    targets: Targets | Mapping[str, npt.ArrayLike] | Sequence[npt.ArrayLike] | None = None,
    *,
    target_size: tuple[int, int] | None = (256, 256),
    color_mode: str = "rgb",
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    draft: bool = False,
    apply_exif_orientation: bool = True,
    background: int | Sequence[int] | None = None,
    before_resize: BeforeResize | None = None,
    formats: Sequence[str] = FORMATS,
    max_file_bytes: int = MAX_FILE_BYTES,
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
        targets: array of shape (files, ...), a dictionary, list or tuple of such arrays, or an
            object that gives the targets of an array of indices, instead of those of `class_mode`.
        target_size: (height, width) of the images; None, with `batch_size=1`, for their own.
        color_mode: as in `from_directory`, and so are the arguments not named here.
        interpolation: see there.
        keep_aspect_ratio: see there.
        pad_to_aspect_ratio: see there.
        draft: see there.
        apply_exif_orientation: see there.
        background: see there.
        before_resize: see there.
        formats: see there.
        max_file_bytes: see there.
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
        <ImageBatches: 2 images of 256x256x3, 2 classes, 1 batch of 32, seed 7>
    """
    options = file_options(
        target_size=target_size,
        color_mode=color_mode,
        interpolation=interpolation,
        keep_aspect_ratio=keep_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        draft=draft,
        apply_exif_orientation=apply_exif_orientation,
        background=background,
        before_resize=before_resize,
        formats=formats,
        max_file_bytes=max_file_bytes,
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
    kept, targets, sample_weight = without_bad_files(files, options, targets, sample_weight)
    return batches_of(kept, options, targets, sample_weight)


def from_arrays(
    x: npt.ArrayLike | Mapping[str, npt.ArrayLike],
    y: Targets | Mapping[str, npt.ArrayLike] | Sequence[npt.ArrayLike] | str | None = None,
    **options: Any,
) -> ImageBatches:
    """Make a dataset of images in memory.

    Args:
        x: array of shape (samples, height, width, channels), or with other axes after the first;
            for a model with several inputs, a dictionary of such arrays by the inputs' names.
        y: array of shape (samples, ...); for a model with several outputs a dictionary of such
            arrays, or a list or tuple of them; an object that gives the targets of an array of
            indices; "input" for a copy of the images; None for none. Arrays of 64 bits are handed
            out in 32, as JAX computes: int32, where it holds all values, or float32.
        **options: arguments of `ImageBatches`: batch_size, shuffle, seed, sample_weight,
            transform, shard, drop_remainder, num_threads.

    Raises:
        TypeError: if `x` or `y` is a range, an iterator or the like.
        ValueError: if `x`, `y` and `sample_weight` are of different lengths, or an argument is
            out of its range.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> x, y = np.zeros((5, 8, 8, 3), "uint8"), np.arange(5)
        >>> dataset = kcore.data.from_arrays(x, y, batch_size=2, shuffle=False)
        >>> [labels.tolist() for images, labels in dataset]
        [[0, 1], [2, 3], [4]]
        >>> heads = kcore.data.from_arrays(x, {"a": y, "b": -y}, batch_size=2, shuffle=False)
        >>> images, labels = heads[1]
        >>> labels["a"].tolist(), labels["b"].tolist()
        ([2, 3], [-2, -3])
    """
    images = as_images(x)
    if not len(images):
        raise ValueError("x holds no images: give at least one.")
    if isinstance(y, str) and y != "input":
        raise ValueError(f"y={y!r} must be an array, 'input' or None.")
    targets = y if isinstance(y, str) else as_targets("y", y, len(images))
    shape = images.shape[1:] if isinstance(images, np.ndarray) else None
    return ImageBatches(ArraySource(images), targets, origin=Origin(image_shape=shape), **options)


def _describe(parts: tuple[ImageFiles, ...], options: tuple[FileOptions, ...]) -> None:
    """Print what there is, before any of it is read."""
    names = ("Training: ", "Validation: ") if len(parts) == 2 else ("",)
    for name, files, its in zip(names, parts, options, strict=False):
        first, *others = files.summary().splitlines()
        say("\n".join([f"{name}{first}, seed {its.seed}", *others]))
        if its.cache is not None:
            size = megabytes(its.cache_bytes(len(files)))
            say(f"  cache: {size} in {printable(os.fspath(its.cache))}")
