"""Deliver pixels as uint8: which options allow it, which images, and how values are rounded."""

import contextlib
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.augment._recipe import Recipe
from kcore.augment._standardization import Standardization

__all__ = ["as_uint8", "check_options", "check_pixels", "dtype_name", "rounded"]

_Array = npt.NDArray[Any]
_REMEDY = (
    "leave it out and let the model do it, as kcore.models.cnn(rescale=1 / 255) does, or use "
    "dtype='float32'."
)


def dtype_name(dtype: npt.DTypeLike) -> Any:
    """Return the name of a dtype, or what is not a dtype unchanged, for an error message."""
    # np.float32 and the like have names too; a name may be a string that C can't read.
    with contextlib.suppress(TypeError, ValueError):
        return None if dtype is None else np.dtype(dtype).name  # NumPy takes None for float64
    return dtype


def check_options(
    dtype: str, recipe: Recipe, standardization: Standardization | None = None
) -> None:
    """Raise a ValueError if the dtype is uint8 and the result would not be pixels in 0..255.

    A `preprocessing_function` is allowed: `as_uint8` checks what it returns.
    """
    if dtype != "uint8":
        return
    if recipe.rescale not in (None, 1):
        raise ValueError(f"rescale={recipe.rescale!r} doesn't go with dtype='uint8': {_REMEDY}")
    if recipe.fill_mode == "constant" and not 0 <= recipe.cval <= 255:
        raise ValueError(f"cval={recipe.cval!r} is out of range: dtype='uint8' holds 0 to 255.")
    for name in () if standardization is None else standardization.active_steps:
        raise ValueError(f"{name}=True doesn't go with dtype='uint8': {_REMEDY}")


def check_pixels(name: str, images: _Array) -> None:
    """Raise a ValueError if images have values that uint8 can't hold, or are scaled to 0..1."""
    if images.dtype in (np.uint8, np.bool_) or not images.size:
        return
    least, greatest = images.min(), images.max()
    if not (least >= 0 and greatest <= 255):
        raise ValueError(
            f"{name} with values from {least:g} to {greatest:g} doesn't go with dtype='uint8': "
            "give images of 0 to 255, or use dtype='float32'."
        )
    if images.dtype.kind == "f" and greatest <= 1 and (images != np.rint(images)).any():
        raise ValueError(
            f"{name} with fractions from {least:g} to {greatest:g} would become 0 and 1 with "
            "dtype='uint8': give images of 0 to 255, or use dtype='float32'."
        )


def rounded(name: str, images: _Array) -> npt.NDArray[np.uint8]:
    """Return new uint8 images, rounded half to even; raise a ValueError as `check_pixels` does."""
    check_pixels(name, images)
    if images.dtype.kind == "f":
        images = np.rint(images)
    return images.astype(np.uint8)


def as_uint8(
    images: _Array,
    standardization: Standardization,
    indices: npt.ArrayLike | None = None,
    epoch: int = 0,
) -> npt.NDArray[np.uint8]:
    """Apply the one step that is allowed, `preprocessing_function`, or else round.

    Args:
        images: float32 (n, ., ., .) in 0..255.
        standardization: steps that `check_options` has allowed.
        indices: the images' indices in their dataset; None for 0 to n - 1.
        epoch: integer from 0.

    Raises:
        ValueError: if the function returns another dtype than uint8.
    """
    if standardization.preprocessing_function is None:
        return rounded("x", images)
    results = standardization.preprocessed(images, indices, epoch)
    if results.dtype != np.uint8:
        raise ValueError(
            f"preprocessing_function returned {results.dtype}, which doesn't go with "
            "dtype='uint8': let it return uint8, or use dtype='float32'."
        )
    return results
