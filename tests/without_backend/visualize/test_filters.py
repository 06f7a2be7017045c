import numpy as np
import pytest

from kcore.visualize import filters


def kernel(*shape):
    return np.random.default_rng(0).normal(size=shape)


def shade(weights):
    """Return the shades of one filter, weight by weight."""
    largest = max(abs(weight) for weight in weights.ravel())
    return np.array([round(127.5 + 127.5 * w / largest) for w in weights.ravel()]).reshape(
        weights.shape
    )


def test_filters_of_gray_images_are_gray_tiles():
    weights = kernel(3, 3, 1, 5)
    shown = filters(weights, tile_size=3)
    assert shown.shape == (2 * 5 - 2, 3 * 5 - 2, 3)
    for index in range(5):
        top, left = index // 3 * 5, index % 3 * 5
        tile = shown[top : top + 3, left : left + 3]
        for channel in range(3):
            np.testing.assert_array_equal(tile[..., channel], shade(weights[..., 0, index]))


def test_filters_of_color_images_are_colored_by_one_scale():
    weights = kernel(5, 5, 3, 1)
    np.testing.assert_array_equal(filters(weights, tile_size=5), shade(weights[..., 0]))


def test_other_filters_are_columns_with_their_inputs_below_each_other():
    weights = kernel(2, 2, 4, 3)
    shown = filters(weights, tile_size=2)
    assert shown.shape == (4 * 4 - 2, 3 * 4 - 2, 3)
    for source in range(4):
        for index in range(3):
            tile = shown[source * 4 : source * 4 + 2, index * 4 : index * 4 + 2, 0]
            np.testing.assert_array_equal(tile, shade(weights[..., index])[:, :, source])


def test_weights_are_enlarged_by_whole_numbers():
    weights = kernel(3, 3, 1, 1)
    small, large = filters(weights, tile_size=3), filters(weights, tile_size=24)
    np.testing.assert_array_equal(large, small.repeat(8, axis=0).repeat(8, axis=1))
    assert filters(weights, tile_size=25).shape == (27, 27, 3)


def test_zero_is_mid_gray_and_what_is_not_finite_is_black():
    assert np.unique(filters(np.zeros((3, 3, 1, 2)))).tolist() == [128, 255]
    weights = np.array([np.nan, 1.0, -1.0, 0.0]).reshape(2, 2, 1, 1)
    assert filters(weights, tile_size=2)[..., 0].tolist() == [[0, 255], [0, 128]]


def test_only_the_first_are_shown():
    weights = kernel(3, 3, 8, 9)
    shown = filters(weights, max_filters=2, max_inputs=3, tile_size=3)
    assert shown.shape == (3 * 5 - 2, 2 * 5 - 2, 3)


def test_another_shape_is_named():
    with pytest.raises(ValueError, match=r"kernel with shape \(3, 1, 4\) must be \(kernel height"):
        filters(np.zeros((3, 1, 4)))
