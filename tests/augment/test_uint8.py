"""`dtype="uint8"`: the float32 result, rounded half to even and clipped, or an error."""

import hashlib

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.legacy_pixels import is_decided, legacy_pixels

from kcore import random
from kcore.augment import ImageDataGenerator, Parameters, RandomTransform, Recipe, apply

RANGES = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "data_format": "channels_last",
}
FULL = {**RANGES, "brightness_range": (0.5, 1.6), "channel_shift_range": 60.0}


def noise(shape=(6, 13, 17, 3), seed=0, dtype="uint8"):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)


def in_bytes(images):
    return np.clip(np.rint(images), 0, 255).astype("uint8")


@settings(max_examples=6)
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 4)),
    fill_mode=st.sampled_from(["nearest", "constant", "reflect", "wrap"]),
    order=st.sampled_from([0, 1]),
    dtype=st.sampled_from(["uint8", "float32", "int16"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_rounded_values_of_float32(shape, fill_mode, order, dtype, seed):
    images = noise((3, *shape), seed, dtype)
    recipe = Recipe(**FULL, fill_mode=fill_mode, cval=7.5, interpolation_order=order)
    drawn = recipe.draw(random.sample_keys(seed, 0, range(3)), shape)
    result = apply(images, drawn, recipe, dtype="uint8")
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, in_bytes(apply(images, drawn, recipe)))


def test_the_rounded_values_of_scipy():
    images, drawn = noise(), [{"theta": 7.0 * number, "zx": 0.9} for number in range(6)]
    recipe = Recipe(data_format="channels_last", legacy_geometry=True)
    options = {"fill_mode": "nearest", "cval": 0.0, "interpolation_order": 1}
    expected = legacy_pixels(images, drawn, **options)
    result = apply(images, Parameters.from_dicts(drawn), recipe, dtype="uint8")
    decided = is_decided(drawn, 13, 17, "nearest", 1)[..., None]
    decided = decided & (abs(expected % 1 - 0.5) > 0.01)
    assert decided.mean() > 0.9
    np.testing.assert_array_equal(
        np.where(decided, result, 0), np.where(decided, expected.round(), 0)
    )


def test_halves_are_rounded_to_even():
    row = np.array([0, 1, 2, 3, 4, 5, 250, 255], "uint8").reshape(1, 1, 8, 1)
    recipe = Recipe(data_format="channels_last")
    half = Parameters.from_dicts([{"ty": 0.5}])
    np.testing.assert_array_equal(
        apply(row, half, recipe)[0, 0, :, 0], [0.5, 1.5, 2.5, 3.5, 4.5, 127.5, 252.5, 255]
    )
    np.testing.assert_array_equal(
        apply(row, half, recipe, dtype="uint8")[0, 0, :, 0], [0, 2, 2, 4, 4, 128, 252, 255]
    )


def test_the_same_bytes_on_every_backend():
    images, recipe = noise((4, 60, 50, 3)), Recipe(**FULL)
    drawn = recipe.draw(random.sample_keys(7, 0, range(4)), (60, 50, 3))
    result = apply(images, drawn, recipe, dtype="uint8")
    assert hashlib.sha256(result.tobytes()).hexdigest()[:16] == "d99f30f3e06128cf"


def test_it_is_written_into_out():
    images, recipe = noise(), Recipe(**RANGES)
    drawn = recipe.draw(random.sample_keys(7, 0, range(6)), (13, 17, 3))
    out = np.empty(images.shape, "uint8")
    assert apply(images, drawn, recipe, out, dtype="uint8") is out
    np.testing.assert_array_equal(out, apply(images, drawn, recipe, dtype=np.uint8))
    with pytest.raises(ValueError, match=r"out with shape .* and dtype uint8 must be float32"):
        apply(images, drawn, recipe, out)


@pytest.mark.parametrize(
    "options", [FULL, {"data_format": "channels_last"}], ids=["drawn", "still"]
)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_flow(options, dtype):
    x, y = noise(dtype=dtype), np.arange(6)
    floats = ImageDataGenerator(**options).flow(x, y, batch_size=4, seed=7)
    flow = ImageDataGenerator(**options, dtype="uint8").flow(x, y, batch_size=4, seed=7)
    assert flow.dtype == "uint8"
    for (images, labels), (expected, same_labels) in zip(flow, floats, strict=True):
        assert images.dtype == np.uint8
        np.testing.assert_array_equal(images, in_bytes(expected))
        np.testing.assert_array_equal(labels, same_labels)
    replayed, _ = flow.replay(index=5, epoch=0)
    np.testing.assert_array_equal(replayed, in_bytes(floats.replay(index=5, epoch=0)[0]))


def test_a_flow_of_images_that_stay_does_not_hand_out_the_array_itself():
    x = noise()
    batch = ImageDataGenerator(data_format="channels_last", dtype="uint8").flow(
        x, shuffle=False, seed=7
    )[0]
    batch[...] = 0
    assert x.any()


def test_masks_beside_it():
    x, masks = noise(), noise((6, 13, 17), 1) // 128
    options = {"batch_size": 6, "seed": 7}
    floats, labels = ImageDataGenerator(**FULL).flow_with_masks(x, masks, **options)[0]
    images, same = ImageDataGenerator(**FULL, dtype="uint8").flow_with_masks(x, masks, **options)[0]
    np.testing.assert_array_equal(images, in_bytes(floats))
    np.testing.assert_array_equal(same, labels)


def test_single_images():
    generator = ImageDataGenerator(**RANGES, dtype="uint8")
    floats = ImageDataGenerator(**RANGES)
    image = noise()[0]
    for result, expected in [
        (generator.random_transform(image, seed=3), floats.random_transform(image, seed=3)),
        (
            generator.apply_transform(image, {"theta": 9.0}),
            floats.apply_transform(image, {"theta": 9.0}),
        ),
        (generator.standardize(image - np.float32(0.25) * (image > 0)), image),
    ]:
        assert result.dtype == np.uint8
        np.testing.assert_array_equal(result, in_bytes(expected))


def test_a_model_that_rescales_learns_from_it():
    model = keras.Sequential(
        [
            keras.Input((13, 17, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    flow = ImageDataGenerator(**RANGES, dtype="uint8").flow(noise(), np.zeros(6), seed=7)
    assert np.isfinite(model.fit(flow, epochs=2, verbose=0).history["loss"]).all()


def solarized(image):
    return np.where(image > 128, 255 - image, image).astype("uint8")


def test_a_function_that_returns_uint8():
    flow = ImageDataGenerator(**RANGES, dtype="uint8", preprocessing_function=solarized).flow(
        noise(), shuffle=False, seed=7
    )
    floats = ImageDataGenerator(**RANGES, preprocessing_function=solarized).flow(
        noise(), shuffle=False, seed=7
    )
    assert flow[0].dtype == np.uint8
    np.testing.assert_array_equal(flow[0], floats[0])


def test_a_function_that_returns_floats_is_refused():
    flow = ImageDataGenerator(dtype="uint8", preprocessing_function=lambda image: image / 127.5 - 1)
    with pytest.raises(ValueError, match="preprocessing_function returned float32, which doesn't"):
        flow.flow(noise(), seed=7)[0]
    with pytest.raises(ValueError, match="preprocessing_function returned float32, which doesn't"):
        flow.standardize(noise())


REFUSED = [
    ({"rescale": 1 / 255}, r"rescale=0.0039\d* doesn't go with dtype='uint8': leave it out"),
    ({"samplewise_center": True}, "samplewise_center=True doesn't go with dtype='uint8'"),
    ({"samplewise_std_normalization": True}, "samplewise_std_normalization=True doesn't go"),
    ({"featurewise_center": True}, "featurewise_center=True doesn't go with"),
    ({"featurewise_std_normalization": True}, "featurewise_std_normalization=True doesn't go"),
    ({"zca_whitening": True}, "zca_whitening=True doesn't go with dtype='uint8'"),
    ({"fill_mode": "constant", "cval": 256}, "cval=256.0 is out of range: dtype='uint8' holds 0"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=lambda value: str(value)[:20])
def test_options_that_give_no_pixels_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ImageDataGenerator(**options, dtype="uint8")
    generator = ImageDataGenerator(**options)
    with pytest.raises(ValueError, match=message):
        generator.dtype = "uint8"
    assert generator.dtype == "float32"
    *first, last = options
    generator = ImageDataGenerator(**{name: options[name] for name in first}, dtype="uint8")
    with pytest.raises(ValueError, match=message):
        setattr(generator, last, options[last])
    assert getattr(generator, last) == getattr(ImageDataGenerator(), last)


def test_a_recipe_that_is_assigned_is_checked_by_the_flow():
    generator = ImageDataGenerator(dtype="uint8")
    generator.recipe = Recipe(rescale=2.0)
    with pytest.raises(ValueError, match=r"rescale=2\.0 doesn't go with dtype='uint8'"):
        generator.flow(noise(), seed=7)


WRONG = [
    (noise(dtype="float32") - 1, "with values from -1 to 254 doesn't go with dtype='uint8'"),
    (noise(dtype="int32") * 2, "with values from 0 to 510 doesn't go with dtype='uint8'"),
    (noise(dtype="float32") / 255, "with fractions from 0 to 1 would become 0 and 1 with"),
]


@pytest.mark.parametrize(("images", "message"), WRONG, ids=["below", "above", "scaled"])
@pytest.mark.parametrize(
    "options", [RANGES, {"data_format": "channels_last"}], ids=["drawn", "still"]
)
def test_images_on_another_scale_are_refused(images, message, options):
    with pytest.raises(ValueError, match=message):
        ImageDataGenerator(**options, dtype="uint8").flow(images, seed=7)[0]


@pytest.mark.parametrize("dtype", ["float64", "int8", None, "foo"])
def test_dtypes_that_apply_does_not_give(dtype):
    recipe = Recipe()
    with pytest.raises(
        ValueError, match=f"dtype={dtype!r} is unknown: use one of 'float32', 'uint8'"
    ):
        apply(noise(), Parameters.from_dicts([{}] * 6), recipe, dtype=dtype)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_layer(dtype):
    images = noise(dtype=dtype)
    floats = RandomTransform(**FULL, seed=3)(images, training=True)
    layer = RandomTransform(**FULL, seed=3, dtype="uint8")
    result = layer(images, training=True)
    assert keras.backend.standardize_dtype(result.dtype) == "uint8"
    np.testing.assert_array_equal(result, in_bytes(keras.ops.convert_to_numpy(floats)))
    np.testing.assert_array_equal(layer(images), images)
    halves = np.full((1, 2, 2, 1), [[[0.5]], [[300]]], "float32")
    np.testing.assert_array_equal(np.unique(layer(halves)), [0, 255])


def test_the_layer_inside_a_model_is_saved_with_its_dtype():
    inputs = keras.Input((13, 17, 3), dtype="uint8")
    layer = RandomTransform(**RANGES, seed=3, dtype="uint8")
    model = keras.Model(inputs, keras.layers.Rescaling(1 / 255)(layer(inputs)))
    np.testing.assert_allclose(model.predict(noise(), verbose=0), noise() / np.float32(255))
    copy = keras.models.clone_model(model)
    assert copy.layers[1].compute_dtype == "uint8"


@pytest.mark.parametrize("dtype", ["int32", "bool"])
def test_the_layer_refuses_dtypes_that_cut_off_fractions(dtype):
    with pytest.raises(ValueError, match=f"dtype='{dtype}' would cut off the fractions of pixels"):
        RandomTransform(dtype=dtype)
    with pytest.raises(ValueError, match=r"rescale=2\.0 doesn't go with dtype='uint8'"):
        RandomTransform(rescale=2.0, dtype="uint8")
