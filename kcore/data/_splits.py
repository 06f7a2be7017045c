"""Split files into training and validation, class by class, by a seed."""

from typing import Any

import numpy as np

from kcore import random
from kcore._arguments import check_choice, check_fraction
from kcore.data._image_files import ImageFiles, check_files

__all__ = ["SUBSETS", "check_subset", "parts_of", "split"]

SUBSETS = ("training", "validation", "both")
_STREAM = 0x73706C69  # keeps the draws of splits apart from all others of a seed


def split(files: ImageFiles, validation_split: float, seed: int) -> tuple[ImageFiles, ImageFiles]:
    """Split files into training and validation, class by class.

    The same fraction of each class goes into validation, rounded to an integer number of files; of
    a class of two or more files, at least one goes into each part. Which files these are depends on
    the seed and on the number of files of the class, not on the other classes.

    Args:
        files: the files, with or without classes.
        validation_split: the fraction for validation, 0 <= validation_split < 1.
        seed: integer, 0 <= seed < 2**64.

    Returns:
        (training, validation), each in the order of `files`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> import kcore
        >>> files = kcore.data.ImageFiles.from_paths(
        ...     [f"{number}.png" for number in range(8)], [0] * 4 + [1] * 4, ["cat", "dog"]
        ... )
        >>> training, validation = kcore.data.split(files, 0.25, seed=3)
        >>> training.counts(), validation.counts()
        ({'cat': 3, 'dog': 3}, {'cat': 1, 'dog': 1})
    """
    check_files(files)
    fraction = check_fraction("validation_split", validation_split)
    key = random.fold_in(random.key(seed), _STREAM)
    in_validation = np.zeros(len(files), bool)
    for label, members in enumerate(_members(files)):
        share = _share(len(members), fraction)
        if share:
            order = random.permutation(random.fold_in(key, label), len(members))
            in_validation[members[order[:share]]] = True
    return files.select(np.flatnonzero(~in_validation)), files.select(np.flatnonzero(in_validation))


def check_subset(validation_split: float | None, subset: str | None, seed: int | None) -> float:
    """Return the split as a fraction, or raise a ValueError if the arguments conflict."""
    is_split = validation_split is not None
    fraction = check_fraction("validation_split", validation_split) if is_split else 0.0
    if subset is None:
        if fraction:
            raise ValueError(
                f"validation_split={validation_split!r} needs subset='training', 'validation' or "
                "'both'."
            )
        return fraction
    check_choice("subset", subset, SUBSETS)
    if not fraction:
        raise ValueError(f"subset={subset!r} needs a validation_split above 0.")
    if seed is None and subset != "both":
        raise ValueError(
            f"subset={subset!r} needs a seed, the same for both parts, or they overlap. "
            "subset='both' makes both parts at once and draws a seed."
        )
    return fraction


def parts_of(
    files: ImageFiles, validation_split: float, subset: str | None, seed: int
) -> tuple[ImageFiles, ...]:
    """Return the files of `subset`: one part, or (training, validation) for "both"."""
    if subset is None:
        return (files,)
    training, validation = split(files, validation_split, seed)
    return {
        "training": (training,),
        "validation": (validation,),
        "both": (training, validation),
    }[subset]


def _members(files: ImageFiles) -> list[np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the indices of the files of each class; of all files where there are no classes."""
    if files.labels is None:
        return [np.arange(len(files))]
    ends = np.cumsum(np.bincount(files.labels, minlength=len(files.class_names)))
    return np.split(np.argsort(files.labels, kind="stable"), ends[:-1])


def _share(members: int, fraction: float) -> int:
    if members < 2 or not fraction:
        return 0
    return min(max(round(members * fraction), 1), members - 1)
