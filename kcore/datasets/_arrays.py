"""The arrays that datasets are made of."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Images", "Labels", "Split"]

Images: TypeAlias = npt.NDArray[np.uint8]
"""Images, 0 to 255, of shape (image, row, column) if gray or (image, row, column, 3) if RGB."""

Labels: TypeAlias = npt.NDArray[np.uint8]
"""One class index for each image."""

Split: TypeAlias = tuple[Images, Labels]
"""The images and labels to train, or to test, with."""
