"""Matrices of single parameters, worked out by hand, and legacy Keras's geometry."""

import numpy as np
import pytest
from oracles.legacy_pixels import legacy_pixels

from kcore.augment import Parameters, matrices


def matrix(height=5, width=5, *, legacy_geometry=False, **transform):
    parameters = Parameters.from_dicts([transform])
    return matrices(parameters, height, width, legacy_geometry=legacy_geometry)[0]


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        ({}, [[1, 0, 0], [0, 1, 0]]),
        ({"tx": 2.0}, [[1, 0, 2], [0, 1, 0]]),
        ({"ty": 2.0}, [[1, 0, 0], [0, 1, 2]]),
        ({"zx": 2.0}, [[2, 0, -2], [0, 1, 0]]),
        ({"zy": 0.5}, [[1, 0, 0], [0, 0.5, 1]]),
        ({"theta": 90.0}, [[0, 1, 0], [-1, 0, 4]]),
        ({"shear": 90.0}, [[0, 0, 2], [-1, 1, 2]]),
        ({"flip_horizontal": True}, [[1, 0, 0], [0, -1, 4]]),
        ({"flip_vertical": True}, [[-1, 0, 4], [0, 1, 0]]),
        ({"flip_vertical": True, "tx": 1.0}, [[-1, 0, 5], [0, 1, 0]]),
    ],
)
def test_by_hand(transform, expected):
    np.testing.assert_allclose(matrix(**transform), expected, atol=1e-12)


def test_legacy_geometry_exchanges_the_center_of_an_oblong_image():
    """Columns turn about the middle of the height."""
    half_turn = matrix(height=4, width=10, theta=180.0, legacy_geometry=True)
    np.testing.assert_allclose(half_turn, [[-1, 0, 9], [0, -1, 3]], atol=1e-12)
    image = np.arange(40, dtype="float32").reshape(1, 4, 10, 1)
    legacy = legacy_pixels(image, [{"theta": 180.0}], fill_mode="nearest")
    np.testing.assert_array_equal(legacy[0, 0, :4, 0], image[0, 3, 3::-1, 0])


def test_legacy_geometry_exchanges_shifts_and_zooms():
    exchanged = matrix(tx=1.0, ty=2.0, zx=3.0, zy=4.0, legacy_geometry=True)
    np.testing.assert_allclose(exchanged, matrix(tx=2.0, ty=1.0, zx=4.0, zy=3.0))
    image = np.arange(9, dtype="float32").reshape(1, 3, 3, 1)
    legacy = legacy_pixels(image, [{"tx": 1.0}], fill_mode="nearest")
    np.testing.assert_array_equal(legacy[0, 0, :, 0], [1, 2, 2])


def test_each_image_has_its_own():
    both = matrices(Parameters.from_dicts([{"theta": 33.0, "zx": 0.7}, {"shear": 9.0}]), 6, 7)
    assert both.shape == (2, 2, 3)
    assert both.dtype == np.float64
    np.testing.assert_array_equal(both[0], matrix(6, 7, theta=33.0, zx=0.7))
    np.testing.assert_array_equal(both[1], matrix(6, 7, shear=9.0))


def test_sizes_are_checked():
    with pytest.raises(ValueError, match="height=0 must be an integer of at least 1"):
        matrix(height=0)
