"""Batches of arrays, of the files of a folder, and of the files that a table names."""

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy.typing as npt

from kcore._console import megabytes, say
from kcore.augment._augmentation import Augmentation, known_seed, print_drawn
from kcore.augment._dataframe import Table
from kcore.augment._flow import Feed, Flow, Origin
from kcore.augment._flow_inputs import arrays_of
from kcore.augment._legacy_names import check_class_mode, label_mode_of, resizing_of
from kcore.augment._recipe import Recipe
from kcore.augment._saving import Saving, saving_in
from kcore.augment._standardization import Standardization
from kcore.augment._subsets import split_bounds, subset_of
from kcore.augment._transforms import Transforms
from kcore.data import ImageFiles
from kcore.data._decoding import Decoding
from kcore.data._file_batches import batches_of, without_bad_files
from kcore.data._options import FileOptions, check_outside, file_options
from kcore.data._scanning import scanned
from kcore.data._sources import ArraySource

__all__ = ["Flows"]

# `seed` of a Decoding is that of the FileOptions.
_OPTIONS = {field.name for owner in (FileOptions, Decoding) for field in fields(owner)} - {
    "crop_to_aspect_ratio",
    "data_format",
    "decoding",
    "flat_binary",
    "image_size",
    "label_mode",
    "transform",
}
_BESIDES_LEGACY = (
    "apply_exif_orientation", "background", "bad_files", "before_resize", "cache", "draft",
    "drop_remainder", "formats", "keep_aspect_ratio", "max_file_bytes", "num_threads",
    "pad_to_aspect_ratio", "shard",
)  # fmt: skip


