"""Load a dataset to start with: Fashion-MNIST, or drawn scenes if it can't be reached."""

import os
from dataclasses import dataclass

import numpy as np
from PIL import Image

from kcore import _notebook
from kcore._arguments import check_path
from kcore._warning import warn
from kcore.datasets import fashion_mnist, scenes
from kcore.datasets._arrays import Images, Labels
from kcore.datasets._errors import DatasetNotFoundError, SyntheticDataWarning
from kcore.datasets._posed_scenes import posed_scenes

__all__ = ["ImageDataset", "load"]

SYNTHETIC_TRAIN, SYNTHETIC_TEST = 12_000, 2_000
SYNTHETIC_NOTE = (
    "SYNTHETIC DATA: the images are drawn scenes, and results on them say nothing about "
    "Fashion-MNIST."
)


@dataclass(frozen=True, eq=False, repr=False)
class ImageDataset:
    """Gray images of ten classes, split for training and testing.

    A notebook shows the numbers of images and one image of each class.

    Attributes:
        name: "Fashion-MNIST" or "scenes".
        x_train: training images, uint8 of shape (count, 28, 28), 0 to 255.
        y_train: their labels, uint8 of shape (count,), indices into `class_names`.
        x_test: test images, uint8 of shape (count, 28, 28), 0 to 255.
        y_test: their labels, uint8 of shape (count,), indices into `class_names`.
        class_names: the names of the ten classes.
        note: what must be said with every result, such as that the images are synthetic and how to
            get the real ones; empty for Fashion-MNIST.
    """

    name: str
    x_train: Images
    y_train: Labels
    x_test: Images
    y_test: Labels
    class_names: tuple[str, ...]
    note: str = ""

    def __repr__(self) -> str:
        facts = ", ".join(f"{value} {name}" for name, value in self._facts())
        return f"<ImageDataset {self.name!r}: {facts}>"

    def _repr_html_(self) -> str:
        shown = [
            _notebook.picture(
                Image.fromarray(self.x_train[index]), self.class_names[label], scale=2
            )
            for label, index in zip(*np.unique(self.y_train, return_index=True), strict=True)
        ]
        return _notebook.join(_notebook.summary(self.name, self._facts()), *shown)

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("training images", f"{len(self.x_train):,}"),
            ("test images", f"{len(self.x_test):,}"),
            ("pixels", "×".join(str(length) for length in self.x_train.shape[1:3])),
            ("classes", str(len(self.class_names))),
        ]


def load(source: str | os.PathLike[str] = "auto") -> ImageDataset:
    """Load ten classes of gray images of 28×28 pixels: Fashion-MNIST or drawn scenes.

    The scenes are 12,000 training and 2,000 test images in ten other classes. They are about as
    easy as Fashion-MNIST, and easier than those of `kcore.datasets.scenes.load_data`: the object is
    large, nearly upright, and lighter than what is around it. Results on them say nothing about
    Fashion-MNIST, so a warning is given if they replace it, and the dataset has another name and a
    note.

    Args:
        source: `"auto"` for Fashion-MNIST, or scenes if it can neither be found nor downloaded;
            `"fashion-mnist"` for Fashion-MNIST only; `"scenes"` for scenes only; or the path of a
            directory with the four files of Fashion-MNIST.

    Returns:
        An `ImageDataset` with the arrays `x_train`, `y_train`, `x_test`, `y_test`.

    Warns:
        SyntheticDataWarning: if `"auto"` returns scenes; it says what was tried and what to do.

    Raises:
        CorruptFileError: if Fashion-MNIST was found but is damaged.
        MissingFilesError: if Fashion-MNIST was found but is incomplete.
        ValueError: if `source` is neither one of these words nor a directory.
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
            f"source={str(source)!r} is not a directory; give the path of one, 'auto', "
            "'fashion-mnist' or 'scenes'."
        )
    try:
        train, test = fashion_mnist.load_data(path)
    except DatasetNotFoundError as error:
        if source != "auto":
            raise
        warn(_explain(error), SyntheticDataWarning)
        return _scenes(fashion_mnist.REMEDY)
    return ImageDataset("Fashion-MNIST", *train, *test, fashion_mnist.CLASS_NAMES)


def _explain(error: DatasetNotFoundError) -> str:
    return (
        f"{error}\nUntil then, {SYNTHETIC_TRAIN:,} training and {SYNTHETIC_TEST:,} test images of "
        "drawn scenes replace it: SYNTHETIC DATA with other classes. Results on them say nothing "
        "about Fashion-MNIST."
    )


def _scenes(remedy: str = "") -> ImageDataset:
    train, test = posed_scenes(SYNTHETIC_TRAIN, SYNTHETIC_TEST)
    note = f"{SYNTHETIC_NOTE} {remedy}".rstrip()
    return ImageDataset("scenes", *train, *test, scenes.CLASS_NAMES, note)
