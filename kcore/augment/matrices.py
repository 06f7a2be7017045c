"""From parameters to one matrix for each image."""

import numpy as np
import numpy.typing as npt

from kcore.arguments import check_whole
from kcore.augment.parameters import Parameters

__all__ = ["matrices"]

_Floats = npt.NDArray[np.float64]


def matrices(parameters: Parameters, height: int, width: int) -> npt.NDArray[np.float64]:
    """Compose rotation, shift, shear, zoom and flips of each image into one matrix.

    The matrix leads from the pixel `(i, j)` of the output to the place `(row, column)` of the input
    that it shows: `[row, column] = matrix @ [i, j, 1]`. It is rotation · shift · shear · zoom of
    (column, row) about the centre, and then the flips of the finished picture.

    Two oddities of legacy Keras (`keras.src.legacy.preprocessing.image`) are repeated, since the
    pixels are to be the same. `tx`, which is drawn from the height, shifts the columns and `ty` the
    rows. And the centre of an image that is not square has its coordinates exchanged: columns turn
    about `height / 2 - 1/2` and rows about `width / 2 - 1/2`.

    Args:
        parameters: those of `n` images.
        height: rows of the images.
        width: columns of the images.

    Returns:
        float64 `(n, 2, 3)`.

    Raises:
        ValueError: if height or width is no whole number of at least 1.

    Example:
        >>> from kcore.augment import Parameters, matrices
        >>> matrices(Parameters.from_dicts([{"flip_horizontal": True}]), height=2, width=3)
        array([[[ 1., 0., 0.],
                [ 0., -1., 2.]]])
    """
    height, width = check_whole("height", height), check_whole("width", width)
    of_column_and_row = (
        _rotation(np.deg2rad(parameters.theta))
        @ _shift(parameters.tx, parameters.ty)
        @ _shear(np.deg2rad(parameters.shear))
        @ _zoom(parameters.zx, parameters.zy)
    )
    centre = np.array([height / 2 - 0.5, width / 2 - 0.5])
    to_centre, back = _shift(-centre[:1], -centre[1:]), _shift(centre[:1], centre[1:])
    swapped = (back @ of_column_and_row @ to_centre)[:, [1, 0, 2]][:, :, [1, 0, 2]]
    return np.ascontiguousarray((swapped @ _flips(parameters, height, width))[:, :2])


def _rotation(theta: _Floats) -> _Floats:
    turned = _identities(len(theta))
    turned[:, 0, 0] = turned[:, 1, 1] = np.cos(theta)
    turned[:, 1, 0] = np.sin(theta)
    turned[:, 0, 1] = -turned[:, 1, 0]
    return turned


def _shift(tx: _Floats, ty: _Floats) -> _Floats:
    shifted = _identities(len(tx))
    shifted[:, 0, 2] = tx
    shifted[:, 1, 2] = ty
    return shifted


def _shear(shear: _Floats) -> _Floats:
    sheared = _identities(len(shear))
    sheared[:, 0, 1] = -np.sin(shear)
    sheared[:, 1, 1] = np.cos(shear)
    return sheared


def _zoom(zx: _Floats, zy: _Floats) -> _Floats:
    zoomed = _identities(len(zx))
    zoomed[:, 0, 0] = zx
    zoomed[:, 1, 1] = zy
    return zoomed


def _flips(parameters: Parameters, height: int, width: int) -> _Floats:
    flipped = _identities(len(parameters))
    for axis, size, is_flipped in (
        (0, height, parameters.flip_vertical),
        (1, width, parameters.flip_horizontal),
    ):
        flipped[is_flipped, axis, axis] = -1
        flipped[is_flipped, axis, 2] = size - 1
    return flipped


def _identities(count: int) -> _Floats:
    return np.tile(np.eye(3), (count, 1, 1))
