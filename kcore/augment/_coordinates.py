"""Build the sampling grid from affine matrices, as integers that every device adds alike.

A coordinate is a sum, `row(i, j) = along_rows[i] + along_columns[j]`. Both addends are computed in
float64 and rounded once, to multiples of `2**-bits` of a pixel. What a device does with them, sums
and shifts of int32, is exact, so all backends find the same pixels and the same weights.
"""

import numpy as np
import numpy.typing as npt

__all__ = ["fixed_point"]

# Sums stay within 2**30, so that rounding up and mirroring can't overflow int32; coordinates beyond
# that are clipped. A fraction of 24 bits is exact in float32.
_WHOLE_AND_FRACTION = 30
_MOST_FRACTION = 24


def fixed_point(
    matrices: npt.NDArray[np.float64], height: int, width: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Split each matrix into the addends of its rows and of its columns.

    Args:
        matrices: float64 `(n, 2, 3)` from `kcore.augment.matrices`.
        height: rows of the images.
        width: columns of the images.

    Returns:
        `(addends, bits)`. int32 `(n, 2, height + width)`: for the input's row and column
        coordinates, the addend of each of the output's rows, then that of each of its columns.
        int32 `(n,)`: the number of fraction bits, which are those of the 30 bits that the image's
        farthest coordinate doesn't need: 20 for most images of 300 pixels.
    """
    of_rows = matrices[:, :, :1] * np.arange(height) + matrices[:, :, 2:]
    of_columns = matrices[:, :, 1:2] * np.arange(width)
    farthest = np.abs(of_rows).max(axis=(1, 2)) + np.abs(of_columns).max(axis=(1, 2))
    farthest = np.maximum(farthest, 2 * max(height, width))
    _, whole = np.frexp(farthest + 1)
    bits = np.clip(_WHOLE_AND_FRACTION - whole, 0, _MOST_FRACTION).astype(np.int32)
    addends = np.ldexp(np.concatenate([of_rows, of_columns], axis=2), bits[:, None, None])
    limit = 2**_WHOLE_AND_FRACTION - 1
    return np.clip(np.rint(addends), -limit, limit).astype(np.int32), bits
