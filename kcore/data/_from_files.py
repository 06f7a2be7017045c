"""Make a dataset from image files that a scan or a list gives."""

import os
from collections.abc import Mapping, Sequence

import numpy.typing as npt

from kcore._renamed import renamed
from kcore.data._array_groups import Targets
from kcore.data._batch_transforms import Transform
from kcore.data._decoding import BeforeResize
from kcore.data._file_batches import batches_of, without_bad_files
from kcore.data._image_batches import ImageBatches
from kcore.data._image_files import ImageFiles, check_files
from kcore.data._options import file_options
from kcore.images._formats import FORMATS
from kcore.images._reading import MAX_FILE_BYTES

__all__ = ["from_files"]


@renamed(
    target_size="image_size",
    class_mode="label_mode",
    keep_aspect_ratio="crop_to_aspect_ratio",
)
def from_files(
    files: ImageFiles,
    targets: Targets | Mapping[str, npt.ArrayLike] | Sequence[npt.ArrayLike] | None = None,
    *,
    label_mode: str | None = "int",
    color_mode: str = "rgb",
    batch_size: int = 32,
    image_size: int | tuple[int, int] | None = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    interpolation: str = "bilinear",
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    sample_weight: npt.ArrayLike | None = None,
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
) -> ImageBatches:
    """Make a dataset from image files that `scan`, `split` or `ImageFiles.from_paths` returned.

    Args:
        files: the files and, if `label_mode` needs them, their labels.
        targets: targets to use instead of those of `label_mode`: an array of shape (files, ...), a
            dictionary, list or tuple of such arrays, or an object that an array of indices can
            index.
        label_mode: what a batch holds besides the images. "int": int32 labels of shape (n,).
            "categorical": float32 one-hot rows of shape (n, classes). "binary": float32 0 or 1 of
            shape (n, 1), for two classes. "input": a copy of the images. None: nothing.
        color_mode: "grayscale", "rgb" or "rgba". Gray pictures of more than 8 bits are scaled to 8.
        batch_size: number of images in a batch; the last batch holds what is left.
        image_size: (height, width) of the images, or one integer for both. None keeps the size of
            each image, and needs `batch_size=1`.
        shuffle: whether to shuffle the images, in a different order in each epoch.
        seed: integer, 0 <= seed < 2**64, for the order; None draws one.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        crop_to_aspect_ratio: crop the largest centered box of the aspect ratio of `image_size`
            before resizing, instead of distorting the picture.
        pad_to_aspect_ratio: put the picture into the center of the smallest box of that aspect
            ratio before resizing, on black or `background`.
        data_format: "channels_last", "channels_first" or None for Keras's default.
        sample_weight: array of shape (files,), or None.
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
            key depends only on the seed and the file's number, not on the epoch, so decoded images
            can be cached. Several threads call the function at once. Without a cache it is called
            again with the same arguments, and should then return the same picture.
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
        An `ImageBatches` of uint8 images.

    Raises:
        TypeError: if `files` is not an `ImageFiles`, such as a list of names, or an argument is
            given by its name in legacy Keras.
        ValueError: if an argument is out of its range.

    Example:
        >>> import kcore
        >>> files = kcore.data.ImageFiles.from_paths(["a.png", "b.png"], [1, 0], ["cat", "dog"])
        >>> dataset = kcore.data.from_files(files, seed=7)
        >>> dataset
        <ImageBatches: 2 images of 256x256x3, 2 classes, 1 batch of 32, seed 7>
    """
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
    check_files(files)
    if files.table.root:
        options.check_outside(os.fsdecode(files.table.root))
    kept, targets, sample_weight = without_bad_files(files, options, targets, sample_weight)
    return batches_of(kept, options, targets, sample_weight)
