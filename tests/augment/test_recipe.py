"""The options, and what is drawn from them."""

import dataclasses

import numpy as np
import pytest

from kcore import random
from kcore.augment import Recipe

SHAPE = (300, 200, 3)


def recipe(**options):
    return Recipe(**options, data_format="channels_last")


def draw(count=4000, seed=1, shape=SHAPE, **options):
    keys = random.sample_keys(seed=seed, epoch=0, indices=np.arange(count))
    return recipe(**options).draw(keys, shape)


def check_uniform(values, low, high):
    """Within the limits, and every tenth of them is met equally often (5 standard errors)."""
    assert low <= values.min()
    assert values.max() <= high
    counts, _ = np.histogram(values, 10, (low, high))
    assert (abs(counts - len(values) / 10) < 5 * np.sqrt(len(values) * 0.09)).all()


@pytest.mark.parametrize(
    ("options", "name", "limits"),
    [
        ({"rotation_range": 40}, "theta", (-40, 40)),
        ({"shear_range": 0.2}, "shear", (-0.2, 0.2)),
        ({"height_shift_range": 0.2}, "tx", (-60, 60)),
        ({"width_shift_range": 0.2}, "ty", (-40, 40)),
        ({"width_shift_range": 7.0}, "ty", (-7, 7)),
        ({"zoom_range": 0.2}, "zx", (0.8, 1.2)),
        ({"zoom_range": 0.2}, "zy", (0.8, 1.2)),
        ({"zoom_range": (0.5, 3)}, "zy", (0.5, 3)),
        ({"channel_shift_range": 20}, "channel_shift_intensity", (-20, 20)),
        ({"brightness_range": (0.5, 1.5)}, "brightness", (0.5, 1.5)),
    ],
)
def test_ranges(options, name, limits):
    check_uniform(getattr(draw(**options), name), *limits)


@pytest.mark.parametrize(
    ("shift_range", "expected"),
    [
        (4, [-3, -2, -1, 0, 1, 2, 3]),
        (1, [0]),
        ([5, 9], [-9, -5, 5, 9]),
        ([0.1, 0.5], [-150, -30, 30, 150]),
    ],
)
def test_whole_and_listed_shifts(shift_range, expected):
    values, counts = np.unique(draw(height_shift_range=shift_range).tx, return_counts=True)
    np.testing.assert_allclose(values, expected)
    if 0 not in expected:
        assert (abs(counts - 4000 / len(expected)) < 200).all()


def test_flips_are_half():
    drawn = draw(horizontal_flip=True)
    assert abs(drawn.flip_horizontal.mean() - 0.5) < 0.04
    assert not drawn.flip_vertical.any()


def test_zooms_are_independent():
    drawn = draw(zoom_range=0.5)
    assert abs(np.corrcoef(drawn.zx, drawn.zy)[0, 1]) < 0.08


def test_an_empty_recipe_changes_nothing():
    neutral = {"zx": 1.0, "zy": 1.0, "channel_shift_intensity": None, "brightness": None}
    (drawn,) = draw(1).as_dicts()
    assert drawn == {**dict.fromkeys(drawn, 0), **neutral}


def test_an_option_leaves_the_other_parameters_alone():
    one = draw(5, rotation_range=40, zoom_range=0.2)
    other = draw(5, rotation_range=40, zoom_range=0.2, width_shift_range=9, horizontal_flip=True)
    np.testing.assert_array_equal(one.theta, other.theta)
    np.testing.assert_array_equal(one.zy, other.zy)


def test_an_images_parameters_hang_on_its_key_alone():
    keys = random.sample_keys(seed=3, epoch=1, indices=np.arange(9))
    options = recipe(rotation_range=40, brightness_range=(0.5, 2))
    every, some = options.draw(keys, SHAPE), options.draw(keys[[7, 2]], SHAPE)
    assert some.as_dicts() == [every.as_dicts()[7], every.as_dicts()[2]]