class Flows(Transforms):
    """The methods of `ImageDataGenerator` that return batches.

    Args:
        recipe: the ranges of the transformation.
        standardization: the steps after it; its `rescale` is the recipe's.
        dtype: of what comes out.
        validation_split: the fraction of the images that `subset="validation"` selects.
    """

    def __init__(
        self,
        recipe: Recipe,
        standardization: Standardization,
        dtype: str,
        validation_split: float,
    ):
        super().__init__(recipe, standardization, dtype)
        self.validation_split = validation_split

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
        drop_remainder: bool = False,
        num_threads: int | None = None,
    ) -> Flow:
        """Return batches of images that lie in an array.

        Args:
            x: images (n, height, width, channels), or with the channels first; or a tuple of them
                and of a further input of the model, or a list of such inputs. Without `y` such a
                batch is `((images, input),)`, as Keras would take `(images, input)` for images and
                targets.
            y: n targets; for a model with several outputs a dictionary, list or tuple of arrays of
                n targets each; None for none. Arrays of 64 bits are handed out in 32: int32, where
                it holds all values, or float32.
            batch_size: images in a batch; the last batch may have fewer.
            shuffle: whether each epoch has its own order.
            sample_weight: n weights, or None.
            seed: integer, 0 <= seed < 2**64; None draws one and prints it.
            save_to_dir: folder for the images of all batches. A file is named
                prefix_index_epoch.format, so that `replay(index, epoch)` shows it again. Files of
                another flow or run stay; then a name is prefix_index_epoch-2.format and so on.
            save_prefix: start of their names.
            save_format: "png", "jpeg" or another format that Pillow writes.
            ignore_class_split: allow subsets with different classes in `y`, which may be integers
                or one-hot rows.
            subset: "validation" for the first part of the images, as large as the generator's
                `validation_split`, "training" for the rest; None for all.
            drop_remainder: whether to leave a last batch out that is not full.
            num_threads: how many batches are made at the same time; None for the number of CPUs.

        Returns:
            A `keras.utils.PyDataset` with a length; see `kcore.augment.Flow`.

        Raises:
            TypeError: if `x` or `y` is a range, an iterator or the like.
            ValueError: if the arrays don't fit together, or an argument is not allowed.
        """
        arrays = arrays_of(x, y, sample_weight, subset, self.validation_split, ignore_class_split)
        saving = saving_in(save_to_dir, save_prefix, save_format)
        image_shape = arrays.images.shape[1:]
        augmentation = self._augmentation(known_seed(seed), image_shape)
        feed = Feed(
            augmentation,
            saving,
            arrays.further_inputs,
            has_targets=arrays.targets is not None,
        )
        return Flow(
            ArraySource(arrays.images),
            arrays.targets,
            sample_weight=arrays.sample_weight,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=augmentation.seed,
            transform=feed,
            image_shape=image_shape,
            origin=Origin(target_size=self.recipe.spatial_shape(image_shape), subset=subset),
            drop_remainder=drop_remainder,
            num_threads=num_threads,
        )

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
        **options: Any,
    ) -> Flow:
        """Return batches of the images in a folder that has a sub-directory for each class.

        How many images each class has is printed, and the size of a cache before it is made.

        Args:
            directory: the folder; see `kcore.data.scan` for what is taken from it.
            target_size: (height, width) of the images.
            color_mode: "grayscale", "rgb" or "rgba".
            classes: names of sub-directories, in the order of the labels; None for all, sorted.
            class_mode: "categorical" for float32 one-hot rows, "binary" for float32 0 or 1,
                "sparse" for int32 labels, "input" for the images themselves, None for no targets.
            batch_size: images in a batch; the last batch may have fewer.
            shuffle: whether each epoch has its own order.
            seed: integer, 0 <= seed < 2**64; None draws one and prints it.
            save_to_dir: folder for the images of all batches, outside of `directory`; see `flow`.
            save_prefix: see `flow`.
            save_format: see `flow`.
            follow_links: whether to enter directories inside a class through symbolic links.
            subset: "validation" for the first files of each class, as many as the generator's
                `validation_split` says, "training" for the rest; None for all. The two never
                overlap, whatever the seeds.
            interpolation: see `kcore.images.load_img`, and so for keep_aspect_ratio.
            keep_aspect_ratio: cut the largest centered box of the target's aspect ratio out first.
            **options: of `kcore.data.from_directory`: `apply_exif_orientation`, `background`,
                `bad_files`, `before_resize`, `cache`, `draft`, `drop_remainder`, `formats`,
                `max_file_bytes`, `num_threads`, `pad_to_aspect_ratio`, `shard`, `suffixes`.

        Returns:
            A `keras.utils.PyDataset` with a length; see `kcore.augment.Flow`.

        Raises:
            FileNotFoundError, NotADirectoryError: if there is no such folder.
            kcore.data.BadFileError: if a directory in it can't be listed.
            ValueError: if an argument is none of the above, or there are no images.
        """
        split_bounds(0, subset, self.validation_split)  # refuses what is no subset
        saving = saving_in(save_to_dir, save_prefix, save_format)
        suffixes = options.pop("suffixes", None)
        checked = self._options(
            seed,
            target_size=target_size,
            color_mode=color_mode,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            **options,
        )
        checked.check_outside(directory)
        check_outside("save_to_dir", save_to_dir, directory)
        files = scanned(
            directory,
            class_names=classes,
            follow_links=follow_links,
            suffixes=suffixes,
            unreadable="raise" if checked.bad_files == "raise" else "skip",
            names_argument="classes",
        )
        check_class_mode(class_mode, files.class_names)
        files = subset_of(files, subset, self.validation_split)
        origin = self._origin(checked, directory, class_mode, subset)
        return self._flow_of_files(files, checked, saving, origin, seed_is_drawn=seed is None)

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
        confine_to_directory: bool = False,
        **options: Any,
    ) -> Flow:
        """Return batches of the images that a table names.

        Args:
            dataframe: anything whose columns are `dataframe[name]`: a data frame of pandas or
                another library, or a dictionary of lists.
            directory: folder of the files; None if the table holds whole names.
            x_col: column of file names. `filenames` of the result are these names; each is joined
                to `directory`, so that an absolute one, or one with `..`, may lead out of it.
            y_col: column of targets; a list of columns for "raw" or "multi_output"; None for
                `class_mode` None or "input".
            weight_col: column of weights, or None. It needs targets to weight.
            target_size: as in `flow_from_directory`, and so are the arguments not named here.
            color_mode: see there.
            classes: names of classes, in the order of the labels; None for all, sorted. Rows of
                other classes are left out with a warning.
            class_mode: as in `flow_from_directory`, and "categorical" also takes lists of names,
                for float32 rows with a 1 for each, and zeros alone for an empty list; "raw" for the
                values of `y_col` as they are, numbers or arrays of one shape; "multi_output" for a
                tuple of them, one for each column.
            batch_size: see there.
            shuffle: see there.
            seed: see there.
            save_to_dir: see there.
            save_prefix: see there.
            save_format: see there.
            subset: "validation" for the first rows, as many as the generator's `validation_split`
                says, "training" for the rest; None for all. A warning names classes that only one
                of the two has: shuffle the rows of a table that is sorted by class.
            interpolation: see there.
            validate_filenames: whether to leave out, with a warning, rows without an image file.
                False saves looking for the files.
            confine_to_directory: whether to refuse a table with a file name that is absolute or has
                a part `..`. Names alone are looked at; links are followed wherever they lead.
            **options: of `kcore.data.from_files`; `keep_aspect_ratio` besides those there, and no
                `suffixes`.

        Returns:
            A `keras.utils.PyDataset` with a length; see `kcore.augment.Flow`.

        Raises:
            TypeError: if a column holds values of a wrong type, or none where one is needed; the
                error names the row.
            ValueError: if a column is missing, no row is left, or an argument is not allowed.
        """
        split_bounds(0, subset, self.validation_split)  # refuses what is no subset
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
        checked = self._options(
            seed,
            target_size=target_size,
            color_mode=color_mode,
            class_mode=table.class_mode_of_files,
            batch_size=batch_size,
            shuffle=shuffle,
            interpolation=interpolation,
            **options,
        )
        rows = table.rows(validate_filenames, subset, self.validation_split)
        return self._flow_of_files(
            rows.files,
            checked,
            saving,
            self._origin(checked, directory, class_mode, subset),
            seed_is_drawn=seed is None,
            targets=rows.targets,
            sample_weight=rows.sample_weight,
        )

    def _options(
        self,
        seed: int | None,
        *,
        class_mode: str | None,
        batch_size: int,
        shuffle: bool,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        **options: Any,
    ) -> FileOptions:
        """Check the options of a flow of files, all but those that count the files."""
        self._standardization.check_fitted(self._statistics())
        for name in options:
            if name not in _OPTIONS:
                raise TypeError(
                    f"The flow got an unexpected keyword argument {name!r}: besides those of "
                    f"legacy Keras there are {', '.join(_BESIDES_LEGACY)}."
                )
        pad_to_aspect_ratio = options.pop("pad_to_aspect_ratio", False)
        return file_options(
            label_mode=label_mode_of(class_mode),
            flat_binary=True,
            color_mode=color_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            interpolation=interpolation,
            data_format=self.data_format,
            **resizing_of(target_size, keep_aspect_ratio, pad_to_aspect_ratio),
            **options,
        )

    def _origin(
        self,
        options: FileOptions,
        directory: str | os.PathLike[str] | None,
        class_mode: str | None,
        subset: str | None,
    ) -> Origin:
        return Origin(
            target_size=options.decoding.image_shape[:2],
            directory=directory,
            class_mode=class_mode,
            color_mode=options.decoding.color_mode,
            interpolation=options.decoding.interpolation,
            subset=subset,
        )

    def _flow_of_files(
        self,
        files: ImageFiles,
        options: FileOptions,
        saving: Saving | None,
        origin: Origin,
        *,
        seed_is_drawn: bool,
        targets: Any = None,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Flow:
        say(f"Found {files.summary()}")
        seed = options.order(0).seed
        if seed_is_drawn:
            print_drawn(seed)
        image_shape = self._image_shape(options)
        augmentation = self._augmentation(seed, image_shape)
        options = replace(options, transform=Feed(augmentation, saving))
        files, targets, sample_weight = without_bad_files(files, options, targets, sample_weight)
        if options.cache is not None:
            needed = megabytes(options.cache_bytes(len(files)))
            say(f"The cache of decoded images takes {needed}.")
        kind = functools.partial(Flow, image_shape=image_shape, origin=origin)
        return batches_of(files, options, targets, sample_weight, kind)

    def _image_shape(self, options: FileOptions) -> tuple[int, ...]:
        *size, channels = options.decoding.image_shape
        is_last = self.data_format == "channels_last"
        return (*size, channels) if is_last else (channels, *size)

    def _augmentation(self, seed: int, image_shape: tuple[int, ...]) -> Augmentation:
        self._standardization.check_fitted(self._statistics(), image_shape)
        return Augmentation(
            self.recipe, self._standardization, self._statistics(), seed, self.dtype
        )
