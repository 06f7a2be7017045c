"""Check the arrays that `ImageDataGenerator.flow` takes, and select a subset of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_switch
from kcore.augment._subsets import split_bounds
from kcore.data._array_groups import ArrayGroup, as_array, as_images, as_targets, selected

__all__ = ["Arrays", "arrays_of"]

_Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Arrays:
    """The arrays from which a flow makes its batches, all of one length.

    Attributes:
        images: (n, height, width, channels), or with the channels first.
        further_inputs: arrays that the model gets besides the images.
        targets: n targets, or those of several outputs, or None.
        sample_weight: n weights, or None.
    """

    images: _Array
    further_inputs: list[_Array]
    targets: _Array | ArrayGroup | None
    sample_weight: _Array | None


def arrays_of(
    x: Any,
    y: Any,
    sample_weight: npt.ArrayLike | None,
    subset: str | None,
    validation_split: float,
    ignore_class_split: bool,
) -> Arrays:
    """Return a subset of the arrays that `ImageDataGenerator.flow` takes by the same names.

    Args:
        x: images, or a tuple of them and of further inputs.
        y: targets, those of several outputs, or None.
        sample_weight: one weight for each image, or None.
        subset: "training", "validation" or None for all.
        validation_split: fraction of the images that are for validation.
        ignore_class_split: whether to allow subsets with different classes.

    Raises:
        TypeError: if an argument is not an array, such as a range or an iterator.
        ValueError: if the arrays have different lengths, the images don't have four axes, or the
            two subsets don't have the same classes.
    """
    images, further_inputs = _images_and_inputs(x)
    targets = as_targets("y", y, len(images))
    weights = as_array("sample_weight", sample_weight, len(images))
    if not isinstance(targets, np.ndarray | ArrayGroup | None):
        raise TypeError(
            f"y is of type {type(y).__name__}: give an array, or a list or dictionary of arrays."
        )
    if weights is not None and targets is None:
        raise ValueError("sample_weight is given without y; weights belong to targets.")
    ignore_class_split = check_switch("ignore_class_split", ignore_class_split)
    start, stop = split_bounds(len(images), subset, validation_split)
    if start == stop:
        raise ValueError(
            f"There are no images to flow: x holds {len(images)}, and subset={subset!r} with "
            f"validation_split={validation_split} takes none of them."
        )
    if subset is not None and targets is not None and not ignore_class_split:
        _check_classes(targets, stop if subset == "validation" else start)
    part = slice(start, stop)
    return Arrays(
        images=images[part],
        further_inputs=[values[part] for values in further_inputs],
        targets=selected(targets, part),
        sample_weight=selected(weights, part),
    )


def _images_and_inputs(x: Any) -> tuple[_Array, list[_Array]]:
    others: list[Any] = []
    if isinstance(x, tuple | list):
        if len(x) != 2:
            raise ValueError(
                f"x is a {type(x).__name__} of {len(x)} entries: give an array of images, or "
                "(images, further inputs of the model)."
            )
        x, others = x
        others = others if isinstance(others, list) else [others]
    images = as_images(x)
    if isinstance(images, ArrayGroup):
        raise TypeError(
            "x is a dictionary: give an array of images, or (images, further inputs). "
            "kcore.data.from_arrays takes a dictionary."
        )
    if images.ndim != 4:
        raise ValueError(
            f"x has shape {images.shape}: images have four axes, (n, height, width, channels) or "
            "(n, channels, height, width)."
        )
    further = [
        as_array(f"x[1][{position}]", values, len(images)) for position, values in enumerate(others)
    ]
    return images, further


def _check_classes(y: _Array | ArrayGroup, border: int) -> None:
    """Raise a ValueError if a class of one of the outputs is in only one of the subsets."""
    outputs = {"y": y} if isinstance(y, np.ndarray) else y.arrays
    for name, targets in outputs.items():
        of_validation, of_training = _classes(targets[:border]), _classes(targets[border:])
        if of_validation != of_training:
            where = "" if isinstance(y, np.ndarray) else f" of y[{name!r}]"
            lost = sorted(of_validation ^ of_training)
            raise ValueError(
                f"The two subsets don't have the same classes{where}: only one of them has "
                f"{', '.join(map(str, lost[:10]))}{', ...' * (len(lost) > 10)}. The first part of "
                "x is for validation: shuffle x and y together first, or give "
                "ignore_class_split=True."
            )


def _classes(targets: _Array) -> set[Any]:
    """Return the classes: the columns of one-hot rows that hold a one, else the values."""
    if targets.ndim == 2 and targets.shape[1] > 1 and np.isin(targets, (0, 1)).all():
        return set(np.flatnonzero(targets.any(axis=0)).tolist())
    return set(np.unique(targets).tolist())
