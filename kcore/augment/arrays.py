"""The arrays that `ImageDataGenerator.flow` takes: checked, and one subset of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.augment.subsets import split_bounds

__all__ = ["Arrays", "arrays_of"]

_Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Arrays:
    """What a flow takes its batches from, all of one length.

    Attributes:
        images: (n, height, width, channels), or with the channels first.
        further_inputs: what the model gets beside the images.
        targets: n targets, or None.
        sample_weight: n weights, or None.
    """

    images: _Array
    further_inputs: list[_Array]
    targets: _Array | None
    sample_weight: _Array | None


def arrays_of(
    x: Any,
    y: npt.ArrayLike | None,
    sample_weight: npt.ArrayLike | None,
    subset: str | None,
    validation_split: float,
    ignore_class_split: bool,
) -> Arrays:
    """Return the subset of the arrays that `ImageDataGenerator.flow` takes; see there.

    Raises:
        ValueError: if the arrays have different lengths, the images other than four axes, or the
            two subsets don't have the same classes.
    """
    images, further_inputs = _images_and_inputs(x)
    targets, weights = _maybe(y), _maybe(sample_weight)
    if weights is not None and targets is None:
        raise ValueError("sample_weight is given without y; weights belong to targets.")
    others = {"y": targets, "sample_weight": weights}
    others |= {f"x[1][{place}]": values for place, values in enumerate(further_inputs)}
    for name, values in others.items():
        if values is not None and values.ndim == 0:
            raise ValueError(
                f"{name} has shape (): give an array of one entry for each of the {len(images)} "
                "images."
            )
        if values is not None and len(values) != len(images):
            raise ValueError(f"x holds {len(images)} images, but {name} has {len(values)} entries.")
    start, stop = split_bounds(len(images), subset, validation_split)
    if start == stop:
        raise ValueError(
            f"There are no images to flow: x holds {len(images)}, and subset={subset!r} with "
            f"validation_split={validation_split} takes none of them."
        )
    if subset is not None and targets is not None and not ignore_class_split:
        _check_classes(targets, stop if subset == "validation" else start)
    return Arrays(
        images=images[start:stop],
        further_inputs=[values[start:stop] for values in further_inputs],
        targets=None if targets is None else targets[start:stop],
        sample_weight=None if weights is None else weights[start:stop],
    )


def _images_and_inputs(x: Any) -> tuple[_Array, list[_Array]]:
    further: list[_Array] = []
    if isinstance(x, tuple | list):
        if len(x) != 2:
            raise ValueError(
                f"x is a {type(x).__name__} of {len(x)} entries: give an array of images, or "
                "(images, further inputs of the model)."
            )
        x, others = x
        further = [
            np.asarray(values) for values in (others if isinstance(others, list) else [others])
        ]
    images = np.asarray(x)
    if images.ndim != 4:
        raise ValueError(
            f"x has shape {images.shape}: images have four axes, (n, height, width, channels) or "
            "(n, channels, height, width)."
        )
    return images, further


def _maybe(values: npt.ArrayLike | None) -> _Array | None:
    return None if values is None else np.asarray(values)


def _check_classes(y: _Array, border: int) -> None:
    validation, training = np.unique(y[:border]), np.unique(y[border:])
    if not np.array_equal(validation, training):
        raise ValueError(
            "The two subsets don't have the same classes. The first part of x is for validation: "
            "shuffle x and y together before, or give ignore_class_split=True."
        )
