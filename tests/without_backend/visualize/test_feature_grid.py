import math
import warnings

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from kcore.visualize import feature_grid
from kcore.visualize._feature_grid import fitted_grid


def by_loop(feature_map):
    """Tile the channels one by one, each normalized as the course does."""
    height, width, channels = feature_map.shape
    grid = np.zeros((height, width * channels), dtype=np.uint8)
    for channel in range(channels):
        x = feature_map[..., channel].astype(np.float64)
        x = (x - x.mean()) / x.std()
        grid[:, channel * width : (channel + 1) * width] = np.clip(x * 64 + 128, 0, 255).astype(
            "uint8"
        )
    return grid


PLAIN = {"layout": "row", "scale": 1, "gap": 0, "cmap": "gray", "data_format": "channels_last"}


def grid(feature_map, **options):
    """Return one gray pixel for each value, unless options say otherwise."""
    return np.asarray(feature_grid(feature_map, **PLAIN | options))


@pytest.mark.parametrize("shape", [(26, 26, 64), (5, 7, 3), (1, 9, 2)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_the_shades_are_those_of_a_loop_over_channels(shape, dtype):
    maps = np.random.default_rng(0).normal(3, 2, shape).astype(dtype)
    shown = grid(maps)
    assert shown.dtype == np.uint8
    difference = np.abs(shown.astype(int) - by_loop(maps))
    # float32 may fall on the other side of an integer.
    assert difference.max() <= (0 if dtype is np.float64 else 1)
    assert (difference > 0).mean() < 1e-3


@settings(max_examples=60)
@given(
    arrays.arrays(
        np.float64,
        arrays.array_shapes(min_dims=3, max_dims=3, max_side=6),
        elements=st.floats(-1e6, 1e6).map(lambda value: round(value, 3)),
    )
)
def test_any_finite_maps(maps):
    varies = np.array([len(np.unique(maps[..., c])) > 1 for c in range(maps.shape[-1])])
    shown = grid(maps).reshape(maps.shape[0], maps.shape[2], maps.shape[1])
    assert (shown[:, ~varies] == 128).all()
    if varies.any():
        wanted = by_loop(maps[..., varies]).reshape(maps.shape[0], varies.sum(), maps.shape[1])
        assert np.abs(shown[:, varies].astype(int) - wanted).max() <= 1


@pytest.mark.parametrize("value", [0.0, 0.1, -1e30, 7.3e-12])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constant_channels_are_mid_gray(value, dtype):
    assert (grid(np.full((9, 11, 3), value, dtype)) == 128).all()


def test_nan_is_black_and_infinity_black_or_white():
    maps = np.random.default_rng(0).normal(size=(6, 6, 2))
    maps[0, 0, 1], maps[0, 1, 1], maps[0, 2, 1] = np.nan, np.inf, -np.inf
    with pytest.warns(
        UserWarning, match="1 of 2 channels hold values that are not finite"
    ) as caught:
        shown = grid(maps)
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(shown[:, :6], by_loop(maps[..., :1]))
    assert shown[0, 6:9].tolist() == [0, 255, 0]
    known = maps[..., 1][np.isfinite(maps[..., 1])]
    wanted = np.clip((known - known.mean()) / known.std() * 64 + 128, 0, 255).astype("uint8")
    np.testing.assert_array_equal(shown[:, 6:][np.isfinite(maps[..., 1])], wanted)


def test_a_channel_without_any_number_is_black():
    with pytest.warns(UserWarning, match="not finite"):
        assert (grid(np.full((3, 3, 1), np.nan)) == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_channel_of_tiny_values_is_normalized_as_any_other(dtype):
    maps = np.random.default_rng(0).normal(size=(6, 7, 4)).astype(dtype)
    smallest = float(np.finfo(dtype).tiny)
    tiny = (maps * np.array([1, 1e-18, 1e-30, smallest * 1e4])).astype(dtype)
    assert np.abs(grid(tiny).astype(int) - by_loop(maps)).max() <= 1
    with_constants = np.concatenate([tiny, np.zeros((6, 7, 1)), np.full((6, 7, 1), 1e-30)], axis=-1)
    assert (grid(with_constants.astype(dtype))[:, -14:] == 128).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_small_deviation_beside_a_large_mean_is_seen(dtype):
    maps = np.random.default_rng(0).integers(0, 256, (6, 7, 2)).astype(dtype)
    maps[..., 1] += 2**22
    assert np.abs(grid(maps).astype(int) - by_loop(maps)).max() <= 1


def test_maps_of_many_rows_are_drawn_part_by_part_alike():
    maps = np.maximum(np.random.default_rng(0).normal(size=(150, 140, 8)), 0).astype(np.float32)
    difference = np.abs(grid(maps).astype(int) - by_loop(maps))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


def test_large_float32_values_do_not_overflow():
    maps = np.array([[[3e38], [-3e38]]], dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grid(maps).tolist() == [[192, 64]]


def test_the_maps_are_not_changed():
    maps = np.random.default_rng(0).normal(size=(1, 4, 4, 2)).astype(np.float32)
    before = maps.copy()
    grid(maps)
    np.testing.assert_array_equal(maps, before)


def test_a_batch_of_one_and_channels_first():
    maps = np.random.default_rng(0).normal(size=(5, 7, 3))
    wanted = by_loop(maps)
    np.testing.assert_array_equal(grid(maps[None]), wanted)
    first = np.moveaxis(maps, -1, 0)
    for given_map in (first, first[None]):
        shown = grid(given_map, data_format="channels_first")
        np.testing.assert_array_equal(shown, wanted)


@pytest.mark.parametrize(("channels", "columns"), [(1, 1), (3, 2), (16, 4), (17, 5), (64, 8)])
def test_the_grid_has_each_channel_at_its_position(channels, columns):
    maps = np.random.default_rng(0).normal(size=(4, 4, channels))
    shown = grid(maps, layout="grid", gap=2)
    rows = math.ceil(channels / columns)
    assert shown.shape == (rows * 6 - 2, columns * 6 - 2)
    for channel in range(channels):
        top, left = channel // columns * 6, channel % columns * 6
        np.testing.assert_array_equal(
            shown[top : top + 4, left : left + 4], by_loop(maps[..., channel : channel + 1])
        )
        assert (shown[top : top + 4, left + 4 : left + 6] == 255).all()
    assert (shown[(rows - 1) * 6 :, ((channels - 1) % columns + 1) * 6 :] == 255).all()


def test_wide_maps_make_fewer_columns():
    height, width = grid(np.zeros((4, 16, 16)), layout="grid").shape
    assert (height, width) == (32, 32)


def test_the_first_channels_are_kept():
    maps = np.random.default_rng(0).normal(size=(4, 4, 5))
    np.testing.assert_array_equal(grid(maps, max_channels=2), by_loop(maps[..., :2]))
    np.testing.assert_array_equal(grid(maps, max_channels=9), by_loop(maps))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"feature_map": np.zeros((1, 10))},
            r"shape \(1, 10\) must be \(height, width, channels\)",
        ),
        ({"feature_map": np.zeros((2, 4, 4, 3))}, r"holds 2 images; choose one"),
        ({"feature_map": np.zeros((0, 4, 3))}, "is empty"),
        ({"feature_map": np.zeros((4, 4, 3), complex)}, "dtype complex128 must be real numbers"),
        ({"layout": "square"}, "layout='square' is unknown: use one of 'row', 'grid'"),
        ({"max_channels": 0}, "max_channels=0 must be an integer of at least 1"),
        ({"gap": 10**9}, r"gap=1000000000 must be at most 1,000\."),
        ({"gap": -1}, "gap=-1 must be an integer of at least 0"),
        ({"scale": 10**9}, r"scale=1000000000 must be at most 1,000\."),
        ({"scale": 0}, "scale=0 must be an integer of at least 1"),
        ({"scale": 1.5}, "scale=1.5 must be an integer of at least 1"),
        (
            {"cmap": "Viridis"},
            "cmap='Viridis' is not a color map .* such as 'viridis', 'viridis_r'",
        ),
        ({"cmap": None}, "cmap=None is not a color map"),
        ({"cmap": "no color"}, "cmap='no color' is not a color map .* 'viridis', 'inferno'"),
        ({"data_format": "last"}, "data_format='last' is unknown"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    whole = {"feature_map": np.zeros((4, 4, 3)), "data_format": "channels_last", **arguments}
    with pytest.raises(ValueError, match=message):
        feature_grid(**whole)


def test_a_huge_channel_leaves_its_neighbor_as_it_is():
    values = np.random.default_rng(0).normal(size=(5, 5, 2))
    huge = values * [1, 1e300]
    np.testing.assert_array_equal(grid(huge), grid(values))


def named_colors(shades, cmap):
    """Return the color of each shade, from the list that matplotlib keeps of the map."""
    listed = np.array(matplotlib.colormaps[cmap].colors)
    return np.rint(255 * listed[shades]).astype(np.uint8)


@pytest.mark.parametrize("cmap", ["viridis", "inferno"])
def test_shades_are_colored_by_a_named_map(cmap):
    maps = np.random.default_rng(0).normal(size=(5, 7, 3))
    colored = feature_grid(maps, **PLAIN | {"cmap": cmap})
    assert colored.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(colored), named_colors(by_loop(maps), cmap))


def test_any_gray_map_gives_a_gray_picture():
    maps = np.random.default_rng(0).normal(size=(5, 7, 3))
    reversed_shades = feature_grid(maps, **PLAIN | {"cmap": "gray_r"})
    assert reversed_shades.mode == feature_grid(maps, **PLAIN).mode == "L"
    np.testing.assert_array_equal(np.asarray(reversed_shades), 255 - by_loop(maps))


@pytest.mark.parametrize("cmap", ["viridis", "gray_r", "tab10"])
@pytest.mark.filterwarnings("ignore:1 of 1 channels")
def test_what_is_not_finite_is_black_or_white_in_any_map(cmap):
    maps = np.array([[np.nan, np.inf, -np.inf, 1.0, 2.0]])[..., None]
    shown = np.asarray(feature_grid(maps, **PLAIN | {"cmap": cmap}).convert("RGB"))
    assert shown[0, :3].tolist() == [[0] * 3, [255] * 3, [0] * 3]


def test_by_default_maps_are_a_colored_grid_that_is_seen_well():
    maps = np.random.default_rng(0).normal(size=(3, 3, 5))
    picture = feature_grid(maps, data_format="channels_last")
    # 640 pixels for three tiles with two gaps; a tile takes at most 160, that is 53 a value.
    assert picture.size == (3 * 159 + 2 * 2, 2 * 159 + 2)
    pixels = np.asarray(picture)
    for channel in range(5):
        top, left = channel // 3 * 161, channel % 3 * 161
        shades = named_colors(by_loop(maps[..., channel : channel + 1]), "viridis")
        shown = pixels[top : top + 159, left : left + 159]
        np.testing.assert_array_equal(shown, shades.repeat(53, axis=0).repeat(53, axis=1))
    assert (pixels[:, 159:161] == 255).all()


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((28, 28, 32), (514, 514)),
        ((1, 1, 1), (160, 160)),
        ((3, 3, 512), (596, 596)),
        ((300, 300, 4), (602, 602)),
        ((2, 2, 2048), (46 * 12 - 2, 45 * 12 - 2)),
    ],
)
def test_small_maps_are_enlarged_and_large_ones_are_not(shape, size):
    assert feature_grid(np.zeros(shape), data_format="channels_last").size == size


