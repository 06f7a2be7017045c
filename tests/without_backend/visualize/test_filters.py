import numpy as np
import pytest

from kcore.visualize import filters


def kernel(*shape):
    return np.random.default_rng(0).normal(size=shape)


def drawn(weights, **options):
    """Return the pixels of a picture with one pixel for each weight."""
    return np.asarray(filters(weights, **{"scale": 1} | options))


def shade(weights):
    """Return the shades of one filter, weight by weight."""
    largest = max(abs(weight) for weight in weights.ravel())
    return np.array([round(127.5 + 127.5 * w / largest) for w in weights.ravel()]).reshape(
        weights.shape
    )


def test_filters_of_gray_images_are_gray_tiles():
    weights = kernel(3, 3, 1, 5)
    shown = drawn(weights)
    assert shown.shape == (2 * 9 - 6, 3 * 9 - 6)
    for index in range(5):
        top, left = index // 3 * 9, index % 3 * 9
        tile = shown[top : top + 3, left : left + 3]
        np.testing.assert_array_equal(tile, shade(weights[..., 0, index]))


def test_filters_of_color_images_are_colored_by_one_scale():
    weights = kernel(5, 5, 3, 1)
    np.testing.assert_array_equal(drawn(weights), shade(weights[..., 0]))


def test_other_filters_are_columns_with_their_inputs_below_each_other():
    weights = kernel(2, 2, 4, 3)
    shown = drawn(weights)
    assert shown.shape == (4 * 5 - 3, 3 * 5 - 3)
    for source in range(4):
        for index in range(3):
            tile = shown[source * 5 : source * 5 + 2, index * 5 : index * 5 + 2]
            np.testing.assert_array_equal(tile, shade(weights[..., index])[:, :, source])


def test_weights_are_enlarged_by_integers():
    weights = kernel(3, 3, 1, 1)
    np.testing.assert_array_equal(drawn(weights, scale=8), np.kron(drawn(weights), np.ones((8, 8))))


@pytest.mark.parametrize(
    ("shape", "mode", "size"),
    [
        ((3, 3, 1, 32), "L", (6 * 54 - 6, 6 * 54 - 6)),  # 16 pixels for each weight
        ((7, 7, 3, 64), "RGB", (8 * 48 - 6, 8 * 48 - 6)),  # 6 pixels
        ((3, 3, 64, 64), "L", (64 * 15 - 3, 16 * 15 - 3)),  # 4 pixels, as 64 tiles fit into 960
        ((1, 1, 512, 64), "L", (64 * 15 - 3, 16 * 15 - 3)),
    ],
)
def test_by_default_kernels_are_enlarged_to_be_seen_well(shape, mode, size):
    picture = filters(kernel(*shape))
    assert (picture.mode, picture.size) == (mode, size)


def test_zero_is_mid_gray_and_what_is_not_finite_is_black():
    assert np.unique(drawn(np.zeros((3, 3, 1, 2)))).tolist() == [128, 255]
    weights = np.array([np.nan, 1.0, -1.0, 0.0]).reshape(2, 2, 1, 1)
    assert drawn(weights).tolist() == [[0, 255], [0, 128]]


def test_only_the_first_are_shown():
    weights = kernel(3, 3, 8, 9)
    assert drawn(weights, max_filters=2, max_inputs=3).shape == (3 * 6 - 3, 2 * 6 - 3)


def test_another_shape_is_named():
    with pytest.raises(ValueError, match=r"kernel with shape \(3, 1, 4\) must be \(kernel height"):
        filters(np.zeros((3, 1, 4)))


@pytest.mark.parametrize("name", ["max_filters", "max_inputs", "scale"])
def test_options_that_are_no_positive_integers_are_named(name):
    with pytest.raises(ValueError, match=f"{name}=0 must be an integer of at least 1"):
        filters(np.zeros((3, 3, 1, 4)), **{name: 0})


def test_a_scale_that_no_memory_holds_is_refused():
    with pytest.raises(ValueError, match=r"scale=1000000000 must be at most 1,000\."):
        filters(np.zeros((3, 3, 1, 4)), scale=10**9)
