"""Pair images with their masks: files of two folders or lists, or arrays."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_path
from kcore.augment._recipe import Recipe
from kcore.data import ImageFiles, scan

__all__ = ["Pictures", "are_arrays", "check_options_of_files", "checked_masks", "paired_files"]

Pictures: TypeAlias = (
    str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | ImageFiles | npt.ArrayLike
)

_Array = npt.NDArray[Any]

# float32, in which pixels are computed, holds every integer up to here.
_LARGEST_LABEL = 2**24


def are_arrays(images: Any, masks: Any) -> bool:
    """Return whether images and masks are arrays, rather than folders or lists of files.

    Raises:
        TypeError: if only one of them is.
    """
    kinds = {_is_array(images), _is_array(masks)}
    if len(kinds) > 1:
        raise TypeError(
            f"images is of type {type(images).__name__} and masks of type {type(masks).__name__}: "
            "give two folders, two lists of files, or two arrays."
        )
    return kinds.pop()


def _is_array(values: Any) -> bool:
    """Return whether values are an array of pixels, rather than a column of file names."""
    # A model or a layer has a dtype too, which is a name.
    return hasattr(getattr(values, "dtype", None), "kind") and values.dtype.kind not in "OUT"


def check_options_of_files(options: Mapping[str, Any]) -> None:
    """Raise a TypeError if an option that is for files alone was given with arrays."""
    for name, value in options.items():
        default = _DEFAULTS[name]
        if not (value is default or (isinstance(value, type(default)) and value == default)):
            raise TypeError(
                f"{name}={value!r} is for files, and images and masks are arrays: leave out "
                f"{', '.join(_DEFAULTS)}."
            )


_DEFAULTS = {
    "target_size": None,
    "color_mode": "rgb",
    "interpolation": "nearest",
    "keep_aspect_ratio": False,
    "draft": False,
    "bad_files": "raise",
    "cache": None,
}


def checked_masks(images: _Array, masks: Any, recipe: Recipe) -> _Array:
    """Return masks of images in memory.

    Raises:
        ValueError: if their shape or dtype doesn't fit.
    """
    checked = np.asarray(masks)
    size = (len(images), *recipe.spatial_shape(images.shape[1:]))
    first = recipe.data_format == "channels_first"
    shapes = (size, (size[0], 1, *size[1:]) if first else (*size, 1))
    if checked.shape not in shapes:
        raise ValueError(
            f"masks with shape {checked.shape} must have shape {shapes[0]} or {shapes[1]}, as "
            f"images has shape {images.shape}."
        )
    if checked.dtype.kind not in "buif" or (
        checked.dtype.kind in "ui" and checked.size and np.abs(checked).max() > _LARGEST_LABEL
    ):
        raise ValueError(
            f"masks with dtype {checked.dtype} must hold numbers, integers up to {_LARGEST_LABEL}."
        )
    return checked


def paired_files(images: Any, masks: Any) -> tuple[ImageFiles, ImageFiles]:
    """Return the files of images, and those of their masks in the same order.

    Files of two folders belong together if their names are the same except for the suffix, files
    of two lists if their positions are.

    Raises:
        FileNotFoundError, NotADirectoryError: if there is no such folder.
        ValueError: if a file has no partner, or there are no files.
    """
    if isinstance(images, str | os.PathLike) and isinstance(masks, str | os.PathLike):
        for name, folder in (("images", images), ("masks", masks)):
            check_path(name, folder, "directory")
        return _partners(scan(images), scan(masks), images, masks)
    files, mask_files = _listed("images", images), _listed("masks", masks)
    if len(files) != len(mask_files) or not len(files):
        raise ValueError(
            f"images names {len(files)} files and masks {len(mask_files)}: give one mask for each "
            "image, in the same order."
        )
    return files, mask_files


def _listed(name: str, files: Any) -> ImageFiles:
    if isinstance(files, ImageFiles):
        return files
    if isinstance(files, str | os.PathLike | Mapping) or not hasattr(files, "__iter__"):
        raise TypeError(
            f"{name} is of type {type(files).__name__}: give two folders, two lists of files, or "
            "two arrays."
        )
    return ImageFiles.from_paths(list(files))


def _partners(
    images: ImageFiles, masks: ImageFiles, folder: Any, mask_folder: Any
) -> tuple[ImageFiles, ImageFiles]:
    of_images, of_masks = _by_stem(images, folder), _by_stem(masks, mask_folder)
    alone = sorted(of_images.keys() ^ of_masks.keys())
    if alone:
        has_image = alone[0] in of_images
        here, there = (folder, mask_folder) if has_image else (mask_folder, folder)
        raise ValueError(
            f"{len(alone)} files have no partner; the first is {alone[0]!r} of {str(here)!r}, "
            f"which {str(there)!r} lacks. Images and masks need the same names except for the "
            "suffix; otherwise give two lists of files in the same order."
        )
    return images, masks.select([of_masks[stem] for stem in of_images])


def _by_stem(files: ImageFiles, folder: Any) -> dict[str, int]:
    """Return the index of each file by its name relative to the folder, without its suffix."""
    found: dict[str, int] = {}
    for index, name in enumerate(files.filenames):
        stem = PurePath(name).with_suffix("").as_posix()
        if stem in found:
            raise ValueError(
                f"{str(Path(folder))!r} holds two files {stem!r} that differ in their suffixes "
                "alone: which one is meant? Give two lists of files."
            )
        found[stem] = index
    return found