def test_golden_parameters():
    """Bit for bit what they were when this was written, on every backend and machine."""
    options = recipe(
        rotation_range=40,
        width_shift_range=0.2,
        height_shift_range=0.2,
        shear_range=0.2,
        zoom_range=0.2,
        horizontal_flip=True,
        channel_shift_range=30.0,
        brightness_range=(0.5, 1.5),
    )
    keys = random.sample_keys(seed=7, epoch=2, indices=[0, 1, 65535])
    drawn = options.draw(keys, (300, 300, 3))
    golden = {
        "theta": "0x1.692ae80000000p+1 -0x1.b64b980000000p+2 -0x1.fcc2800000000p+3",
        "tx": "0x1.3874340000000p+5 0x1.d708790000000p+4 -0x1.bbe6ae8000000p+5",
        "ty": "0x1.60a63b8000000p+4 -0x1.3a55f60000000p+3 -0x1.55a039c000000p+5",
        "shear": "0x1.8b03b33333334p-6 -0x1.2e0d933333333p-4 0x1.5d94066666667p-3",
        "zx": "0x1.b03210ccccccdp-1 0x1.16ed30ccccccdp+0 0x1.09a3306666666p+0",
        "zy": "0x1.26a7b26666666p+0 0x1.f682e73333333p-1 0x1.e2b9226666666p-1",
        "channel_shift_intensity": "0x1.ebfbf80000000p+2 -0x1.c7d7410000000p+2 "
        "-0x1.80573d8000000p+4",
        "brightness": "0x1.b475bc0000000p-1 0x1.f918380000000p-1 0x1.5c7d460000000p+0",
    }
    for name, values in golden.items():
        assert [value.hex() for value in getattr(drawn, name).tolist()] == values.split(), name
    assert drawn.flip_horizontal.tolist() == [False, True, True]


def test_channels_first():
    options = Recipe(height_shift_range=0.5, data_format="channels_first")
    keys = random.sample_keys(seed=1, epoch=0, indices=np.arange(500))
    assert 100 < options.draw(keys, (3, 300, 200)).tx.max() <= 150


def test_a_recipe_is_a_value():
    assert recipe(zoom_range=[0.5, 2], width_shift_range=np.array([1, 2])) == recipe(
        zoom_range=(0.5, 2.0), width_shift_range=(1, 2)
    )
    assert hash(recipe(zoom_range=[0.5, 2])) == hash(recipe(zoom_range=(0.5, 2)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe().rotation_range = 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"rotation_range": -1},
            r"rotation_range=-1 must be at least 0: values are drawn from ±",
        ),
        ({"rotation_range": "40"}, "rotation_range='40' must be a finite number"),
        ({"width_shift_range": "2"}, "width_shift_range='2' must be a finite number"),
        ({"width_shift_range": [1, None]}, r"width_shift_range\[1\]=None must be a finite number"),
        ({"zoom_range": 1.5}, r"zoom_range=1.5 would zoom by 1 ± 1.5.*a pair such as \(0.5, 3\)"),
        ({"zoom_range": (2, 1)}, r"zoom_range=\(2, 1\) must be \(lowest, highest\): 0 <="),
        ({"zoom_range": (1, 2, 3)}, r"zoom_range=\(1, 2, 3\) must be two numbers"),
        ({"brightness_range": 0.5}, "brightness_range=0.5 must be two numbers"),
        ({"horizontal_flip": 1}, "horizontal_flip=1 must be True or False"),
        ({"legacy_geometry": "yes"}, "legacy_geometry=.yes. must be True or False"),
        ({"fill_mode": "mirror"}, "fill_mode='mirror' is unknown: use one of 'nearest'"),
        ({"interpolation_order": 3}, "interpolation_order=3 is not offered: use 0"),
        ({"cval": float("nan")}, "cval=nan must be a finite number"),
        ({"rescale": "1/255"}, "rescale='1/255' must be a finite number"),
        ({"rescale": -1e39}, r"rescale=-1e\+39 is out of range: give at most 3.40"),
        ({"brightness_range": (1, 1e39)}, r"brightness_range\[1\]=1e\+39 is out of range"),
        ({"channel_shift_range": 1e39}, r"channel_shift_range=1e\+39 is out of range"),
        (
            {"zoom_range": (1, 2e7)},
            r"zoom_range\[1\]=20000000.0 is out of range: give at mo",
        ),
        ({"width_shift_range": 2**25}, "width_shift_range=33554432 is out of range: give at most"),
        ({"height_shift_range": [-(2**25)]}, r"height_shift_range\[0\]=-33554432 is out of range"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        recipe(**options)


@pytest.mark.parametrize("keys", [np.zeros(2, "uint32"), np.zeros((3, 2)), [[1, 2, 3]]])
def test_keys_are_checked(keys):
    with pytest.raises(ValueError, match=r"must be uint32 \(images, 2\), as kcore.random.sample"):
        recipe().draw(keys, SHAPE)


def test_a_batch_shape_is_refused():
    with pytest.raises(ValueError, match=r"must have three axes.*without the batch axis"):
        recipe().draw(np.zeros((1, 2), "uint32"), (1, *SHAPE))
