"""Images on which a training is judged as it goes on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.visualize.arrays import as_class_indices, as_pixels

__all__ = ["Examples"]


class Examples:
    """Images that the model takes, their classes, and what to show of them.

    Attributes:
        x: the images as the model takes them.
        labels: the class index of each.
        pictures: the images as pixels, uint8.

    Raises:
        ValueError: if they don't belong together, or can't be shown.
    """

    def __init__(
        self,
        examples: tuple[npt.ArrayLike, npt.ArrayLike],
        pictures: npt.ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
    ):
        if not isinstance(examples, (tuple, list)) or len(examples) != 2:
            raise ValueError("examples must be a pair: images and their class indices.")
        classes = None if class_names is None else len(class_names)
        self.x: npt.NDArray[Any] = np.asarray(examples[0])
        self.labels = as_class_indices("examples[1]", examples[1], classes)
        if pictures is None:
            self.pictures = _shown("examples[0]", self.x)
        else:
            self.pictures = as_pixels("pictures", pictures)
        for name, array in (("examples[0]", self.x), ("pictures", self.pictures)):
            if len(array) != len(self.labels):
                raise ValueError(f"{name} holds {len(array)} images for {len(self.labels)} labels.")


def _shown(name: str, images: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    try:
        return as_pixels(name, images)
    except ValueError as error:
        raise ValueError(f"{error} Or give pictures, the images as they are to be shown.") from None
