"""What the names of the geometry promise, against SciPy, NumPy and pictures of stripes."""

import keras
import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.affine_definition import matrix_of
from oracles.legacy_pixels import is_decided

from kcore import random
from kcore.augment import ImageDataGenerator, Parameters, RandomTransform, Recipe, apply, matrices

TOLERANCE = 1e-2
MODES = ["nearest", "constant", "reflect", "wrap"]
FORMATS = ["channels_last", "channels_first"]
# That of the layers in test_random_transform.py: JAX compiles each operation for each shape.
SHAPE = (20, 31, 3)
shapes = st.tuples(st.integers(2, 24), st.integers(2, 24), st.integers(1, 4))


def noise(shape, count=1, seed=0, dtype="uint8"):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape)).astype(dtype)


def laid_out(images, data_format):
    return np.moveaxis(images, -1, 1) if data_format == "channels_first" else images


def applied(images, transform, data_format="channels_last", **options):
    """Transform images (n, height, width, channels) in a layout, and bring them back from it."""
    recipe = Recipe(data_format=data_format, **options)
    parameters = Parameters.from_dicts([transform] * len(images))
    result = apply(laid_out(images, data_format), parameters, recipe)
    return np.moveaxis(result, 1, -1) if data_format == "channels_first" else result


def strong(rng, height, width):
    return {
        "theta": rng.uniform(-180, 180),
        "tx": rng.uniform(-2, 2) * height,
        "ty": rng.uniform(-2, 2) * width,
        "shear": rng.uniform(-60, 60),
        "zx": rng.uniform(0.1, 3),
        "zy": rng.uniform(0.1, 3),
        "flip_horizontal": bool(rng.integers(2)),
        "flip_vertical": bool(rng.integers(2)),
    }


@settings(max_examples=6)
@given(
    shape=shapes,
    fill_mode=st.sampled_from(MODES),
    order=st.sampled_from([0, 1]),
    data_format=st.sampled_from(FORMATS),
    seed=st.integers(0, 2**32 - 1),
)
def test_scipy_with_a_matrix_built_from_the_definition(shape, fill_mode, order, data_format, seed):
    height, width, channels = shape
    image, transform = noise(shape, 1, seed), strong(np.random.default_rng(seed), height, width)
    matrix = matrix_of(height, width, **transform)
    ours = matrices(Parameters.from_dicts([transform]), height, width)[0]
    np.testing.assert_allclose(ours, matrix[:2], atol=1e-9)
    expected = [
        scipy.ndimage.affine_transform(
            image[0, ..., channel].astype("float64"), matrix, order=order, mode=fill_mode, cval=7.0
        )
        for channel in range(channels)
    ]
    options = {"fill_mode": fill_mode, "interpolation_order": order, "cval": 7.0}
    actual = applied(image, transform, data_format, **options)[0]
    decided = is_decided([transform], height, width, fill_mode, order, legacy_geometry=False)[0]
    np.testing.assert_allclose(
        actual[decided], np.stack(expected, axis=-1)[decided], atol=TOLERANCE
    )


@settings(max_examples=6)
@given(shape=shapes, angle=st.floats(-180, 180), data_format=st.sampled_from(FORMATS))
def test_any_shape_turns_about_its_own_center(shape, angle, data_format):
    """SciPy's own rotation; positive angles turn the picture counter-clockwise in both."""
    image = noise(shape)
    expected = scipy.ndimage.rotate(
        image[0].astype("float64"), angle, reshape=False, order=1, mode="nearest"
    )
    actual = applied(image, {"theta": angle}, data_format)[0]
    np.testing.assert_allclose(actual, expected, atol=TOLERANCE)


@settings(max_examples=6)
@given(
    shape=shapes,
    fill_mode=st.sampled_from(MODES),
    order=st.sampled_from([0, 1]),
    data_format=st.sampled_from(FORMATS),
)
def test_a_half_turn_is_a_double_flip(shape, fill_mode, order, data_format):
    image = noise(shape)
    options = {"fill_mode": fill_mode, "interpolation_order": order, "cval": 7.0}
    turned = applied(image, {"theta": 180.0}, data_format, **options)
    np.testing.assert_array_equal(turned, np.flip(image, (1, 2)))
    flipped = {"flip_horizontal": True, "flip_vertical": True}
    np.testing.assert_array_equal(turned, applied(image, flipped, data_format, **options))


@pytest.mark.parametrize(("height", "width"), [(7, 7), (8, 8), (5, 9), (10, 4)])
def test_a_quarter_turn(height, width):
    image = noise((height, width, 3))
    actual = applied(image, {"theta": 90.0})
    expected = np.rot90(image, axes=(1, 2))  # counter-clockwise, (width, height)
    shared = min(height, width)
    rows, columns = (height - shared) // 2, (width - shared) // 2
    np.testing.assert_array_equal(
        actual[:, rows : rows + shared, columns : columns + shared],
        expected[:, columns : columns + shared, rows : rows + shared],
    )


