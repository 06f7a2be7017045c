"""The container of what was drawn, and its legacy dictionaries."""

import numpy as np
import pytest

from kcore.augment import Parameters

LEGACY = {
    "theta": 12.5,
    "tx": -3.0,
    "ty": 4.0,
    "shear": 1.5,
    "zx": 0.9,
    "zy": 1.1,
    "flip_horizontal": True,
    "flip_vertical": False,
    "channel_shift_intensity": None,
    "brightness": None,
}


def test_legacy_dictionaries_come_back():
    other = {**LEGACY, "theta": -1.0, "flip_vertical": True}
    assert Parameters.from_dicts([LEGACY, other]).as_dicts() == [LEGACY, other]


def test_what_is_left_out_changes_nothing():
    (neutral,) = Parameters.from_dicts([{}]).as_dicts()
    assert neutral == {
        **dict.fromkeys(("theta", "tx", "ty", "shear"), 0.0),
        **dict.fromkeys(("zx", "zy"), 1.0),
        **dict.fromkeys(("flip_horizontal", "flip_vertical"), False),
        **dict.fromkeys(("channel_shift_intensity", "brightness")),
    }


def test_an_effect_of_one_image_is_neutral_for_the_others():
    parameters = Parameters.from_dicts([{}, {"brightness": 0.5}, {"brightness": None}])
    np.testing.assert_array_equal(parameters.brightness, [1.0, 0.5, 1.0])
    assert parameters.channel_shift_intensity is None


def test_some_of_them():
    parameters = Parameters.from_dicts([{"theta": float(i)} for i in range(5)])
    assert len(parameters) == 5
    np.testing.assert_array_equal(parameters[1:3].theta, [1, 2])
    np.testing.assert_array_equal(parameters[[4, 0]].theta, [4, 0])
    assert parameters[1:3].brightness is None


def columns(**changed):
    return {
        **{name: np.zeros(2) for name in ("theta", "tx", "ty", "shear")},
        **{name: np.ones(2) for name in ("zx", "zy")},
        **{name: np.zeros(2, bool) for name in ("flip_horizontal", "flip_vertical")},
        **changed,
    }


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tx": np.zeros(3)}, r"must have one length, one for each image: \{.*'tx': 3"),
        ({"zx": 1.0}, r"zx with shape \(\) must be \(images,\)"),
        ({"shear": [0, np.nan]}, "shear holds nan; it must be finite"),
        ({"theta": None}, r"theta=None must be numbers, one for each image"),
        ({"flip_vertical": None}, r"flip_vertical=None must be"),
        ({"zx": [1, 1e300]}, r"zx holds 1e\+300; it must be at least -16777216 and at most 1677"),
        ({"tx": [0, -2e7]}, r"tx holds -20000000.0; it must be at least -16777216 and at most"),
        ({"brightness": [1, -0.5]}, r"brightness holds -0.5; it must be at least 0 and at most"),
        ({"brightness": [1, 1e39]}, r"brightness holds 1e\+39; it must be at least 0 and at most"),
    ],
)
def test_what_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        Parameters(**columns(**changed))


def test_an_unknown_name_is_refused():
    with pytest.raises(
        ValueError, match="'rotation' is not a parameter of a transformation: use th"
    ):
        Parameters.from_dicts([{"rotation": 3}])
