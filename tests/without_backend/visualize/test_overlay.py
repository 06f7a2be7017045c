import numpy as np
import pytest

from kcore.visualize import overlay
from kcore.visualize._color_map import heat

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def test_where_the_map_is_zero_the_image_stays():
    shown = overlay(GREY, np.zeros((2, 2)))
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown, np.repeat(GREY[..., None], 3, axis=-1))


def test_where_the_map_is_one_the_color_covers():
    shown = overlay(GREY, np.ones((1, 1)), opacity=1.0)
    np.testing.assert_array_equal(shown, np.broadcast_to(heat(np.array(1.0)), (3, 4, 3)))


def test_in_between_both_are_mixed():
    shown = overlay(GREY, np.full((3, 4), 0.5), opacity=0.8)
    hot = heat(np.array(0.5)).astype(float)
    wanted = np.rint(0.6 * GREY[..., None] + 0.4 * hot)
    assert np.abs(shown - wanted).max() <= 1


def test_a_map_of_the_same_size_stays_in_its_place():
    heat_map = np.zeros((3, 4))
    heat_map[1, 2] = 1
    shown = overlay(GREY, heat_map)
    changed = (shown != GREY[..., None]).any(axis=-1)
    np.testing.assert_array_equal(changed, heat_map > 0)


def test_a_small_map_is_interpolated_linearly():
    shown = overlay(np.zeros((1, 8), np.uint8), np.array([[0.0, 1.0]]), opacity=1.0)
    # Centers of the two cells lie at 2 and 6 of 8 pixels, those of the pixels at 0.5, 1.5, ...
    warmth = np.clip((np.arange(8) + 0.5 - 2) / 4, 0, 1)
    wanted = warmth[:, None] * heat(warmth)
    assert np.abs(shown[0] - wanted).max() <= 1


def test_colors_become_their_brightness():
    image = np.zeros((1, 3, 3), np.uint8)
    image[0, range(3), range(3)] = 255
    shown = overlay(image, np.zeros((1, 1)))
    assert shown[0].tolist() == [[76] * 3, [150] * 3, [29] * 3]


@pytest.mark.parametrize("image", [GREY[..., None], GREY / np.float32(255), GREY[None, ..., None]])
def test_images_of_other_shapes_and_dtypes(image):
    heat_map = np.random.default_rng(0).random((2, 2))
    np.testing.assert_array_equal(overlay(image, heat_map[None]), overlay(GREY, heat_map))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((2, 4, 4, 3))}, r"shape \(2, 4, 4, 3\) must be \(height, width\)"),
        ({"image": np.full((4, 4), 2.0)}, "image ranges from 2 to 2; floats must lie in 0..1"),
        ({"heat_map": np.zeros((2, 3, 3))}, "lay each over its own image"),
        ({"heat_map": np.full((3, 3), 1.5)}, "heat_map ranges from 1.5 to 1.5; it must lie in"),
        ({"heat_map": np.full((3, 3), np.nan)}, "heat_map ranges from nan to nan"),
        ({"opacity": 2}, "opacity=2 must be a share"),
        ({"opacity": "half"}, "opacity='half' must be a share"),
        ({"opacity": None}, "opacity=None must be a share"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        overlay(**{"image": GREY, "heat_map": np.zeros((2, 2)), **arguments})
