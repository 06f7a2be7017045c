"""What was taken for something that nobody meant, and is refused now."""

import numpy as np
import pytest

from kcore.augment import (
    ImageDataGenerator,
    Parameters,
    Recipe,
    apply,
    captions,
    matrices,
    variations,
    warp,
)

IMAGES = np.arange(2 * 4 * 4 * 1, dtype=np.float32).reshape(2, 4, 4, 1)
IDENTITIES = np.tile(np.eye(3)[:2], (2, 1, 1))
RECIPE = Recipe(rotation_range=9, data_format="channels_last")
TWO = Parameters.from_dicts([{}, {"theta": 9.0}])


def generator(**options):
    return ImageDataGenerator(data_format="channels_last", **options)


def with_one(value):
    images = IMAGES.copy()
    images[1, 2, 3, 0] = value
    return images


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "options", [{"featurewise_center": True}, {"samplewise_center": True}, {"zca_whitening": True}]
)
def test_statistics_of_images_with_nan(value, options):
    fitted = generator(**options)
    with pytest.raises(ValueError, match="x holds NaN or infinity in 1 of 2 images, the first at"):
        fitted.fit(with_one(value))
    assert fitted.mean is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "options",
    [{}, {"rotation_range": 9}, {"samplewise_center": True}, {"rescale": 1 / 255}],
    ids=["still", "random", "samplewise", "rescaled"],
)
def test_flows_of_images_with_nan(value, options):
    flow = generator(**options).flow(with_one(value), batch_size=1, shuffle=False, seed=1)
    assert np.isfinite(flow[0]).all()
    with pytest.raises(ValueError, match="x holds NaN or infinity in the image of index 1"):
        flow[1]


@pytest.mark.parametrize("value", ["False", None, 1, np.array([])])
def test_switches_are_true_or_false(value):
    refused = pytest.raises(ValueError, match=r"=.* must be True or False")
    with refused:
        generator().fit(IMAGES, augment=value)
    with refused:
        generator().flow(IMAGES, ignore_class_split=value)
    with refused:
        matrices(TWO, 4, 4, legacy_geometry=value)
    with refused:
        generator().flow_from_dataframe({"filename": ["a.png"]}, validate_filenames=value, seed=1)


def test_numbers_of_fit_are_checked_where_they_are_not_used():
    with pytest.raises(ValueError, match="rounds=0 must be"):
        generator().fit(IMAGES, rounds=0)
    with pytest.raises(ValueError, match="seed='x' must be"):
        generator().fit(IMAGES, seed="x")


@pytest.mark.parametrize("value", ["", [], False, "x", np.array([])])
def test_a_factor_is_a_number(value):
    with pytest.raises(ValueError, match=r"rescale=.* must be a finite number"):
        generator(rescale=value)
    with pytest.raises(ValueError, match=r"rescale=.* must be a finite number"):
        generator().rescale = value
    assert generator(rescale=0).rescale is None


@pytest.mark.parametrize("value", [True, "1", 1.0, None, np.zeros(2), 2])
def test_an_order_is_zero_or_one(value):
    for make in (generator, Recipe):
        with pytest.raises(ValueError, match=r"interpolation_order=.* is not offered"):
            make(interpolation_order=value)
    with pytest.raises(ValueError, match=r"interpolation_order=.* is not offered"):
        warp(IMAGES, IDENTITIES, interpolation_order=value)


@pytest.mark.parametrize("value", [None, 3, "x", [], object(), RECIPE])
def test_parameters_are_parameters(value):
    for call in (
        lambda: apply(IMAGES, value, RECIPE),
        lambda: matrices(value, 4, 4),
        lambda: captions(value),
    ):
        with pytest.raises(TypeError, match=r"parameters is of type .*: give a kcore Parameters"):
            call()


@pytest.mark.parametrize("value", [None, 3, "x", [], object(), TWO])
def test_a_recipe_is_a_recipe(value):
    with pytest.raises(TypeError, match=r"recipe is of type .*: give a kcore Recipe"):
        apply(IMAGES, TWO, value)
    with pytest.raises(TypeError, match="recipe is of type"):
        variations(IMAGES[0], value)


@pytest.mark.parametrize("value", [True, "x", [], IMAGES.tolist(), object()])
def test_out_is_an_array(value):
    with pytest.raises(TypeError, match=r"out is of type .*: give a float32 array"):
        warp(IMAGES, IDENTITIES, out=value)
    with pytest.raises(TypeError, match=r"out is of type .*: give a float32 array"):
        apply(IMAGES, TWO, RECIPE, out=value)


@pytest.mark.parametrize("value", ["False", "no", 2, None, np.nan])
def test_flips_are_true_or_false(value):
    with pytest.raises(ValueError, match=r"flip_horizontal=.* must be"):
        Parameters(**{**vars(TWO), "flip_horizontal": [value, True]})
    if value is not None:  # leaves the image as it is
        with pytest.raises(ValueError, match=r"flip_horizontal=.* must be"):
            Parameters.from_dicts([{"flip_horizontal": value}])
    assert Parameters.from_dicts([{"flip_vertical": 1}]).flip_vertical.tolist() == [True]


@pytest.mark.parametrize("value", ["5", None, "x"])
def test_angles_are_numbers(value):
    with pytest.raises(ValueError, match=r"theta=.* must be numbers, one for each image"):
        Parameters(**{**vars(TWO), "theta": [value, 1]})


@pytest.mark.parametrize("value", [None, 3, "x", [3], [None], {"theta": 3}])
def test_transforms_are_dictionaries(value):
    with pytest.raises(TypeError, match=r"transforms(\[0\])?=.* must be a "):
        Parameters.from_dicts(value)
    with pytest.raises((TypeError, ValueError), match=r"transform_parameters=.*"):
        generator().apply_transform(IMAGES[0], [value])


@pytest.mark.parametrize("shape", [(4, 4), (0, 4, 1), (4.0, 4, 1), ("4", "4", "1"), "abc", None, 4])
def test_shapes_are_three_sizes(shape):
    with pytest.raises(ValueError, match="img_shape"):
        generator().get_random_transform(shape, seed=1)
    with pytest.raises(ValueError, match="image_shape"):
        RECIPE.spatial_shape(shape)


def test_classes_have_different_names():
    table = {"filename": ["1.png", "2.png"], "class": ["a", "b"]}
    with pytest.raises(ValueError, match=r"classes=\['a', 'b', 'a'\] must be distinct names"):
        generator().flow_from_dataframe(
            table, classes=["a", "b", "a"], validate_filenames=False, seed=1
        )


@pytest.mark.parametrize(
    ("argument", "value"),
    [("x_col", None), ("weight_col", 3), ("y_col", 3), ("directory", 5), ("save_prefix", None)],
)
def test_arguments_of_a_table_are_named(argument, value):
    table = {"filename": ["1.png"], "class": ["a"]}
    with pytest.raises(TypeError, match=f"{argument}={value}"):
        generator().flow_from_dataframe(table, seed=1, **{argument: value})
