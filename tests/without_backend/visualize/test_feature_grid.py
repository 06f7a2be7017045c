import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kcore.visualize import feature_grid


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


def grid(feature_map, **options):
    return feature_grid(feature_map, data_format="channels_last", **options)


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
        shown = feature_grid(given_map, data_format="channels_first")
        np.testing.assert_array_equal(shown, wanted)


@pytest.mark.parametrize(("channels", "columns"), [(1, 1), (3, 2), (16, 4), (17, 5), (64, 8)])
def test_the_grid_has_each_channel_in_its_place(channels, columns):
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
        ({"gap": -1}, "gap=-1 must be an integer of at least 0"),
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
    np.testing.assert_array_equal(
        feature_grid(huge, data_format="channels_last"),
        feature_grid(values, data_format="channels_last"),
    )
