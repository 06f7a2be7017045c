"""Compose the parameters of each image into one affine matrix."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_instance, check_integer, check_switch
from kcore.augment._parameters import Parameters

__all__ = ["Axes", "axes_of", "matrices"]

_Floats = npt.NDArray[np.float64]


class Axes(NamedTuple):
    """What the parameters do along each axis of an image: arrays `(n,)` of NumPy or tensors.

    Attributes:
        shift_rows: pixels along the height; positive moves the picture up.
        shift_columns: pixels along the width; positive moves it left.
        zoom_rows: zoom along the height; 2 shrinks the picture to half its height.
        zoom_columns: zoom along the width.
        center_row: the row of the center of rotation, shear and zoom, counted from 0.
        center_column: the column of that center.
    """

    shift_rows: Any
    shift_columns: Any
    zoom_rows: Any
    zoom_columns: Any
    center_row: float
    center_column: float


def axes_of(
    parameters: Mapping[str, Any], height: int, width: int, *, legacy_geometry: bool
) -> Axes:
    """Return what each parameter does along each axis of an image, and the center.

    Args:
        parameters: `tx`, `ty`, `zx` and `zy`.
        height: rows of the images.
        width: columns of the images.
        legacy_geometry: whether to exchange the axes and the center's coordinates, as legacy Keras
            does.
    """
    tx, ty, zx, zy = (parameters[name] for name in ("tx", "ty", "zx", "zy"))
    middle_of_height, middle_of_width = height / 2 - 0.5, width / 2 - 0.5
    if legacy_geometry:
        return Axes(ty, tx, zy, zx, middle_of_width, middle_of_height)
    return Axes(tx, ty, zx, zy, middle_of_height, middle_of_width)


def matrices(
    parameters: Parameters, height: int, width: int, *, legacy_geometry: bool = False
) -> npt.NDArray[np.float64]:
    """Compose rotation, shift, shear, zoom and flips of each image into one matrix.

    The matrix maps the pixel `(i, j)` of the output to the coordinates `(row, column)` in the input
    that it shows: `[row, column] = matrix @ [i, j, 1]`. It is rotation · shift · shear · zoom about
    the image's center, preceded by the flips. `tx` and `zx` act along the height, `ty` and `zy`
    along the width.

    Args:
        parameters: parameters of `n` images.
        height: number of rows of the images.
        width: number of columns of the images.
        legacy_geometry: whether to do what legacy Keras does with the same parameters: `tx` and
            `zx` act along the width, `ty` and `zy` along the height, and the center's coordinates
            are exchanged, so that an image that isn't square turns about column `height / 2 - 1/2`
            and row `width / 2 - 1/2`.

    Returns:
        float64 `(n, 2, 3)`.

    Raises:
        TypeError: if `parameters` is not a `Parameters`.
        ValueError: if `height` or `width` is not an integer of at least 1.

    Example:
        >>> from kcore.augment import Parameters, matrices
        >>> matrices(Parameters.from_dicts([{"flip_horizontal": True}]), height=2, width=3)
        array([[[ 1., 0., 0.],
                [ 0., -1., 2.]]])
        >>> matrices(Parameters.from_dicts([{"theta": 180.0}]), height=2, width=3).round(9) + 0
        array([[[-1., 0., 1.],
                [ 0., -1., 2.]]])
    """
    parameters = check_instance("parameters", parameters, Parameters)
    height, width = check_integer("height", height), check_integer("width", width)
    legacy_geometry = check_switch("legacy_geometry", legacy_geometry)
    axes = axes_of(vars(parameters), height, width, legacy_geometry=legacy_geometry)
    of_column_and_row = (
        _rotation(np.deg2rad(parameters.theta))
        @ _shift(axes.shift_columns, axes.shift_rows)
        @ _shear(np.deg2rad(parameters.shear))
        @ _zoom(axes.zoom_columns, axes.zoom_rows)
    )
    center = np.array([axes.center_column, axes.center_row])
    to_center, back = _shift(-center[:1], -center[1:]), _shift(center[:1], center[1:])
    swapped = (back @ of_column_and_row @ to_center)[:, [1, 0, 2]][:, :, [1, 0, 2]]
    return np.ascontiguousarray((swapped @ _flips(parameters, height, width))[:, :2])


def _rotation(theta: _Floats) -> _Floats:
    turned = _identities(len(theta))
    turned[:, 0, 0] = turned[:, 1, 1] = np.cos(theta)
    turned[:, 1, 0] = np.sin(theta)
    turned[:, 0, 1] = -turned[:, 1, 0]
    return turned


def _shift(columns: _Floats, rows: _Floats) -> _Floats:
    shifted = _identities(len(columns))
    shifted[:, 0, 2] = columns
    shifted[:, 1, 2] = rows
    return shifted


def _shear(shear: _Floats) -> _Floats:
    sheared = _identities(len(shear))
    sheared[:, 0, 1] = -np.sin(shear)
    sheared[:, 1, 1] = np.cos(shear)
    return sheared


def _zoom(columns: _Floats, rows: _Floats) -> _Floats:
    zoomed = _identities(len(columns))
    zoomed[:, 0, 0] = columns
    zoomed[:, 1, 1] = rows
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
