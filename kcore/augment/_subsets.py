"""Split images into two subsets as legacy Keras does: validation is the first part."""

import numpy as np

from kcore._arguments import check_choice
from kcore.data import ImageFiles

__all__ = ["SUBSETS", "check_subset", "split_bounds", "subset_of"]

SUBSETS = ("training", "validation")


def check_subset(subset: str | None, validation_split: float) -> None:
    """Raise a ValueError if `subset` is unknown, or there is no fraction to split by."""
    if subset is None:
        return
    check_choice("subset", subset, SUBSETS)
    if not validation_split:
        raise ValueError(
            f"subset={subset!r} needs a generator with a validation_split, such as "
            "ImageDataGenerator(validation_split=0.2)."
        )


def split_bounds(count: int, subset: str | None, validation_split: float) -> tuple[int, int]:
    """Return where a subset of `count` items begins and ends: validation is the first part.

    Raises:
        ValueError: if `subset` is unknown, or there is no fraction to split by.
    """
    check_subset(subset, validation_split)
    if subset is None:
        return 0, count
    border = int(count * validation_split)
    return (0, border) if subset == "validation" else (border, count)


def subset_of(files: ImageFiles, subset: str | None, validation_split: float) -> ImageFiles:
    """Return the files of a subset: of each class, the first ones are for validation.

    Raises:
        ValueError: as `split_bounds` does, or if there are no files in the subset.
    """
    if subset is None:
        return files
    labels = np.zeros(len(files), np.int32) if files.labels is None else files.labels
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        start, stop = split_bounds(len(members), subset, validation_split)
        chosen.append(members[start:stop])
    indices = np.concatenate(chosen)
    if not len(indices):
        raise ValueError(
            f"subset={subset!r} with validation_split={validation_split} takes none of the "
            f"{len(files)} images."
        )
    return files.select(indices)
