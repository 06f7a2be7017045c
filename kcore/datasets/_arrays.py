"""Types of the arrays in a dataset."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Images", "Labels", "Split"]

Images: TypeAlias = npt.NDArray[np.uint8]
"""Images, 0 to 255, of shape (count, height, width) if gray or (count, height, width, 3) if RGB."""

Labels: TypeAlias = npt.NDArray[np.uint8]
"""A class index for each image, of shape (count,)."""

Split: TypeAlias = tuple[Images, Labels]
"""Images and labels for training, or for testing."""
