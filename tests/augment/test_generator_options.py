"""Arguments of `ImageDataGenerator` that are assigned after it was made."""

import inspect

import numpy as np
import pytest

from kcore.augment import ImageDataGenerator, Recipe

ASSIGNED = {
    "featurewise_center": True,
    "samplewise_center": True,
    "featurewise_std_normalization": True,
    "samplewise_std_normalization": True,
    "zca_whitening": True,
    "zca_epsilon": 1e-3,
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": [2, 3],
    "brightness_range": (0.5, 0.8),
    "shear_range": 30.0,
    "zoom_range": (0.5, 0.9),
    "channel_shift_range": 50.0,
    "fill_mode": "reflect",
    "cval": 9.0,
    "horizontal_flip": True,
    "vertical_flip": True,
    "rescale": 1 / 255,
    "preprocessing_function": np.negative,
    "data_format": "channels_first",
    "interpolation_order": 0,
    "dtype": "float64",
    "legacy_geometry": True,
}
# What makes an option matter that does nothing by itself.
WITH = {
    "fill_mode": {"width_shift_range": [3]},
    "cval": {"width_shift_range": [3], "fill_mode": "constant"},
    "interpolation_order": {"rotation_range": 40},
    "legacy_geometry": {"width_shift_range": [3]},
    "zca_epsilon": {"zca_whitening": True},
}


def images():
    return np.random.default_rng(0).integers(0, 256, (6, 4, 4, 4)).astype("uint8")


def batch(generator):
    generator.fit(images())
    return generator.flow(images(), batch_size=6, shuffle=False, seed=3)[0]


def generator(**options):
    return ImageDataGenerator(**{"data_format": "channels_last", **options})


def test_every_argument_is_tested():
    arguments = set(inspect.signature(ImageDataGenerator).parameters)
    assert set(ASSIGNED) == arguments - {"validation_split"}


@pytest.mark.parametrize("name", ASSIGNED)
def test_an_assigned_option_does_what_the_argument_does(name):
    others = WITH.get(name, {})
    changed = generator(**others)
    before = batch(changed)
    setattr(changed, name, ASSIGNED[name])
    expected = generator(**{**others, name: ASSIGNED[name]})
    np.testing.assert_array_equal(batch(changed), batch(expected))
    assert batch(changed).dtype == batch(expected).dtype
    assert name in ("data_format", "dtype") or (batch(changed) != before).any()
    assert getattr(changed, name) == getattr(expected, name)


def test_a_flow_keeps_the_options_that_it_was_made_with():
    changed = generator(horizontal_flip=True)
    flow = changed.flow(images(), shuffle=False, seed=3)
    before = flow[0]
    changed.rescale = 1 / 255
    np.testing.assert_array_equal(flow[0], before)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rotation_range", -3, "rotation_range=-3 must be at least 0"),
        ("rescale", "1/255", "rescale='1/255' must be a finite number"),
        ("fill_mode", "mirror", "fill_mode='mirror' is unknown"),
        ("samplewise_center", 1, "samplewise_center=1 must be True or False"),
        ("dtype", "int8", "dtype='int8' is unknown"),
    ],
)
def test_a_wrong_value_is_refused_and_changes_nothing(name, value, message):
    changed = generator()
    before = getattr(changed, name)
    with pytest.raises(ValueError, match=message):
        setattr(changed, name, value)
    assert getattr(changed, name) == before


def test_a_rescale_of_0_is_none_as_in_the_constructor():
    changed = generator(rescale=0.5)
    changed.rescale = 0
    assert changed.rescale is None
    np.testing.assert_array_equal(batch(changed), images())


@pytest.mark.parametrize("name", ["channel_axis", "row_axis", "col_axis"])
def test_the_axes_follow_the_data_format(name):
    """The legacy class lets them be assigned, against its `data_format`."""
    axes = {"channels_last": (3, 1, 2), "channels_first": (1, 2, 3)}
    position = ("channel_axis", "row_axis", "col_axis").index(name)
    for data_format, expected in axes.items():
        changed = generator(data_format=data_format)
        assert getattr(changed, name) == expected[position]
        with pytest.raises(AttributeError, match=name):
            setattr(changed, name, 2)


def test_the_options_of_a_recipe_have_its_defaults():
    ours = inspect.signature(ImageDataGenerator).parameters
    for name, each in inspect.signature(Recipe).parameters.items():
        assert ours[name].default == each.default, name
