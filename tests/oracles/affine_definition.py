"""The definition of the geometry, as elementary matrices, and SciPy's nearest pixels by it."""

import numpy as np
import scipy.ndimage


def matrix_of(height, width, theta, tx, ty, shear, zx, zy, flip_horizontal, flip_vertical):
    """Write the definition down in (row, column, 1), one elementary matrix after the other."""
    t, s = np.deg2rad([theta, shear])
    middle = [(height - 1) / 2, (width - 1) / 2]
    to_middle, back = np.eye(3), np.eye(3)
    to_middle[:2, 2], back[:2, 2] = np.negative(middle), middle
    turned = np.array([[np.cos(t), np.sin(t), 0], [-np.sin(t), np.cos(t), 0], [0, 0, 1]])
    moved = np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    leaning = np.array([[np.cos(s), 0, 0], [-np.sin(s), 1, 0], [0, 0, 1]])
    zoomed = np.diag([zx, zy, 1])
    mirrored = np.diag([1 - 2 * flip_vertical, 1 - 2 * flip_horizontal, 1])
    return back @ turned @ moved @ leaning @ zoomed @ mirrored @ to_middle


def nearest_labels(mask, parameters, *, fill_mode, margin):
    """Move a mask (height, width) by SciPy, and tell which pixels rounding can't change.

    Args:
        mask: integers (height, width).
        parameters: of one image: `theta`, `tx` and so on; effects are ignored.
        fill_mode: "nearest", "constant" (with 0), "reflect" or "wrap".
        margin: pixels nearer to where the choice changes than this are not decided.
    """
    height, width = mask.shape
    geometry = {
        name: value
        for name, value in parameters.items()
        if name not in ("channel_shift_intensity", "brightness")
    }
    matrix = matrix_of(height, width, **geometry)
    moved = scipy.ndimage.affine_transform(mask, matrix, order=0, mode=fill_mode, cval=0)
    rows, columns = np.mgrid[:height, :width]
    coordinates = np.einsum("ax,xhw->ahw", matrix[:2], [rows, columns, np.ones_like(rows)])
    halves = coordinates - 0.5
    is_decided = (abs(halves - np.rint(halves)) > margin).all(axis=0)
    for coordinate, size in zip(coordinates, mask.shape, strict=True):
        for edge in (0, size - 1):
            is_decided &= abs(coordinate - edge) > margin
    return moved, is_decided
