"""Make single scenes by their index, and arrays of scenes."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kcore._arguments import check_integer
from kcore._progress import progress_bar
from kcore.datasets._arrays import Split
from kcore.datasets.scenes._painting import Scene, paint
from kcore.datasets.scenes._parameters import draw_parameters
from kcore.datasets.scenes._silhouettes import CLASS_NAMES

__all__ = ["PROGRESS_DELAY", "check_count", "draw_splits", "load_data", "scene"]

PROGRESS_DELAY = 2.0
"""Seconds after which a progress bar appears."""


def scene(
    index: int,
    *,
    image_size: tuple[int, int] = (64, 64),
    classes: Sequence[str] = CLASS_NAMES,
    seed: int = 0,
    split: str = "train",
) -> Scene:
    """Make the scene with a given index.

    A scene depends only on its arguments, not on the scenes made before. Except for the noise, the
    same index shows the same scene at every image size, finer or coarser.

    Args:
        index: index of the scene, 0 or greater.
        image_size: height and width in pixels, each at least 8.
        classes: names from `CLASS_NAMES`. Scene `index` shows `classes[index % len(classes)]`.
        seed: 0 to 2**64 - 1; each seed gives different scenes.
        split: "train", "validation" or "test"; each has different scenes.

    Returns:
        A `Scene`: image, label and bounding box of the object.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> ring = scene(1, image_size=(48, 64))
        >>> ring.image.shape, CLASS_NAMES[ring.label], ring.box
        ((48, 64, 3), 'ring', (7, 23, 42, 58))
    """
    return paint(draw_parameters(index, classes=classes, seed=seed, split=split), image_size)


def load_data(
    train: int = 2000,
    test: int = 500,
    *,
    image_size: tuple[int, int] = (64, 64),
    classes: Sequence[str] = CLASS_NAMES,
    seed: int = 0,
) -> tuple[Split, Split]:
    """Make a labeled dataset of scenes.

    The classes take turns, so their numbers of images differ by at most one. A progress bar is
    shown on stderr if the work takes longer than two seconds.

    Args:
        train: number of training images: scenes 0 to `train - 1` of the split "train".
        test: number of test images: scenes 0 to `test - 1` of the split "test".
        image_size: height and width in pixels, each at least 8.
        classes: names from `CLASS_NAMES`; a label is an index into them.
        seed: 0 to 2**64 - 1; each seed gives different scenes.

    Returns:
        `((x_train, y_train), (x_test, y_test))`. Images are uint8 of shape (count, height, width,
        3), RGB, 0 to 255; labels are uint8 of shape (count,).

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data(6, 4, classes=("ball", "star"))
        >>> x_train.shape, y_train, x_test.shape
        ((6, 64, 64, 3), array([0, 1, 0, 1, 0, 1], dtype=uint8), (4, 64, 64, 3))
    """
    counts = {"train": train, "test": test}
    for split, count in counts.items():
        check_count(split, count)
    make = functools.partial(scene, image_size=image_size, classes=classes, seed=seed)
    make(0)  # refuse wrong arguments even if no scene is to be made
    return draw_splits(make, train, test, image_size)


def draw_splits(
    make: Callable[..., Scene], train: int, test: int, image_size: tuple[int, int]
) -> tuple[Split, Split]:
    """Make the arrays that `load_data` returns, of the scenes `make(index, split=...)`."""
    with progress_bar("Drawing scenes", train + test, delay=PROGRESS_DELAY) as progress:
        return (
            _draw_split(functools.partial(make, split="train"), train, image_size, progress),
            _draw_split(functools.partial(make, split="test"), test, image_size, progress),
        )


def check_count(name: str, count: int) -> None:
    """Refuse anything but an integer of at least 0."""
    check_integer(name, count, minimum=0)


def _draw_split(
    make: Callable[[int], Scene], count: int, image_size: tuple[int, int], progress: Any
) -> Split:
    images = np.empty((count, *image_size, 3), np.uint8)
    labels = np.empty(count, np.uint8)
    for index in range(count):
        made = make(index)
        images[index], labels[index] = made.image, made.label
        progress.update()
    return images, labels
