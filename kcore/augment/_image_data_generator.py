"""Transform images at random, with the arguments and methods of the legacy class."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy.typing as npt

from kcore._arguments import check_choice, check_fraction, check_integer, check_seed, check_switch
from kcore._settings import floatx
from kcore.augment import _array_transforms as array_transforms
from kcore.augment._augmentation import Augmentation, known_seed, tell_seed
from kcore.augment._dataframe import Table
from kcore.augment._eight_bits import check_options, dtype_name
from kcore.augment._flow_inputs import arrays_of
from kcore.augment._flows import array_flow, checked_options, directory_flow, table_flow
from kcore.augment._generator_options import Option, factor_or_none
from kcore.augment._legacy_sampling import legacy_transform
from kcore.augment._mask_flows import mask_flow_of_arrays, mask_flow_of_files
from kcore.augment._pairs import Pictures, are_arrays, check_options_of_files
from kcore.augment._recipe import Recipe
from kcore.augment._saving import saving_in
from kcore.augment._showing import shown_options
from kcore.augment._standardization import Standardization, Statistics
from kcore.augment._subsets import check_subset
from kcore.data import ImageBatches
from kcore.data._decoding import BeforeResize
from kcore.images._formats import FORMATS
from kcore.images._reading import MAX_FILE_BYTES

__all__ = ["ImageDataGenerator"]

_Array = npt.NDArray[Any]
_DTYPES = ("float16", "float32", "float64", "uint8")


class ImageDataGenerator:
    """Make batches of images that are transformed at random, with the arguments of legacy Keras.

    `flow`, `flow_from_directory`, `flow_from_dataframe` and `flow_with_masks` return a dataset, a
    `keras.utils.PyDataset`, that `fit`, `evaluate` and `predict` accept on any backend. What
    happens to an image depends only on the seed, the epoch and the image's index; `replay` of the
    dataset shows it again.

    Each image is resampled once (rotation, shift, shear, zoom and flips). Then its channels are
    shifted and its brightness is changed, followed by `preprocessing_function`, `rescale`, the
    samplewise steps and finally the featurewise steps.

    The documentation page on augmentation lists the differences from the legacy class.

    The arguments can be read as attributes and assigned. That changes what the generator does from
    then on, but not the datasets that it has already made.

    Args:
        featurewise_center: subtract the mean of each channel over the images given to `fit`.
        samplewise_center: subtract each image's own mean.
        featurewise_std_normalization: divide by the standard deviation of each channel, after
            subtracting its mean.
        samplewise_std_normalization: divide by each image's own standard deviation, after
            subtracting its mean.
        zca_whitening: multiply by the whitening matrix of the images given to `fit`, after
            subtracting the mean of each channel.
        zca_epsilon: number that is added to the singular values in that matrix.
        rotation_range: each image is rotated by an angle between -rotation_range and
            rotation_range, in degrees.
        width_shift_range: the largest shift along the width, in either direction: a float below 1
            is a fraction of the width, a float of 1 or more is in pixels. An int n means 0 to n - 1
            pixels, and a list one of its entries (fractions if all are between -1 and 1, else
            pixels).
        height_shift_range: the largest shift along the height, in the same forms as
            `width_shift_range`.
        brightness_range: (lowest, highest) factor of brightness, where 1 changes nothing; None
            leaves brightness as it is.
        shear_range: each image is sheared by an angle between -shear_range and shear_range, in
            degrees. It is not a fraction: 0.2 is an invisible 0.2 degrees. For a shear of 20% use
            11.54.
        zoom_range: (lowest, highest) zoom factor, or a number z from 0 to 1 for (1 - z, 1 + z). A
            factor of 2 shrinks the picture to half its size. Height and width are zoomed
            independently.
        channel_shift_range: the largest number that is added to or subtracted from all channels
            except opacity, the fourth of four channels, on the scale of the pixels.
        fill_mode: how points outside the image are filled: "nearest" (`aaaa|abcd|dddd`),
            "constant" (with `cval`), "reflect" (`dcba|abcd|dcba`) or "wrap" (`bcd|abcd|bcd`).
        cval: value of points outside the image for `fill_mode="constant"`, before `rescale`.
        horizontal_flip: whether to mirror each image left to right with probability 1/2.
        vertical_flip: whether to mirror each image top to bottom with probability 1/2.
        rescale: factor that multiplies all pixels; None or 0 for no rescaling.
        preprocessing_function: function that takes one image, a float32 array of three axes with
            values as in the file, and returns its replacement of the same shape. It is called for
            one sample after another, in the order in which they are used, so that runs with a
            function that keeps state can be repeated. Mark a function that keeps no state with
            `kcore.data.pure`, so that threads may call it ahead. If it has parameters named `index`
            and `epoch`, it is also given those of the sample.
        data_format: "channels_last" or "channels_first"; None takes Keras's default.
        validation_split: fraction of the images, at least 0 and below 1, that `subset="validation"`
            selects: the first images, or the first of each class in a directory.
        interpolation_order: 0 for the nearest pixel, 1 for bilinear interpolation. (Splines of
            higher order are not offered.)
        dtype: dtype of the resulting images, "float16", "float32", "float64" or "uint8"; None takes
            Keras's default. The arithmetic is float32. "uint8" rounds half to even, for a model
            that rescales by itself: images must be in 0 to 255, `rescale` and the steps that
            standardize are refused, and `preprocessing_function` must return uint8.
        legacy_geometry: whether to reproduce the geometry of legacy Keras, and so the pixels of old
            runs: `width_shift_range` moves rows, `height_shift_range` moves columns, zooms are
            exchanged likewise, and images that aren't square turn about a point other than their
            center.

    Attributes:
        recipe: the validated options of the transformation, a `kcore.augment.Recipe`.
        mean: mean of each channel, shape (1, 1, channels) or (channels, 1, 1); set by `fit` or by
            you.
        std: standard deviation of each channel, in the same shape.
        zca_whitening_matrix: whitening matrix, set by `fit` for `zca_whitening`.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> import numpy as np
        >>> from kcore.augment import ImageDataGenerator
        >>> images = np.zeros((10, 32, 32, 3), "uint8")
        >>> generator = ImageDataGenerator(
        ...     rotation_range=40, zoom_range=0.2, horizontal_flip=True, data_format="channels_last"
        ... )
        >>> batches = generator.flow(images, np.arange(10), batch_size=4, seed=7)
        >>> len(batches), batches[0][0].shape, batches[2][1].shape
        (3, (4, 32, 32, 3), (2,))
        >>> image, parameters = batches.replay(index=5, epoch=0)
        >>> abs(parameters["theta"]) <= 40
        True
    """

    featurewise_center = Option()
    samplewise_center = Option()
    featurewise_std_normalization = Option()
    samplewise_std_normalization = Option()
    zca_whitening = Option()
    zca_epsilon = Option()
    rotation_range = Option()
    width_shift_range = Option()
    height_shift_range = Option()
    brightness_range = Option()
    shear_range = Option()
    zoom_range = Option()
    channel_shift_range = Option()
    fill_mode = Option()
    cval = Option()
    horizontal_flip = Option()
    vertical_flip = Option()
    rescale = Option()
    preprocessing_function = Option()
    data_format = Option()
    interpolation_order = Option()
    legacy_geometry = Option()

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: float | Sequence[float] = 0.0,
        height_shift_range: float | Sequence[float] = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: float | Sequence[float] = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[..., npt.ArrayLike] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: npt.DTypeLike | None = None,
        legacy_geometry: bool = False,
    ):
        self.recipe = Recipe(
            rotation_range=rotation_range,
            width_shift_range=width_shift_range,
            height_shift_range=height_shift_range,
            brightness_range=brightness_range,
            shear_range=shear_range,
            zoom_range=zoom_range,
            channel_shift_range=channel_shift_range,
            fill_mode=fill_mode,
            cval=cval,
            horizontal_flip=horizontal_flip,
            vertical_flip=vertical_flip,
            rescale=factor_or_none(rescale),
            interpolation_order=interpolation_order,
            data_format=data_format,
            legacy_geometry=legacy_geometry,
        )
        self._standardization = Standardization(
            preprocessing_function=preprocessing_function,
            rescale=self.recipe.rescale,
            samplewise_center=samplewise_center,
            samplewise_std_normalization=samplewise_std_normalization,
            featurewise_center=featurewise_center,
            featurewise_std_normalization=featurewise_std_normalization,
            zca_whitening=zca_whitening,
            zca_epsilon=zca_epsilon,
        )
        self.validation_split = check_fraction("validation_split", validation_split)
        self.dtype = dtype
        self.mean: _Array | None = None
        self.std: _Array | None = None
        self.zca_whitening_matrix: _Array | None = None

    def __repr__(self) -> str:
        return f"ImageDataGenerator({shown_options(self)})"

    def flow(
        self,
        x: Any,
        y: npt.ArrayLike | Mapping[str, npt.ArrayLike] | Sequence[npt.ArrayLike] | None = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: npt.ArrayLike | None = None,
        seed: int | None = None,
        save_to_dir: str | os.PathLike[str] | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
        *,
        shard: tuple[int, int] = (0, 1),
        drop_remainder: bool = False,
        num_threads: int | None = None,
        verbose: bool = True,
    ) -> ImageBatches:
        """Return batches of the images in an array.

        Args:
            x: images (n, height, width, channels), or with the channels first; or a tuple of images
                and a further input of the model, or a list of further inputs. Without `y`, such a
                batch is `((images, input),)`, because Keras would take `(images, input)` for images
                and targets.
            y: n targets; for a model with several outputs a dictionary, list or tuple of arrays of
                n targets each; None for no targets. 64-bit integers are served as int32 if it can
                hold them all, and float64 as float32.
            batch_size: number of images in a batch; the last batch may have fewer.
            shuffle: whether to shuffle the images, in a different order in each epoch.
            sample_weight: n weights, or None.
            seed: integer, 0 <= seed < 2**64; None draws one and prints it.
            save_to_dir: folder that receives the images of all batches, or None. A file is named
                prefix_index_epoch.format; `replay(index, epoch)` of the dataset shows its image
                again. Files of other flows or runs are kept: a name that is taken becomes
                prefix_index_epoch-2.format and so on.
            save_prefix: start of the names of saved images.
            save_format: "png", "jpeg" or another format that Pillow writes.
            ignore_class_split: whether to allow subsets with different classes in `y`, which may
                be integers or one-hot rows.
            subset: "validation" for the first images, as many as the generator's
                `validation_split` says, "training" for the rest; None for all.
            shard: (index, count): serve block `index` of the `count` equal blocks of each batch,
                for host `index` of `count`. `batch_size` counts the samples of all hosts together,
                and all hosts need the same seed.
            drop_remainder: whether to leave out a last batch that is not full.
            num_threads: how many batches are made at the same time; None for the number of CPUs.
            verbose: whether to print a seed that was drawn, and hints about differences from
                legacy Keras.

        Returns:
            A `kcore.data.ImageBatches`, which is a `keras.utils.PyDataset` with a length. A batch
            is `x`, `(x, y)` or `(x, y, sample_weight)`; images have the generator's dtype.

        Raises:
            TypeError: if `x` or `y` is a range, an iterator or the like.
            ValueError: if the arrays don't fit together, or an argument is invalid.
        """
        check_switch("verbose", verbose)
        arrays = arrays_of(x, y, sample_weight, subset, self.validation_split, ignore_class_split)
        batches = array_flow(
            arrays,
            self._augmentation(seed),
            saving=saving_in(save_to_dir, save_prefix, save_format),
            subset=subset,
            batch_size=batch_size,
            shuffle=shuffle,
            shard=shard,
            drop_remainder=drop_remainder,
            num_threads=num_threads,
            verbose=verbose,
        )
        return _told(batches, seed, verbose)

    def flow_from_directory(
        self,
        directory: str | os.PathLike[str],
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | os.PathLike[str] | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        *,
        pad_to_aspect_ratio: bool = False,
        draft: bool = False,
        apply_exif_orientation: bool = True,
        background: int | Sequence[int] | None = None,
        before_resize: BeforeResize | None = None,
        formats: Sequence[str] = FORMATS,
        max_file_bytes: int = MAX_FILE_BYTES,
        suffixes: Sequence[str] | None = None,
        bad_files: str = "raise",
        cache: str | os.PathLike[str] | None = None,
        shard: tuple[int, int] = (0, 1),
        drop_remainder: bool = False,
        num_threads: int | None = None,
        verbose: bool = True,
    ) -> ImageBatches:
        """Return batches of the images in a folder with one subdirectory for each class.

        Args:
            directory: the folder. Its subdirectories are the classes; image files anywhere inside
                one belong to it. Hidden files and directories are left out.
            target_size: (height, width) to which images are resized.
            color_mode: "grayscale", "rgb" or "rgba".
            classes: names of subdirectories, in the order of their labels; None for all, sorted.
            class_mode: the targets. "categorical": float32 one-hot rows of shape (n, classes).
                "binary": float32 0 or 1 of shape (n,), for two classes. "sparse": int32 labels of
                shape (n,). "input": a copy of the images. None: no targets.
            batch_size: number of images in a batch; the last batch may have fewer.
            shuffle: whether to shuffle the images, in a different order in each epoch.
            seed: integer, 0 <= seed < 2**64; None draws one and prints it.
            save_to_dir: folder outside of `directory` that receives the images of all batches, or
                None. A file is named prefix_index_epoch.format; `replay(index, epoch)` of the
                dataset shows its image again. Files of other flows or runs are kept: a name that
                is taken becomes prefix_index_epoch-2.format and so on.
            save_prefix: start of the names of saved images.
            save_format: "png", "jpeg" or another format that Pillow writes.
            follow_links: whether to enter directories inside a class through symbolic links.
            subset: "validation" for the first files of each class, as many as the generator's
                `validation_split` says, "training" for the rest; None for all. The two never
                overlap, whatever the seeds.
            interpolation: how images are resized: "nearest", "bilinear", "bicubic", "lanczos",
                "box" or "hamming".
            keep_aspect_ratio: whether to crop the largest centered box of the target's aspect
                ratio before resizing.
            pad_to_aspect_ratio: whether to pad to the smallest box of the target's aspect ratio
                before resizing, with black or `background`.
            draft: whether the JPEG decoder may shrink large pictures by a factor of 2, 4 or 8 while
                it decodes, which is faster and changes pixels.
            apply_exif_orientation: whether to turn pictures upright as their EXIF data say.
            background: color behind transparent pixels: a gray level, 0 to 255, or three levels of
                red, green and blue. None drops transparency.
            before_resize: function of a picture (a Pillow image, upright, in its own mode and
                size), its path and a key for `kcore.random`; returns the picture to convert and
                resize. None leaves pictures as they are. The key depends on the seed and the file's
                number in the folder, not on the epoch. Several threads call it at the same time.
            formats: Pillow's names for the formats to decode, recognized by content.
            max_file_bytes: larger files count as bad.
            suffixes: endings of the names of image files; None for those of common formats.
            bad_files: what happens to a file that can't be decoded. "raise": `BadFileError` when it
                is reached. "skip": its batch is smaller by one, with a warning; a batch without any
                good file raises `BadFileError`. "quarantine": all files are decoded once before the
                first batch, and bad ones are left out.
            cache: where to keep decoded images after their first use, height * width * channels
                bytes each: "memory", or a directory for a cache file. None keeps none. A directory
                inside the image folder must be hidden, or it would be a class.
            shard: (index, count): serve block `index` of the `count` equal blocks of each batch,
                for host `index` of `count`. `batch_size` counts the samples of all hosts together,
                and all hosts need the same seed.
            drop_remainder: whether to leave out a last batch that is not full.
            num_threads: how many batches are made at the same time; None for the number of CPUs.
            verbose: whether to print how many images each class has, the size of a cache, a seed
                that was drawn, and hints about differences from legacy Keras.

        Returns:
            A `kcore.data.ImageBatches`, which is a `keras.utils.PyDataset` with a length. A batch
            is `x` or `(x, y)`; images have the generator's dtype.

        Raises:
            FileNotFoundError, NotADirectoryError: if there is no such folder.
            kcore.data.BadFileError: if a directory in it can't be listed.
            ValueError: if an argument is invalid, or there are no images.
        """
        check_switch("verbose", verbose)
        check_subset(subset, self.validation_split)
        saving = saving_in(save_to_dir, save_prefix, save_format)
        augmentation = self._augmentation(seed)
        options = checked_options(
            augmentation,
            target_size=target_size,
            color_mode=color_mode,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            pad_to_aspect_ratio=pad_to_aspect_ratio,
            draft=draft,
            apply_exif_orientation=apply_exif_orientation,
            background=background,
            before_resize=before_resize,
            formats=formats,
            max_file_bytes=max_file_bytes,
            bad_files=bad_files,
            cache=cache,
            shard=shard,
            drop_remainder=drop_remainder,
            num_threads=num_threads,
        )
        batches = directory_flow(
            directory,
            options,
            augmentation,
            classes=classes,
            class_mode=class_mode,
            follow_links=follow_links,
            suffixes=suffixes,
            subset=subset,
            validation_split=self.validation_split,
            saving=saving,
            verbose=verbose,
        )
        return _told(batches, seed, verbose)

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: str | os.PathLike[str] | None = None,
        x_col: str = "filename",
        y_col: str | Sequence[str] | None = "class",
        weight_col: str | None = None,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | os.PathLike[str] | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        *,
        confine_to_directory: bool = False,
        keep_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        draft: bool = False,
        apply_exif_orientation: bool = True,
        background: int | Sequence[int] | None = None,
        before_resize: BeforeResize | None = None,
        formats: Sequence[str] = FORMATS,
        max_file_bytes: int = MAX_FILE_BYTES,
        bad_files: str = "raise",
        cache: str | os.PathLike[str] | None = None,
        shard: tuple[int, int] = (0, 1),
        drop_remainder: bool = False,
        num_threads: int | None = None,
        verbose: bool = True,
    ) -> ImageBatches:
        """Return batches of the images that a table names.

        Args:
            dataframe: anything whose columns are `dataframe[name]`: a data frame of pandas or
                another library, or a dictionary of lists.
            directory: folder of the files; None if the table holds whole paths.
            x_col: column of file names, which become `filenames` of the dataset. Each is joined to
                `directory`, so an absolute name, or one with `..`, may lead out of it.
            y_col: column of targets; a list of columns for "raw" or "multi_output"; None for
                `class_mode` None or "input".
            weight_col: column of sample weights, or None.
            target_size: (height, width) to which images are resized.
            color_mode: "grayscale", "rgb" or "rgba".
            classes: names of classes, in the order of their labels; None for all, sorted. Rows of
                other classes are left out with a warning.
            class_mode: the targets. "categorical": float32 one-hot rows of shape (n, classes); a
                column may also hold lists of names, which give a 1 for each name, and only zeros
                for an empty list. "binary": float32 0 or 1 of shape (n,), for two classes.
                "sparse": int32 labels of shape (n,). "raw": the values of `y_col` as they are,
                numbers or arrays of one shape. "multi_output": a tuple of them, one for each
                column. "input": a copy of the images. None: no targets.
            batch_size: number of images in a batch; the last batch may have fewer.
            shuffle: whether to shuffle the images, in a different order in each epoch.
            seed: integer, 0 <= seed < 2**64; None draws one and prints it.
            save_to_dir: folder that receives the images of all batches, or None. A file is named
                prefix_index_epoch.format; `replay(index, epoch)` of the dataset shows its image
                again. Files of other flows or runs are kept: a name that is taken becomes
                prefix_index_epoch-2.format and so on.
            save_prefix: start of the names of saved images.
            save_format: "png", "jpeg" or another format that Pillow writes.
            subset: "validation" for the first rows, as many as the generator's `validation_split`
                says, "training" for the rest; None for all. A warning names classes that only one
                of the two has: shuffle the rows of a table that is sorted by class.
            interpolation: how images are resized: "nearest", "bilinear", "bicubic", "lanczos",
                "box" or "hamming".
            validate_filenames: whether to leave out, with a warning, rows without an image file.
                False saves the time of looking for the files.
            confine_to_directory: whether to refuse a table with a file name that is absolute or has
                a part `..`. Only names are checked: links are followed wherever they lead.
            keep_aspect_ratio: whether to crop the largest centered box of the target's aspect
                ratio before resizing.
            pad_to_aspect_ratio: whether to pad to the smallest box of the target's aspect ratio
                before resizing, with black or `background`.
            draft: whether the JPEG decoder may shrink large pictures by a factor of 2, 4 or 8 while
                it decodes, which is faster and changes pixels.
            apply_exif_orientation: whether to turn pictures upright as their EXIF data say.
            background: color behind transparent pixels: a gray level, 0 to 255, or three levels of
                red, green and blue. None drops transparency.
            before_resize: function of a picture (a Pillow image, upright, in its own mode and
                size), its path and a key for `kcore.random`; returns the picture to convert and
                resize. None leaves pictures as they are. The key depends on the seed and the row,
                not on the epoch. Several threads call it at the same time.
            formats: Pillow's names for the formats to decode, recognized by content.
            max_file_bytes: larger files count as bad.
            bad_files: what happens to a file that can't be decoded. "raise": `BadFileError` when it
                is reached. "skip": its batch is smaller by one, with a warning; a batch without any
                good file raises `BadFileError`. "quarantine": all files are decoded once before the
                first batch, and bad ones are left out, with their targets and weights.
            cache: where to keep decoded images after their first use, height * width * channels
                bytes each: "memory", or a directory for a cache file. None keeps none.
            shard: (index, count): serve block `index` of the `count` equal blocks of each batch,
                for host `index` of `count`. `batch_size` counts the samples of all hosts together,
                and all hosts need the same seed.
            drop_remainder: whether to leave out a last batch that is not full.
            num_threads: how many batches are made at the same time; None for the number of CPUs.
            verbose: whether to print how many images each class has, the size of a cache, a seed
                that was drawn, and hints about differences from legacy Keras.

        Returns:
            A `kcore.data.ImageBatches`, which is a `keras.utils.PyDataset` with a length. A batch
            is `x`, `(x, y)` or `(x, y, sample_weight)`; images have the generator's dtype.

        Raises:
            TypeError: if a column holds a value of a wrong type, or lacks one; the error names the
                row.
            ValueError: if a column is missing, no row is left, or an argument is invalid.
        """
        check_switch("verbose", verbose)
        check_subset(subset, self.validation_split)
        saving = saving_in(save_to_dir, save_prefix, save_format)
        table = Table(
            columns=dataframe,
            directory=directory,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            classes=classes,
            class_mode=class_mode,
            confine_to_directory=confine_to_directory,
        )
        augmentation = self._augmentation(seed)
        options = checked_options(
            augmentation,
            target_size=target_size,
            color_mode=color_mode,
            class_mode=table.class_mode_of_files,
            batch_size=batch_size,
            shuffle=shuffle,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            pad_to_aspect_ratio=pad_to_aspect_ratio,
            draft=draft,
            apply_exif_orientation=apply_exif_orientation,
            background=background,
            before_resize=before_resize,
            formats=formats,
            max_file_bytes=max_file_bytes,
            bad_files=bad_files,
            cache=cache,
            shard=shard,
            drop_remainder=drop_remainder,
            num_threads=num_threads,
        )
        batches = table_flow(
            table,
            options,
            augmentation,
            validate_filenames=validate_filenames,
            subset=subset,
            validation_split=self.validation_split,
            saving=saving,
            verbose=verbose,
        )
        return _told(batches, seed, verbose)

    def flow_with_masks(
        self,
        images: Pictures,
        masks: Pictures,
        *,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        subset: str | None = None,
        mask_cval: float = 0,
        target_size: tuple[int, int] | None = None,
        color_mode: str = "rgb",
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        draft: bool = False,
        bad_files: str = "raise",
        cache: str | os.PathLike[str] | None = None,
        shard: tuple[int, int] = (0, 1),
        drop_remainder: bool = False,
        num_threads: int | None = None,
        verbose: bool = True,
    ) -> ImageBatches:
        """Return batches of images and of their masks, such as the labels of each pixel.

        An image and its mask are moved by the same rotation, shift, shear, zoom and flips. A mask
        is resampled to the nearest pixel and is never rescaled, brightened or standardized: apart
        from `mask_cval`, it gets no values that its file doesn't hold.

        Args:
            images: a folder, a list of files, `kcore.data.ImageFiles`, or an array (n, height,
                width, channels), or with the channels first.
            masks: a folder whose files have the same names as those of `images` except for the
                suffix, a list of files in the order of `images`, or an array (n, height, width) or
                with an axis of one channel. In a file a label is the gray value of a pixel, 0 or 1
                in a file of one bit, or the index into a palette; labels are from 0 to 255. A mask
                is resized and cropped like its image. Image and mask are each turned upright by
                their own EXIF data; a mask without EXIF data is taken to be upright.
            batch_size: number of images in a batch; the last batch may have fewer.
            shuffle: whether to shuffle the images, in a different order in each epoch.
            seed: integer, 0 <= seed < 2**64; None draws one and prints it.
            subset: "validation" for the first pairs, as many as the generator's `validation_split`
                says, "training" for the rest; None for all.
            mask_cval: label of points outside a mask for `fill_mode="constant"`.
            target_size: (height, width) to which files are resized; None for (256, 256). This
                option and those up to `cache` are only for files: arrays keep their size.
            color_mode: "grayscale", "rgb" or "rgba".
            interpolation: how images are resized: "nearest", "bilinear", "bicubic", "lanczos",
                "box" or "hamming". Masks are always resized by "nearest".
            keep_aspect_ratio: whether to crop the largest centered box of the target's aspect
                ratio before resizing.
            draft: whether the JPEG decoder may shrink large pictures by a factor of 2, 4 or 8 while
                it decodes, which is faster and changes pixels.
            bad_files: what happens to an image that can't be decoded. "raise": `BadFileError` when
                it is reached. "skip": its batch is smaller by one, with a warning; a batch without
                any good file raises `BadFileError`. "quarantine": all images are decoded once
                before the first batch, and bad ones are left out. A mask that can't be decoded is
                always an error.
            cache: where to keep decoded images after their first use, height * width * channels
                bytes each: "memory", or a directory for a cache file. None keeps none.
            shard: (index, count): serve block `index` of the `count` equal blocks of each batch,
                for host `index` of `count`. `batch_size` counts the samples of all hosts together,
                and all hosts need the same seed.
            drop_remainder: whether to leave out a last batch that is not full.
            num_threads: how many batches are made at the same time; None for the number of CPUs.
            verbose: whether to print how many pairs of files there are, and a seed that was drawn.

        Returns:
            A `kcore.data.ImageBatches`, which is a `keras.utils.PyDataset` with a length. A batch
            is `(images, masks)`; masks of files are uint8 of shape (n, height, width, 1), or with
            the channel first, and masks of an array keep its shape and dtype, except that 64 bits
            become 32.

        Raises:
            FileNotFoundError, NotADirectoryError: if there is no such folder.
            TypeError: if images and masks are not both files or both arrays, or an option for files
                is given with arrays.
            ValueError: if an image has no mask, or an argument is invalid.

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
        check_switch("verbose", verbose)
        check_subset(subset, self.validation_split)
        augmentation = self._augmentation(seed)
        shared: dict[str, Any] = {
            "batch_size": batch_size,
            "shuffle": shuffle,
            "shard": shard,
            "drop_remainder": drop_remainder,
            "num_threads": num_threads,
        }
        of_files: dict[str, Any] = {
            "target_size": target_size,
            "color_mode": color_mode,
            "interpolation": interpolation,
            "keep_aspect_ratio": keep_aspect_ratio,
            "draft": draft,
            "bad_files": bad_files,
            "cache": cache,
        }
        split: dict[str, Any] = {
            "mask_cval": mask_cval,
            "subset": subset,
            "validation_split": self.validation_split,
        }
        if are_arrays(images, masks):
            check_options_of_files(of_files)
            batches = mask_flow_of_arrays(images, masks, augmentation, **split, **shared)
        else:
            of_files["target_size"] = (256, 256) if target_size is None else target_size
            options = checked_options(augmentation, class_mode=None, **of_files, **shared)
            batches = mask_flow_of_files(
                images, masks, options, augmentation, **split, verbose=verbose
            )
        return _told(batches, seed, verbose)

    def fit(
        self,
        x: npt.ArrayLike,
        augment: bool = False,
        rounds: int = 1,
        seed: int | None = None,
        *,
        verbose: bool = True,
    ) -> None:
        """Compute the statistics for the featurewise steps and whitening from sample images.

        These are the statistics of the images after `preprocessing_function`, `rescale` and the
        samplewise steps.

        Args:
            x: images (n, height, width, channels), or with the channels first.
            augment: whether to transform the images at random first.
            rounds: how many times each image is transformed, each time differently.
            seed: integer, 0 <= seed < 2**64, for these transformations; None draws one and prints
                it.
            verbose: whether to print a seed that was drawn.

        Raises:
            ValueError: if `x` doesn't have four axes, holds no images, or holds NaN or infinity; if
                `rounds` is not an integer of at least 1; or if images are too large to be whitened.
        """
        images = array_transforms.read_images(x)
        check_switch("verbose", verbose)
        augment, rounds = check_switch("augment", augment), check_integer("rounds", rounds)
        seed = check_seed(seed)
        if augment:
            chosen = known_seed(seed)
            if seed is None and verbose:
                tell_seed(chosen)
            images = array_transforms.augmented(images, self.recipe, rounds, chosen)
        statistics = array_transforms.statistics_of(
            images, self._standardization, self.recipe.data_format
        )
        self.mean, self.std = statistics.mean, statistics.std
        self.zca_whitening_matrix = statistics.zca_whitening_matrix

    def standardize(self, x: npt.ArrayLike) -> _Array:
        """Apply `preprocessing_function`, `rescale`, the samplewise and the featurewise steps.

        Args:
            x: one image of three axes or a batch of four, of any real dtype. It is not changed.

        Returns:
            A new array of the shape of `x` and of the generator's dtype.

        Raises:
            ValueError: if `x` has another number of axes, or statistics of `fit` are missing.
        """
        return array_transforms.standardized(
            x, self._standardization, self._statistics(), self._dtype
        )

    def get_random_transform(
        self, img_shape: Sequence[int], seed: int | None = None
    ) -> dict[str, Any]:
        """Draw the parameters of one transformation; for a seed, those of legacy Keras.

        Args:
            img_shape: (height, width, channels) or (channels, height, width).
            seed: integer, 0 <= seed < 2**32; None draws different numbers at each call.

        Returns:
            A dictionary with `theta` (rotation) and `shear` in degrees, `tx` and `ty` (shifts along
            height and width) in pixels, `zx` and `zy` (zoom factors), `flip_horizontal`,
            `flip_vertical`, `channel_shift_intensity` and `brightness`. The last two are None if
            the generator leaves them out. The numbers are those of legacy Keras with and without
            `legacy_geometry`, except for shift ranges that are lists of negative pixels, which
            legacy Keras takes for fractions.

        Raises:
            ValueError: if `img_shape` doesn't have three axes or `seed` is invalid.
        """
        return legacy_transform(self.recipe, img_shape, seed)

    def apply_transform(self, x: npt.ArrayLike, transform_parameters: Mapping[str, Any]) -> _Array:
        """Transform one image by given parameters, without standardizing it.

        Args:
            x: one image, (height, width, channels) or (channels, height, width).
            transform_parameters: dictionary such as `get_random_transform` returns; missing
                parameters change nothing. `tx` and `zx` act along the height, `ty` and `zy` along
                the width; with `legacy_geometry` it is the other way around, as in legacy Keras.

        Returns:
            A new array of the shape of `x` and of the generator's dtype.

        Raises:
            TypeError: if `transform_parameters` is not a dictionary.
            ValueError: if `x` doesn't have three axes, or a parameter is unknown.
        """
        return array_transforms.transformed(x, transform_parameters, self.recipe, self._dtype)

    def random_transform(self, x: npt.ArrayLike, seed: int | None = None) -> _Array:
        """Transform one image at random: `get_random_transform`, then `apply_transform`.

        Args:
            x: one image, (height, width, channels) or (channels, height, width).
            seed: integer, 0 <= seed < 2**32; None draws different numbers at each call.

        Returns:
            A new array of the shape of `x` and of the generator's dtype.

        Raises:
            ValueError: if `x` doesn't have three axes or `seed` is invalid.
        """
        pixels = array_transforms.one_image(x)
        return self.apply_transform(pixels, self.get_random_transform(pixels.shape, seed))

    @property
    def dtype(self) -> str:
        """Dtype of the resulting images, as a name."""
        return self._dtype

    @dtype.setter
    def dtype(self, dtype: npt.DTypeLike | None) -> None:
        name = _checked_dtype(dtype)
        check_options(name, self.recipe, self._standardization)
        self._dtype = name

    @property
    def channel_axis(self) -> int:
        """The axis of the channels in a batch, which `data_format` decides."""
        return 1 if self.recipe.data_format == "channels_first" else 3

    @property
    def row_axis(self) -> int:
        """The axis of the rows in a batch, which `data_format` decides."""
        return 2 if self.recipe.data_format == "channels_first" else 1

    @property
    def col_axis(self) -> int:
        """The axis of the columns in a batch, which `data_format` decides."""
        return self.row_axis + 1

    def _statistics(self) -> Statistics:
        return Statistics(self.mean, self.std, self.zca_whitening_matrix)

    def _augmentation(self, seed: int | None) -> Augmentation:
        return Augmentation(
            self.recipe, self._standardization, self._statistics(), known_seed(seed), self._dtype
        )


def _told(batches: ImageBatches, seed: int | None, verbose: bool) -> ImageBatches:
    """Return the batches, after printing their seed if none was given."""
    if seed is None and verbose:
        tell_seed(batches.seed)
    return batches


def _checked_dtype(dtype: npt.DTypeLike | None) -> str:
    name = floatx() if dtype is None else dtype_name(dtype)
    check_choice("dtype", name, _DTYPES)
    return str(name)
