"""Images that a model is tested on while it is trained."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._console import megabytes
from kcore.visualize._arrays import Names, as_class_indices, as_names, as_pixels

__all__ = ["Examples"]

Array = npt.NDArray[Any]

_CHOSEN = 8
# They stay in memory as long as training runs.
_MOST_BYTES = 2**30
# Rounding and interpolation can give a little more than 1.
_ABOVE_UNIT = 1.5


class Examples:
    """Images that the model takes, their classes, and how to show them.

    Args:
        examples: `(x, labels)`; or a dataset or another iterable of such batches, which is read
            once.
        pictures: the same images in the form in which to show them, uint8 or floating point in
            0..1; None to show `x`.
        class_names: the name of each class: a sequence in the order of the class indices, or a
            mapping of names to class indices; None for those of a dataset.

    Attributes:
        x: the images as the model takes them.
        labels: the class index of each.
        pictures: the images as pixels, uint8.
        names: the name of each class, or None.
        chosen: positions of the few images to show: in a pair the first ones, whose order the
            caller chose; in a dataset, which may be ordered by class, some from all parts of it.

    Raises:
        ValueError: if images, labels and pictures differ in number, can't be shown, or are too
            many to keep in memory.
    """

    def __init__(
        self, examples: Any, pictures: npt.ArrayLike | None = None, class_names: Names | None = None
    ):
        if class_names is None:  # a dataset of arrays has no names
            class_names = getattr(examples, "class_names", None) or None
        self.names = None if class_names is None else as_names(class_names)
        is_pair = isinstance(examples, (tuple, list))
        if is_pair and len(examples) != 2:
            raise ValueError("examples must be a pair: images and their classes.")
        x, labels = examples if is_pair else _read(examples)
        classes = None if self.names is None else len(self.names)
        self.x: Array = np.asarray(x)
        self.labels = as_class_indices("examples[1]", labels, classes)
        if pictures is None:
            self.pictures = _shown("examples[0]", self.x if is_pair else _in_unit(self.x))
        else:
            self.pictures = as_pixels("pictures", pictures)
        for name, array in (("examples[0]", self.x), ("pictures", self.pictures)):
            if len(array) != len(self.labels):
                raise ValueError(f"{name} holds {len(array)} images for {len(self.labels)} labels.")
        last = min(_CHOSEN, len(self.x)) if is_pair else len(self.x)
        self.chosen = np.unique(np.linspace(0, last - 1, _CHOSEN).round().astype(np.intp))


def _read(examples: Any) -> tuple[Array, Array]:
    """Return all images and labels of an iterable of batches, in the order of a dataset."""
    if isinstance(examples, (str, bytes, Mapping, np.ndarray)) or not hasattr(examples, "__iter__"):
        raise ValueError(
            f"examples is a {type(examples).__name__}; it must be a pair (x, labels), or a dataset "
            "or another iterable of such batches."
        )
    images: list[Array] = []
    labels: list[Array] = []
    size = 0
    for batch in _batches(examples):
        x, y = _pair(batch)
        images.append(x)
        labels.append(y)
        size += x.nbytes
        _check_size(size, examples, x)
    if not images:
        raise ValueError("examples holds no batch; give some images.")
    _check_shapes(images, labels)
    x, y = np.concatenate(images), np.concatenate(labels)
    order = _order(examples, len(x))
    return x[order], y[order]


def _batches(examples: Any) -> Iterable[Any]:
    """Return the batches, by index if that works: a loop would move a dataset to its next epoch."""
    if _is_dataset(examples):
        return (examples[number] for number in range(len(examples)))
    batches: Iterator[Any] = iter(examples)
    return batches


def _is_dataset(examples: Any) -> bool:
    """Tell whether it is a `keras.utils.PyDataset`, as the datasets of kcore are."""
    return hasattr(examples, "__getitem__") and hasattr(examples, "on_epoch_end")


def _order(examples: Any, count: int) -> Any:
    """Return the positions that put samples into the order of a dataset's indices."""
    if not (_is_dataset(examples) and hasattr(examples, "indices")):
        return slice(None)
    indices = np.concatenate([examples.indices(number) for number in range(len(examples))])
    # If a bad file was left out of its batch, there are fewer samples than indices.
    return np.argsort(indices, kind="stable") if len(indices) == count else slice(None)


def _pair(batch: Any) -> tuple[Array, Array]:
    if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
        raise ValueError(
            "examples must hold batches (x, labels), and "
            f"{_what(batch)} has no labels: give a dataset that has them."
        )
    x, labels = batch[:2]
    for name, value in (("x", x), ("labels", labels)):
        if isinstance(value, (tuple, list, Mapping)) and not _is_array_like(value):
            raise ValueError(
                f"examples holds batches whose {name} is a {type(value).__name__} of arrays; a "
                "report takes one input and one output."
            )
    return np.asarray(x), np.asarray(labels)


def _is_array_like(value: Any) -> bool:
    """Tell whether it is an array or a list of numbers, not a list of arrays."""
    return isinstance(value, list) and bool(value) and np.ndim(value[0]) == 0


def _what(batch: Any) -> str:
    shape = getattr(batch, "shape", None)
    return f"a {type(batch).__name__}" + ("" if shape is None else f" of shape {tuple(shape)}")


def _check_size(size: int, examples: Any, x: Array) -> None:
    """Refuse more than should stay in memory, before an endless iterable fills it."""
    batches = len(examples) if _is_dataset(examples) else 1
    if max(size, x.nbytes * (batches - 1)) > _MOST_BYTES:
        raise ValueError(
            f"examples holds more than {megabytes(_MOST_BYTES)} of images, which would stay in "
            "memory: give some of them, such as one batch (x, labels)."
        )


def _check_shapes(images: list[Array], labels: list[Array]) -> None:
    for name, arrays in (("x", images), ("labels", labels)):
        shapes = {array.shape[1:] for array in arrays}
        if len(shapes) > 1 or not all(array.ndim for array in arrays):
            shown = " and ".join(map(str, sorted({array.shape for array in arrays})[:2]))
            raise ValueError(f"examples holds batches whose {name} have the shapes {shown}.")


def _in_unit(x: Array) -> Array:
    """Divide floats in 0..255, as datasets of files give them, by 255."""
    is_float = np.issubdtype(x.dtype, np.floating)
    if is_float and x.size and x.min() >= 0 and _ABOVE_UNIT < x.max() <= 255:
        return x / np.float32(255)
    return x


def _shown(name: str, images: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    try:
        return as_pixels(name, images)
    except ValueError as error:
        raise ValueError(f"{error} Or give pictures, the images as they are to be shown.") from None
