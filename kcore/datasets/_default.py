"""A dataset to start with: the real Fashion-MNIST, or scenes where that can't be reached."""

import os
from dataclasses import dataclass

import numpy as np

from kcore._arguments import check_path
from kcore._warning import warn
from kcore.datasets import fashion_mnist, scenes
from kcore.datasets._arrays import Images, Labels
from kcore.datasets._errors import DatasetNotFoundError, SyntheticDataWarning

__all__ = ["ImageDataset", "load"]

SYNTHETIC_TRAIN, SYNTHETIC_TEST = 12_000, 2_000


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Gray images in ten classes, split for training and testing.

    Attributes:
        name: "Fashion-MNIST" or "scenes".
        x_train: uint8 of shape (count, 28, 28).
        y_train: uint8 of shape (count,), indices into `class_names`.
        x_test: uint8 of shape (count, 28, 28).
        y_test: uint8 of shape (count,).
        class_names: ten names.
    """

    name: str
    x_train: Images
    y_train: Labels
    x_test: Images
    y_test: Labels
    class_names: tuple[str, ...]


def load(source: str | os.PathLike[str] = "auto") -> ImageDataset:
    """Load ten classes of gray 28 by 28 images, from Fashion-MNIST or from drawn scenes.

    The scenes are 12,000 training and 2,000 test images in ten classes of their own. Results on
    them say nothing about Fashion-MNIST, so a warning tells where they stand in for it, and the
    dataset carries another name.

    Args:
        source: `"auto"` for Fashion-MNIST, or scenes if it can neither be found nor downloaded;
            `"fashion-mnist"` for Fashion-MNIST and nothing else; `"scenes"`; or the path of a
            directory that holds Fashion-MNIST's four files.

    Warns:
        SyntheticDataWarning: if `"auto"` returns scenes; with the places tried and what to do.

    Raises:
        CorruptFileError: if Fashion-MNIST was found but is damaged.
        MissingFilesError: if Fashion-MNIST was found but is incomplete.
        ValueError: if `source` is none of these.
        DatasetNotFoundError: if `"fashion-mnist"` can neither be found nor downloaded.

    Example:
        >>> dataset = load()
        >>> dataset.name, dataset.x_train.shape[1:], len(dataset.class_names)
        ('Fashion-MNIST', (28, 28), 10)
    """
    check_path("source", source, "directory")
    if source == "scenes":
        return _scenes()
    path = None if source in ("auto", "fashion-mnist") else source
    if path is not None and not check_path("source", path, "directory").is_dir():
        raise ValueError(
            f"source={str(source)!r} is neither 'auto', 'fashion-mnist', 'scenes' nor a directory."
        )
    try:
        train, test = fashion_mnist.load_data(path)
    except DatasetNotFoundError as error:
        if source != "auto":
            raise
        warn(_explain(error), SyntheticDataWarning)
        return _scenes()
    return ImageDataset("Fashion-MNIST", *train, *test, fashion_mnist.CLASS_NAMES)


def _explain(error: DatasetNotFoundError) -> str:
    return (
        f"{error}\nUntil then, {SYNTHETIC_TRAIN:,} training and {SYNTHETIC_TEST:,} test images of "
        "drawn scenes stand in for it: SYNTHETIC DATA with other classes, on which results say "
        "nothing about Fashion-MNIST."
    )


def _scenes() -> ImageDataset:
    (x_train, y_train), (x_test, y_test) = scenes.load_data(
        SYNTHETIC_TRAIN, SYNTHETIC_TEST, image_size=(28, 28)
    )
    return ImageDataset(
        "scenes", _gray(x_train), y_train, _gray(x_test), y_test, scenes.CLASS_NAMES
    )


def _gray(images: Images) -> Images:
    """Return the luma of ITU-R BT.601, in integers so that no rounding depends on the CPU."""
    red, green, blue = np.moveaxis(images, -1, 0).astype(np.uint32)
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)
