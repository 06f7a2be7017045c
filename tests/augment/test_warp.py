"""`apply` and `warp` against legacy Keras and SciPy; parameters and pixels that never change."""

import dataclasses

import keras
import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.legacy_pixels import is_decided, legacy_pixels

from kcore import random
from kcore.augment import Parameters, Recipe, apply, matrices, warp

TOLERANCE = 1e-2
MODES = ["nearest", "constant", "reflect", "wrap"]
SHAPES = [(12, 17, 3), (1, 6, 2)]


def noise(shape, count=1, seed=0, dtype="uint8"):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape)).astype(dtype)


def transforms(count, height, width, seed=0):
    """Draw strong transformations, beyond what a recipe usually asks for."""
    rng = np.random.default_rng(seed)
    return [
        {
            "theta": rng.uniform(-180, 180),
            "tx": rng.uniform(-3, 3) * width,
            "ty": rng.uniform(-3, 3) * height,
            "shear": rng.uniform(-60, 60),
            "zx": rng.uniform(0.1, 3),
            "zy": rng.uniform(0.1, 3),
            "flip_horizontal": bool(rng.integers(2)),
            "flip_vertical": bool(rng.integers(2)),
        }
        for _ in range(count)
    ]


def check_against_legacy(images, drawn, fill_mode, order, data_format="channels_last"):
    options = {"fill_mode": fill_mode, "cval": 7.0, "interpolation_order": order}
    options["data_format"] = data_format
    height, width = images.shape[2:] if data_format == "channels_first" else images.shape[1:3]
    expected = legacy_pixels(images, drawn, **options)
    recipe = Recipe(**options, legacy_geometry=True)
    actual = apply(images, Parameters.from_dicts(drawn), recipe)
    decided = is_decided(drawn, height, width, fill_mode, order)
    spread = decided[:, None] if data_format == "channels_first" else decided[..., None]
    assert spread.mean() > 0.5
    np.testing.assert_allclose(
        np.where(spread, actual, 0), np.where(spread, expected, 0), atol=TOLERANCE
    )


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("fill_mode", MODES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_pixels_of_legacy_keras(shape, fill_mode, order):
    drawn = transforms(8, *shape[:2])
    check_against_legacy(noise(shape, 8), drawn, fill_mode, order)


@settings(max_examples=6)
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 4)),
    fill_mode=st.sampled_from(MODES),
    order=st.sampled_from([0, 1]),
    channels_first=st.booleans(),
    dtype=st.sampled_from(["uint8", "float32", "float64"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_size_layout_and_dtype(shape, fill_mode, order, channels_first, dtype, seed):
    images = noise(shape, 2, seed, dtype)
    drawn = transforms(2, *shape[:2], seed)
    if channels_first:
        images = np.moveaxis(images, -1, 1)
    data_format = "channels_first" if channels_first else "channels_last"
    check_against_legacy(images, drawn, fill_mode, order, data_format)


def test_a_large_image():
    shape = (700, 1000, 1)
    drawn = [{"theta": 33.0, "shear": 12.0, "zx": 1.2, "zy": 0.8, "tx": 77.7, "ty": -31.4}]
    check_against_legacy(noise(shape), drawn, "nearest", 1)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("fill_mode", MODES)
def test_whole_pixels_are_exact_at_the_edges_too(fill_mode, order):
    """Here SciPy's coordinates are exact, and so its rules for the very edge hold."""
    images = noise((7, 7, 3), 8)
    shifts = [(0, 0), (3, 0), (-6, 6), (7, -7), (-12, 12), (13, 14), (-18, 24), (400, -401)]
    drawn = [{"tx": float(tx), "ty": float(ty)} for tx, ty in shifts]
    options = {"fill_mode": fill_mode, "cval": 7.0, "interpolation_order": order}
    recipe = Recipe(**options, data_format="channels_last", legacy_geometry=True)
    actual = apply(images, Parameters.from_dicts(drawn), recipe)
    np.testing.assert_array_equal(actual, legacy_pixels(images, drawn, **options))


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("fill_mode", MODES)
def test_flips_alone_move_pixels_and_change_none(fill_mode, order):
    images = noise((7, 7, 3), 3)
    drawn = [{}, {"flip_horizontal": True}, {"flip_vertical": True}]
    recipe = Recipe(
        fill_mode=fill_mode, interpolation_order=order, cval=7.0, data_format="channels_last"
    )
    actual = apply(images, Parameters.from_dicts(drawn), recipe)
    expected = np.stack([images[0], images[1][:, ::-1], images[2][::-1]]).astype("float32")
    np.testing.assert_array_equal(actual, expected)


def test_a_half_turn_keeps_the_edges_that_rounding_costs_legacy_keras():
    """Places on the very edge count as inside; float64 puts some of them 1e-15 outside."""
    images = noise((7, 7, 3))
    turn = [{"theta": 180.0}]
    recipe = Recipe(fill_mode="constant", cval=-1.0, data_format="channels_last")
    actual = apply(images, Parameters.from_dicts(turn), recipe)
    np.testing.assert_array_equal(actual[0], images[0, ::-1, ::-1])
    assert (legacy_pixels(images, turn, fill_mode="constant", cval=-1.0) == -1).any()


def test_scipy_is_the_truth_for_any_matrix():
    rng = np.random.default_rng(3)
    images = noise((9, 11, 1), 4)
    matrix = np.concatenate([rng.normal(size=(4, 2, 2)), rng.normal(size=(4, 2, 1)) * 5], axis=2)
    actual = warp(images, matrix, fill_mode="reflect", data_format="channels_last")
    for image, one, warped in zip(images, matrix, actual, strict=True):
        expected = scipy.ndimage.affine_transform(
            image[..., 0].astype("float64"), one[:, :2], one[:, 2], order=1, mode="reflect"
        )
        np.testing.assert_allclose(warped[..., 0], expected, atol=TOLERANCE)


def test_far_away_is_the_edge():
    images = noise((7, 7, 3), 2)
    drawn = Parameters.from_dicts([{"ty": 1.6e7}, {"tx": -1.6e7, "zy": 1e7}])
    actual = apply(images, drawn, Recipe(data_format="channels_last"))
    np.testing.assert_array_equal(actual[0], np.repeat(images[0][:, -1:], 7, axis=1))
    assert (actual[1] == actual[1][:1]).all()


def test_any_number_of_images_gives_each_the_same_pixels():
    """Batches are cut into parts and padded; neither may show."""
    images = noise((7, 7, 3), 70)
    drawn = Parameters.from_dicts(transforms(70, 7, 7))
    recipe = Recipe(rescale=0.5, data_format="channels_last")
    together = apply(images, drawn, recipe)
    for part in (slice(0, 1), slice(3, 8), slice(64, 70), slice(0, 0)):
        np.testing.assert_array_equal(apply(images[part], drawn[part], recipe), together[part])


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_large_batches_are_cut_by_their_bytes_too(dtype):
    images = noise((100, 100, 3), 45)
    drawn = Parameters.from_dicts(transforms(45, 100, 100))
    recipe = Recipe(data_format="channels_last")
    together = apply(images, drawn, recipe, dtype=dtype)
    for part in (slice(0, 1), slice(20, 24), slice(44, 45)):
        alone = apply(images[part], drawn[part], recipe, dtype=dtype)
        np.testing.assert_array_equal(alone, together[part])


def test_rescale_and_out():
    images = noise((7, 7, 3), 8)
    drawn = Parameters.from_dicts(transforms(8, 7, 7))
    plain = apply(images, drawn, Recipe(data_format="channels_last"))
    out = np.empty(images.shape, "float32")
    rescaled = apply(images, drawn, Recipe(rescale=1 / 255, data_format="channels_last"), out)
    assert rescaled is out
    np.testing.assert_allclose(out, plain / 255, rtol=1e-6)


def test_threads_do_not_disturb_each_other():
    from concurrent.futures import ThreadPoolExecutor

    images = noise((7, 7, 3), 130)
    drawn = Parameters.from_dicts(transforms(130, 7, 7))
    recipe = Recipe(data_format="channels_last")
    expected = apply(images, drawn, recipe)
    with ThreadPoolExecutor(4) as threads:
        for result in threads.map(lambda _: apply(images, drawn, recipe), range(8)):
            np.testing.assert_array_equal(result, expected)


COURSE = Recipe(
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True,
    data_format="channels_last",
)
GOLDEN = [
    [
        [13.291, 25.402, 37.514, 42.852],
        [67.785, 79.896, 92.008, 98.032],
        [122.278, 134.39, 146.502, 153.211],
        [176.772, 188.884, 200.996, 208.391],
        [201.679, 211.797, 221.914, 228.0],
    ],
    [
        [36.0, 27.529, 14.548, 6.838],
        [69.33, 68.515, 61.77, 55.025],
        [116.097, 116.702, 109.956, 103.211],
        [162.864, 164.888, 158.143, 151.398],
        [209.631, 213.074, 206.329, 199.244],
    ],
    [
        [18.83, 6.855, 6.178, 19.822],
        [44.348, 46.017, 49.739, 63.383],
        [90.976, 92.645, 94.313, 106.944],
        [137.604, 139.272, 140.941, 150.505],
        [184.232, 185.9, 187.569, 192.0],
    ],
]


def test_golden_pixels_of_legacy_geometry():
    """The same seed gives the same pixels on every backend, as it did when this was written."""
    course = dataclasses.replace(COURSE, legacy_geometry=True)
    image = (np.arange(5 * 4) * 12).astype("uint8").reshape(1, 5, 4, 1)
    images = np.repeat(image, 3, axis=0)
    keys = random.sample_keys(seed=7, epoch=2, indices=[0, 1, 65535])
    actual = apply(images, course.draw(keys, (5, 4, 1)), course)[..., 0]
    np.testing.assert_allclose(actual, GOLDEN, atol=TOLERANCE)
    legacy = legacy_pixels(images, course.draw(keys, (5, 4, 1)).as_dicts())[..., 0]
    np.testing.assert_allclose(GOLDEN, legacy, atol=TOLERANCE)


def test_the_users_models_keep_their_names():
    keras.utils.clear_session()
    apply(noise((3, 3, 1)), Parameters.from_dicts([{}]), Recipe(data_format="channels_last"))
    assert keras.Sequential().name == "sequential"
    inputs = keras.Input((1,))
    assert keras.Model(inputs, inputs).name == "functional"


@pytest.mark.parametrize(
    ("images", "count", "message"),
    [
        (np.zeros((4, 4, 3)), 1, r"images with shape \(4, 4, 3\) must be \(images, height"),
        (np.zeros((1, 0, 4, 3)), 1, "at least one pixel"),
        (np.zeros((1, 4, 4, 3), complex), 1, "dtype complex128 must be real numbers"),
        (np.zeros((2, 4, 4, 3)), 1, "There are 1 parameters for 2 images"),
    ],
)
def test_what_is_refused(images, count, message):
    with pytest.raises(ValueError, match=message):
        apply(images, Parameters.from_dicts([{}] * count), COURSE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fill_mode": "mirror"}, "fill_mode='mirror' is unknown: use one of 'nearest'"),
        ({"interpolation_order": 3}, "interpolation_order=3 is not offered: use 0 "),
        ({"out": np.empty((1, 4, 4, 3))}, "dtype float64 must be float32"),
        ({"cval": np.inf}, "cval=inf must be a finite number"),
        ({"matrices": np.zeros((1, 3, 3))}, r"matrices with shape \(1, 3, 3\) must be finite"),
    ],
)
def test_what_warp_refuses(arguments, message):
    given = {"matrices": matrices(Parameters.from_dicts([{}]), 4, 4), **arguments}
    with pytest.raises(ValueError, match=message):
        warp(np.zeros((1, 4, 4, 3)), data_format="channels_last", **given)
