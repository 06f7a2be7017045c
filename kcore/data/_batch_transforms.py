"""Check what a `transform` of a dataset asks for and returns, and take images from its batches."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeAlias

import keras
import numpy as np

from kcore.data._functions import asked_for

__all__ = [
    "Replayable", "Transform", "asks_for_targets", "check_asking", "check_replay", "checked_pair",
    "checked_transform", "copied", "first_of",
]  # fmt: skip

Transform: TypeAlias = Callable[..., Any]


class Replayable(ABC):
    """A transform that can show what it does to one image, without side effects."""

    @abstractmethod
    def replay(self, image: Any, index: int, epoch: int) -> Any:
        """Return an image as it is in the batch of an epoch."""

    @abstractmethod
    def parameters(self, index: int, epoch: int) -> dict[str, Any]:
        """Return how an image is transformed in an epoch."""


def asks_for_targets(transform: Callable[..., Any] | None) -> bool:
    """Return whether a function has a parameter named `targets`."""
    return transform is not None and bool(asked_for(transform, ["targets"]))


def check_asking(asks: bool, targets: Any) -> None:
    """Raise a ValueError if a transform asks for targets that don't exist before it is called."""
    if asks and (targets is None or isinstance(targets, str)):
        kind = "there are none" if targets is None else "'input' makes them from its result"
        raise ValueError(
            f"transform has a parameter named targets, but {kind}: give targets, or a transform of "
            "images, indices and epoch alone."
        )


def check_replay(asks: bool, index: int, epoch: int) -> None:
    """Raise a ValueError if one image alone can't be what the model receives in an epoch."""
    if asks:
        raise ValueError(
            f"index={index}, epoch={epoch}: the transform takes targets, and so may mix the images "
            "of a batch, which one image can't show. Set epoch and look at dataset[number]."
        )


def checked_pair(transform: Callable[..., Any], result: Any) -> tuple[Any, Any]:
    """Return what a transform that asks for targets returned.

    Raises:
        TypeError: if it is not a tuple of images and targets.
    """
    if not isinstance(result, tuple) or len(result) != 2:
        name = getattr(transform, "__name__", type(transform).__name__)
        kind = f"a tuple of {len(result)}" if isinstance(result, tuple) else type(result).__name__
        raise TypeError(
            f"transform={name} has a parameter named targets and returned {kind}: it must return "
            "(images, targets)."
        )
    return result


def copied(images: Any) -> Any:
    """Return a copy of a batch's images, an array or a structure of arrays."""
    return keras.tree.map_structure(lambda array: np.array(array), images)


def first_of(images: Any) -> Any:
    """Return the first image of a batch, or of each array in a structure of batches."""
    return keras.tree.map_structure(lambda array: np.asarray(array[0]), images)


def checked_transform(transform: Transform | None) -> Transform | None:
    """Return `transform`, or say that it must be a function."""
    if transform is not None and not callable(transform):
        raise ValueError(
            f"transform={transform!r} must be a function of images, indices and epoch, or None."
        )
    return transform
