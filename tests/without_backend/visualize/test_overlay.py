import matplotlib
import numpy as np
import pytest

import kcore

GRAY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def overlay(image, heat_map, **options):
    """Return the pixels of the picture."""
    return np.asarray(kcore.visualize.overlay(image, heat_map, **options))


def heat(values, cmap="inferno"):
    """Return the color of each value, from the list that matplotlib keeps of the map."""
    listed = np.array(matplotlib.colormaps[cmap].colors)
    return 255 * listed[np.rint(np.asarray(values) * 255).astype(int)]


def test_where_the_map_is_zero_the_image_stays():
    shown = overlay(GRAY, np.zeros((2, 2)))
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown, np.repeat(GRAY[..., None], 3, axis=-1))


def test_where_the_map_is_one_the_color_covers():
    shown = overlay(GRAY, np.ones((1, 1)), opacity=1.0)
    assert np.abs(shown - heat(1.0)).max() <= 0.5


def test_the_color_map_is_chosen_by_name():
    shown = overlay(GRAY, np.ones((1, 1)), opacity=1.0, cmap="viridis")
    assert np.abs(shown - heat(1.0, "viridis")).max() <= 0.5
    picture = kcore.visualize.overlay(GRAY, np.ones((1, 1)))
    assert (picture.mode, picture.size) == ("RGB", (4, 3))


def test_in_between_both_are_mixed():
    shown = overlay(GRAY, np.full((3, 4), 0.5), opacity=0.8)
    hot = heat(0.5)
    wanted = np.rint(0.6 * GRAY[..., None] + 0.4 * hot)
    assert np.abs(shown - wanted).max() <= 1


def test_a_map_of_the_same_size_is_not_moved():
    heat_map = np.zeros((3, 4))
    heat_map[1, 2] = 1
    shown = overlay(GRAY, heat_map)
    changed = (shown != GRAY[..., None]).any(axis=-1)
    np.testing.assert_array_equal(changed, heat_map > 0)


def test_a_small_map_is_interpolated_linearly():
    shown = overlay(np.zeros((1, 8), np.uint8), np.array([[0.0, 1.0]]), opacity=1.0)
    # Centers of the two cells lie at 2 and 6 of 8 pixels, those of the pixels at 0.5, 1.5, ...
    warmth = np.clip((np.arange(8) + 0.5 - 2) / 4, 0, 1)
    wanted = warmth[:, None] * heat(warmth)
    assert np.abs(shown[0] - wanted).max() <= 1


def test_a_scale_enlarges_the_image_by_pixels_and_the_map_smoothly():
    heat_map = np.array([[0.0, 1.0]])
    shown = overlay(GRAY, heat_map, scale=2)
    assert shown.shape == (6, 8, 3)
    np.testing.assert_array_equal(shown, overlay(np.kron(GRAY, np.ones((2, 2), "uint8")), heat_map))


def test_colors_become_their_brightness():
    image = np.zeros((1, 3, 3), np.uint8)
    image[0, range(3), range(3)] = 255
    shown = overlay(image, np.zeros((1, 1)))
    assert shown[0].tolist() == [[76] * 3, [150] * 3, [29] * 3]


@pytest.mark.parametrize("image", [GRAY[..., None], GRAY / np.float32(255), GRAY[None, ..., None]])
def test_images_of_other_shapes_and_dtypes(image):
    heat_map = np.random.default_rng(0).random((2, 2))
    np.testing.assert_array_equal(overlay(image, heat_map[None]), overlay(GRAY, heat_map))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((2, 4, 4, 3))}, r"shape \(2, 4, 4, 3\) must be \(height, width\)"),
        ({"image": np.full((4, 4), 2.0)}, "image ranges from 2 to 2; floats must lie in 0..1"),
        ({"heat_map": np.zeros((2, 3, 3))}, "lay each over its own image"),
        ({"heat_map": np.full((3, 3), 1.5)}, "heat_map ranges from 1.5 to 1.5; it must lie in"),
        ({"heat_map": np.full((3, 3), np.nan)}, "heat_map ranges from nan to nan"),
        ({"cmap": "infern"}, "cmap='infern' is not a color map .* such as 'inferno'"),
        ({"scale": 10**9}, r"scale=1000000000 must be at most 1,000\."),
        ({"scale": 0}, "scale=0 must be an integer of at least 1"),
        ({"opacity": 2}, "opacity=2 must be a share"),
        ({"opacity": "half"}, "opacity='half' must be a share"),
        ({"opacity": None}, "opacity=None must be a share"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        overlay(**{"image": GRAY, "heat_map": np.zeros((2, 2)), **arguments})
