"""One image under several draws, and the draws in words."""

import numpy as np
import pytest

from kcore import random
from kcore.augment import ImageDataGenerator, Parameters, Recipe, apply, captions, variations

RECIPE = Recipe(rotation_range=40, zoom_range=0.2, rescale=1 / 255, data_format="channels_last")


def image():
    return np.random.default_rng(0).integers(0, 256, (9, 8, 3)).astype("uint8")


def test_each_is_the_image_under_its_own_draw():
    pictures, parameters = variations(image(), RECIPE, count=4, seed=3, epoch=2)
    keys = random.sample_keys(3, 2, np.arange(4))
    assert parameters.as_dicts() == RECIPE.draw(keys, (9, 8, 3)).as_dicts()
    plain = Recipe(data_format="channels_last")
    expected = np.rint(apply(np.stack([image()] * 4), parameters, plain))
    assert pictures.dtype == np.uint8
    np.testing.assert_array_equal(pictures, expected)


def test_a_generator_shows_what_it_draws():
    options = {"rotation_range": 40, "brightness_range": (0.5, 1.5), "data_format": "channels_last"}
    generator = ImageDataGenerator(
        **options, rescale=1 / 255, samplewise_center=True, preprocessing_function=np.negative
    )
    pictures, parameters = variations(image(), generator, count=3, seed=3, epoch=2)
    expected, drawn = variations(image(), Recipe(**options), count=3, seed=3, epoch=2)
    np.testing.assert_array_equal(pictures, expected)
    assert parameters.as_dicts() == drawn.as_dicts()
    plain = ImageDataGenerator(**options)
    batches = plain.flow(np.stack([image()] * 3), seed=3, shuffle=False)
    batches.epoch = 2
    np.testing.assert_array_equal(pictures, np.rint(batches[0].clip(0, 255)))


@pytest.mark.parametrize("recipe", [None, {"rotation_range": 40}, ImageDataGenerator])
def test_what_is_no_recipe_is_refused(recipe):
    with pytest.raises(TypeError, match=r"recipe is of type .*: give a Recipe or an Image"):
        variations(image(), recipe)


def test_captions_say_what_changes():
    parameters = Parameters.from_dicts(
        [
            {},
            {"theta": 30.6, "tx": 4, "ty": -12.2, "flip_horizontal": True},
            {"zx": 0.8, "zy": 1.25, "shear": -3, "flip_vertical": True},
            {"channel_shift_intensity": 12, "brightness": 0.5},
            {"theta": -0.4, "tx": -0.3, "shear": -0.04},
        ]
    )
    assert captions(parameters) == [
        "",
        "rotated 31°, shifted 4 -12, flipped",
        "sheared -3.0°, zoom 0.80 1.25, upside down",
        "channels +12, brightness 0.50",
        "rotated 0°, shifted 0 0, sheared 0.0°",
    ]


def test_the_image_is_checked():
    with pytest.raises(ValueError, match="must have three axes"):
        variations(image()[None], RECIPE)
    with pytest.raises(ValueError, match="count=0 must be an integer of at least 1"):
        variations(image(), RECIPE, count=0)