def test_a_grid_of_large_maps_is_averaged_before_it_is_colored():
    maps = np.random.default_rng(0).normal(size=(60, 90, 4))
    grid_of_four = fitted_grid(maps, width=62)
    assert grid_of_four.shape == (2 * 20 + 2, 2 * 30 + 2, 3)
    shades = by_loop(maps[..., :1]).reshape(20, 3, 30, 3).mean(axis=(1, 3))
    shown = grid_of_four[:20, :30]
    below, above = (named_colors(np.floor(shades).astype(int) + up, "viridis") for up in (0, 1))
    assert ((shown == below).all(axis=-1) | (shown == above).all(axis=-1)).all()


def test_the_picture_is_saved_as_it_is(tmp_path):
    maps = np.random.default_rng(0).normal(size=(5, 7, 3))
    for cmap in ("gray", "viridis"):
        picture = feature_grid(maps, cmap=cmap, data_format="channels_last")
        picture.save(tmp_path / "maps.png")
        with Image.open(tmp_path / "maps.png") as saved:
            assert saved.mode == picture.mode
            np.testing.assert_array_equal(np.asarray(saved), np.asarray(picture))


def test_a_notebook_shows_it():
    picture = feature_grid(np.zeros((3, 3, 2)), data_format="channels_last")
    assert picture._repr_png_().startswith(b"\x89PNG")