@pytest.mark.parametrize("data_format", FORMATS)
def test_the_names_in_a_dictionary_of_apply_transform(data_format):
    """`tx`, `zx` act along the height, `ty`, `zy` along the width; positive is up and left."""
    image = noise((6, 9, 3))[0]
    generator = ImageDataGenerator(data_format=data_format)

    def transformed(**transform):
        result = generator.apply_transform(laid_out(image[None], data_format)[0], transform)
        return np.moveaxis(result, 0, -1) if data_format == "channels_first" else result

    edges = np.pad(image, [(9, 9), (9, 9), (0, 0)], mode="edge")
    np.testing.assert_array_equal(transformed(tx=2.0), edges[11:17, 9:18])
    np.testing.assert_array_equal(transformed(ty=-3.0), edges[9:15, 6:15])
    middle_row, middle_column = 2.5, 4.0
    rows = np.clip(middle_row + 2 * (np.arange(6) - middle_row), 0, 5)
    columns = np.clip(middle_column + 2 * (np.arange(9) - middle_column), 0, 8)
    between = image.astype("float32")[np.floor(rows).astype(int)] / 2
    between += image[np.ceil(rows).astype(int)] / np.float32(2)
    np.testing.assert_array_equal(transformed(zx=2.0), between)
    np.testing.assert_array_equal(transformed(zy=2.0), image[:, columns.astype(int)])


def by_recipe(images, data_format, **options):
    recipe = Recipe(data_format=data_format, **options)
    keys = random.sample_keys(5, 0, np.arange(len(images)))
    return apply(images, recipe.draw(keys, images.shape[1:]), recipe)


def by_layer(images, data_format, **options):
    layer = RandomTransform(seed=5, data_format=data_format, **options)
    return keras.ops.convert_to_numpy(layer(images, training=True))


def by_flow(images, data_format, **options):
    generator = ImageDataGenerator(data_format=data_format, **options)
    return generator.flow(images, batch_size=len(images), shuffle=False, seed=5)[0]


def by_random_transform(images, data_format, **options):
    generator = ImageDataGenerator(data_format=data_format, **options)
    return np.stack([generator.random_transform(image, seed) for seed, image in enumerate(images)])


FACES = [by_recipe, by_layer, by_flow, by_random_transform]


def stripes(along, count=4):
    """Draw images whose pixels change along one axis alone."""
    ramp = 8 * np.arange(SHAPE[along], dtype="float32")
    image = np.broadcast_to(ramp[:, None] if along == 0 else ramp, SHAPE[:2])
    return np.broadcast_to(image[None, ..., None], (count, *SHAPE)).astype("uint8")


@pytest.mark.parametrize("shift_range", [0.2, 4, 3.0, [2, 5], [-5, -2]], ids=str)
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_width_moves_along_the_width_and_height_along_the_height(face, data_format, shift_range):
    for name, along, across in (("width_shift_range", 1, 0), ("height_shift_range", 0, 1)):
        unchanged = laid_out(stripes(across), data_format)
        moved = laid_out(stripes(along), data_format)
        options = {name: shift_range}
        np.testing.assert_array_equal(face(unchanged, data_format, **options), unchanged)
        shifted = face(moved, data_format, **options)
        assert (abs(shifted - moved).max(axis=(1, 2, 3)) > 0).sum() >= 2
        limit = 0.2 * SHAPE[along] if shift_range == 0.2 else 5
        assert abs(shifted - moved).max() <= 8 * limit


@pytest.mark.parametrize("face", FACES[:3], ids=lambda face: face.__name__)
def test_a_seed_keeps_the_zooms_under_their_new_axes(face):
    """The same two numbers as in legacy geometry, exchanged: a transpose zooms alike."""
    images = noise((16, 16, 1), 4)
    options = {"zoom_range": (0.5, 2.0), "data_format": "channels_last"}
    now = face(images, **options)
    then = face(images.swapaxes(1, 2), **options, legacy_geometry=True).swapaxes(1, 2)
    np.testing.assert_allclose(now, then, atol=0.05)


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_a_fraction_is_one_of_its_own_axis(face):
    """Half of a width of 31 reaches 15 columns, not the 10 of a height of 20."""
    images = stripes(1, count=4 if face is by_layer else 30)
    farthest = abs(face(images, "channels_last", width_shift_range=0.5) - images).max()
    assert 8 * 10 < farthest <= 8 * 15.5


def draw(shift_range, **options):
    recipe = Recipe(width_shift_range=shift_range, data_format="channels_last", **options)
    return recipe.draw(random.sample_keys(1, 0, np.arange(500)), (20, 20, 3)).ty


def test_negative_shifts_in_a_list_are_pixels():
    negative, positive = draw([-3, -2, -1]), draw([3, 2, 1])
    assert sorted({*negative}) == sorted({*positive}) == [-3, -2, -1, 1, 2, 3]
    np.testing.assert_array_equal(negative, -positive)
    assert sorted({*draw([-0.5, 0.25])}) == [-10, -5, 5, 10]
    assert sorted({*draw([-3, 0.5])}) == [-3, -0.5, 0.5, 3]
    assert sorted({*draw([-3, -2], legacy_geometry=True)}) == [-60, -40, 40, 60]


