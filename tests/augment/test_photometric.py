"""Channel shift and brightness against legacy Keras, and where they are better."""

import keras
import numpy as np
import pytest
from oracles.legacy_pixels import legacy_pixels

from kcore.augment import Parameters, RandomTransform, Recipe, apply

COUNT = 6
RECIPE = Recipe(data_format="channels_last", legacy_geometry=True)


def images(channels=3, low=0, high=256):
    return np.random.default_rng(0).integers(low, high, (COUNT, 9, 8, channels)).astype("float32")


def transforms(name, values):
    return [{name: float(value), "theta": 20.0 * i} for i, value in enumerate(values)]


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_channel_shift_is_that_of_legacy_keras(channels):
    drawn = transforms("channel_shift_intensity", [-300, -20, 0, 3.5, 60, 300])
    x = images(channels, 30, 200)
    actual = apply(x, Parameters.from_dicts(drawn), RECIPE)
    np.testing.assert_allclose(actual, legacy_pixels(x, drawn), atol=1e-2)
    assert actual.min() >= 30
    assert actual.max() < 200


FACTORS = np.array([0, 0.3, 0.9, 1, 1.7, 4])


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_is_that_of_legacy_keras_without_its_loss_of_fractions(channels):
    """Legacy cuts the fraction off, multiplies and cuts it off again; kcore only multiplies."""
    drawn = transforms("brightness", FACTORS)
    x = images(channels)
    actual = apply(x, Parameters.from_dicts(drawn), RECIPE)
    plain = apply(x, Parameters.from_dicts([{**one, "brightness": 1.0} for one in drawn]), RECIPE)
    factors = FACTORS[:, None, None, None]
    np.testing.assert_allclose(actual, np.minimum(plain * factors, 255), atol=1e-3)
    lost = actual - legacy_pixels(x, drawn)
    assert (lost >= -1e-2).all()
    assert (lost <= factors + 1 + 1e-2).all()
    assert lost.max() > 1


def test_brightness_of_values_outside_of_0_to_255():
    """Black and white are then the image's own extremes, as in legacy Keras."""
    drawn = transforms("brightness", FACTORS)
    x = images(low=-500, high=500)
    actual = apply(x, Parameters.from_dicts(drawn), RECIPE)
    legacy = legacy_pixels(x, drawn)
    step = 1000 / 255  # legacy keeps 256 levels
    assert (abs(actual - legacy) <= step * (FACTORS[:, None, None, None] + 1) + 0.1).all()


def test_brightness_of_images_in_0_to_1_is_no_black_picture():
    """Legacy cuts them down to 0."""
    drawn = [{"brightness": 0.5}] * COUNT
    x = images() / 256
    np.testing.assert_allclose(apply(x, Parameters.from_dicts(drawn), RECIPE), x / 2, atol=1e-6)
    assert legacy_pixels(x, drawn).max() == 0


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_brightness_leaves_opacity_alone(data_format):
    x = images(4)
    expected = np.concatenate([x[..., :3] / 2, x[..., 3:]], axis=-1)
    if data_format == "channels_first":
        x, expected = np.moveaxis(x, -1, 1), np.moveaxis(expected, -1, 1)
    halved = Parameters.from_dicts([{"brightness": 0.5}] * COUNT)
    actual = apply(x, halved, Recipe(data_format=data_format))
    np.testing.assert_allclose(actual, expected, atol=1e-4)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_the_shift_of_channels_leaves_opacity_alone(data_format):
    """Its values are no limits for the colors, either."""
    x = np.concatenate([images(3, 30, 200), images(1, 0, 256)], axis=-1)
    colors = np.clip(x[..., :3] + 60, x[..., :3].min(axis=(1, 2, 3), keepdims=True), 199)
    colors = np.minimum(colors, x[..., :3].max(axis=(1, 2, 3), keepdims=True))
    expected = np.concatenate([colors, x[..., 3:]], axis=-1)
    if data_format == "channels_first":
        x, expected = np.moveaxis(x, -1, 1), np.moveaxis(expected, -1, 1)
    shifted = Parameters.from_dicts([{"channel_shift_intensity": 60.0}] * COUNT)
    actual = apply(x, shifted, Recipe(data_format=data_format))
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_the_layer_leaves_opacity_alone():
    x = images(4)[:4]
    layer = RandomTransform(
        channel_shift_range=60.0, brightness_range=(0.5, 0.8), seed=1, data_format="channels_last"
    )
    actual = keras.ops.convert_to_numpy(layer(x, training=True))
    np.testing.assert_array_equal(actual[..., 3], x[..., 3])
    assert (actual[..., :3] != x[..., :3]).any(axis=(1, 2, 3)).all()


def test_the_order_is_shift_then_brightness_then_rescale():
    x = np.full((1, 2, 2, 1), 100, "uint8")
    x[0, 0, 0] = 0
    x[0, 1, 1] = 250
    drawn = Parameters.from_dicts([{"channel_shift_intensity": 20.0, "brightness": 2.0}])
    actual = apply(x, drawn, Recipe(rescale=0.1, data_format="channels_last"))
    np.testing.assert_allclose(actual[0, ..., 0], [[4.0, 24.0], [24.0, 25.5]], rtol=1e-6)