@pytest.mark.parametrize("name", ["width_shift_range", "height_shift_range"])
def test_negative_shifts_in_a_list_are_pixels_in_a_dictionary_too(name):
    generator = ImageDataGenerator(**{name: [-3, -2, -1]}, data_format="channels_last")
    parameter = {"width_shift_range": "ty", "height_shift_range": "tx"}[name]
    drawn = {generator.get_random_transform((20, 20, 3), seed)[parameter] for seed in range(60)}
    assert sorted(drawn) == [-3, -2, -1, 1, 2, 3]


def test_the_layers_reach_covers_negative_shifts():
    """Its fixed-point numbers have bits for the farthest shift that its recipe draws."""
    images = noise(SHAPE, 4)
    layer = RandomTransform(width_shift_range=[-5000, -0.5], seed=3, data_format="channels_last")
    moved = keras.ops.convert_to_numpy(layer(images, training=True))
    keys = random.sample_keys(3, 0, np.arange(4))
    far = abs(layer.recipe.draw(keys, SHAPE).ty) > 1000
    assert 0 < far.sum() < 4
    for image, result, is_far in zip(images, moved, far, strict=True):
        edges = [np.broadcast_to(image[:, [edge]], SHAPE) for edge in (0, -1)]
        assert any(np.array_equal(result, edge) for edge in edges) == is_far


# Of any size, but for those below 1e-38, which XLA takes for 0.
FLOATS = st.builds(lambda m, e: m * 10.0**e, st.integers(-9999, 9999), st.integers(-30, 34))


@settings(max_examples=8)
@given(
    values=st.lists(FLOATS, min_size=30, max_size=30),
    shape=st.sampled_from([(5, 6, 1), (1, 30, 1), (30, 1, 1), (2, 5, 3)]),
    fill_mode=st.sampled_from(MODES),
    order=st.sampled_from([0, 1]),
    data_format=st.sampled_from(FORMATS),
)
def test_flips_identity_and_whole_shifts_are_exact_on_floats(
    values, shape, fill_mode, order, data_format
):
    image = np.array(values, "float32").reshape(1, *shape)
    options = {"fill_mode": fill_mode, "interpolation_order": order}
    for transform, expected in (
        ({}, image),
        ({"flip_horizontal": True}, image[:, :, ::-1]),
        ({"flip_vertical": True}, image[:, ::-1]),
        ({"theta": 180.0}, image[:, ::-1, ::-1]),
    ):
        actual = applied(image, transform, data_format, **options)
        np.testing.assert_array_equal(actual, expected)


def test_a_large_neighbor_leaves_a_flipped_pixel_alone():
    image = np.array([1, 1e8, 1], "float32").reshape(1, 1, 3, 1)
    np.testing.assert_array_equal(applied(image, {"flip_horizontal": True}), image)
    layer = RandomTransform(horizontal_flip=True, seed=1, data_format="channels_last")
    row = np.where(np.arange(SHAPE[1]) % 2, 1e8, 1).astype("float32")
    symmetric = np.broadcast_to(row[None, None, :, None], (4, *SHAPE))
    flipped = layer(symmetric, training=True)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(flipped), symmetric)


def test_pixels_that_are_no_numbers_stay_where_they_are():
    image = np.array([[1, np.nan, 2], [-3e38, 3e38, 1]], "float32").reshape(1, 2, 3, 1)
    np.testing.assert_array_equal(applied(image, {}), image)
    np.testing.assert_array_equal(applied(image, {"flip_horizontal": True}), image[:, :, ::-1])


def test_legacy_geometry_gives_the_old_matrices():
    """The numbers that `matrices` gave before its axes were mended, for images of 20 x 60."""
    transforms = [
        {"theta": 33.0, "tx": 3.5, "ty": -7.25, "shear": 12.0, "zx": 1.2, "zy": 0.8},
        {"theta": -140.0, "tx": -2.5, "shear": 0.2, "zx": 0.9, "flip_horizontal": True},
    ]
    old = """
        0x1.21a1851ff630bp-1 0x1.4ea050286f556p-1 0x1.36f25180ab058p+1
        -0x1.21a1851ff630bp-1 0x1.01a3bcb9bb651p+0 0x1.782c76df58346p+4
        -0x1.871045e799d6dp-1 0x1.28324fd3613e8p-1 0x1.900b521d52810p+4
        0x1.4a796e1773c9dp-1 0x1.60fe478edc833p-1 -0x1.4e067e518c5a6p+5
    """
    expected = np.array([float.fromhex(number) for number in old.split()]).reshape(2, 2, 3)
    actual = matrices(Parameters.from_dicts(transforms), 20, 60, legacy_geometry=True)
    np.testing.assert_allclose(actual, expected, rtol=1e-14)
