import dataclasses
import math
from xml.etree import ElementTree

import numpy as np
import pytest

from kcore.datasets.scenes._parameters import SPLITS, draw_parameters
from kcore.datasets.scenes._silhouettes import CLASS_NAMES

MANY = [draw_parameters(index) for index in range(2000)]
LUMA = np.array([0.299, 0.587, 0.114]) / 255


def test_random_numbers_are_those_of_numpy():
    # The first two doubles choose the lightness, which is in no field; the others are in fields.
    key = np.random.SeedSequence(7, spawn_key=(2, 31))
    doubles = np.random.Generator(np.random.PCG64(key)).random(8)
    drawn = draw_parameters(31, seed=7, split="test")
    assert drawn.variation == tuple(doubles[2:5])
    assert drawn.size == pytest.approx(0.5 + 0.35 * doubles[5])
    assert drawn.position == tuple(doubles[6:8])


def test_a_scene_is_the_same_as_ever():
    # Golden values: if they change, so do the scenes of all users.
    drawn = draw_parameters(0)
    assert (drawn.label, drawn.class_name, drawn.mirrored) == (0, "ball", False)
    assert drawn.variation == pytest.approx((0.479874547083, 0.770833496953, 0.754657880612))
    assert drawn.size == pytest.approx(0.785320441577)
    assert drawn.position == pytest.approx((0.848542580865, 0.127197894984))
    assert drawn.rotation == pytest.approx(0.576768933925)
    assert drawn.shear == pytest.approx(-0.181380539940)
    assert drawn.squeeze == pytest.approx(0.976308592817)
    assert drawn.object_color == (238, 249, 211)
    assert drawn.detail_color == (249, 189, 136)
    assert drawn.background_colors == ((209, 148, 160), (159, 104, 112))
    assert drawn.background_angle == pytest.approx(3.655282485404)
    assert drawn.noise == pytest.approx(7.130063446978)
    assert drawn.noise_seed == 1078675086273904
    assert [item.kind for item in drawn.clutter] == [
        *("polygon", "line", "blob", "blob", "line", "polygon", "line")
    ]
    last = drawn.clutter[-1]
    assert last.center == pytest.approx((0.539371758968, 0.498917674146))
    assert last.length == pytest.approx(0.953351407656)
    assert last.thickness == pytest.approx(0.047911133747)
    assert last.angle == pytest.approx(1.821759587455)
    assert last.color == (135, 199, 183)


def test_a_scene_with_a_large_index_is_the_same_as_ever():
    drawn = draw_parameters(123456, seed=2**63, split="test", classes=("heart", "bolt", "ring"))
    assert (drawn.label, drawn.class_name, drawn.mirrored) == (0, "heart", True)
    assert drawn.size == pytest.approx(0.630635809560)
    assert drawn.object_color == (112, 57, 167)
    assert drawn.noise_seed == 298352327310941
    assert len(drawn.clutter) == 6


def test_the_classes_take_turns():
    assert [drawn.label for drawn in MANY[:20]] == [*range(10), *range(10)]
    assert all(drawn.class_name == CLASS_NAMES[drawn.label] for drawn in MANY)
    two = [draw_parameters(index, classes=("star", "ball")) for index in range(4)]
    assert [drawn.class_name for drawn in two] == ["star", "ball", "star", "ball"]
    assert [drawn.label for drawn in two] == [0, 1, 0, 1]


def test_the_class_changes_nothing_else():
    ball, star = (draw_parameters(3, classes=(name,)) for name in ("ball", "star"))
    assert dataclasses.replace(ball, class_name="star") == star


def test_neighboring_keys_give_unrelated_scenes():
    drawn = [
        draw_parameters(index, seed=seed, split=split)
        for index in range(20)
        for seed in range(5)
        for split in SPLITS
    ]
    doubles = [number for scene in drawn for number in (*scene.variation, *scene.position)]
    assert len(set(doubles)) == len(doubles) == 20 * 5 * 3 * 5


RANGES = {
    "size": (0.5, 0.85),
    "rotation": (-0.65, 0.65),
    "shear": (-0.22, 0.22),
    "squeeze": (0.82, 1.18),
    "background_angle": (0.0, 2 * math.pi),
    "noise": (1.0, 8.0),
}


@pytest.mark.parametrize(("field", "limits"), RANGES.items(), ids=RANGES.keys())
def test_choices_fill_their_range_evenly(field, limits):
    values = np.array([getattr(drawn, field) for drawn in MANY])
    fractions = (values - limits[0]) / (limits[1] - limits[0])
    assert fractions.min() >= 0
    assert fractions.max() < 1
    # Kolmogorov-Smirnov: for 2000 uniform draws the distance exceeds 0.05 once in 20,000 times.
    distance = np.abs(np.sort(fractions) - (np.arange(2000) + 0.5) / 2000).max()
    assert distance < 0.05


def test_objects_are_placed_everywhere_and_mirrored_half_the_time():
    positions = np.array([drawn.position for drawn in MANY])
    assert positions.min() < 0.01
    assert positions.max() > 0.99
    assert np.abs(positions.mean(axis=0) - 0.5).max() < 0.03
    assert np.mean([drawn.mirrored for drawn in MANY]) == pytest.approx(0.5, abs=0.05)


def colors(drawn):
    return [
        drawn.object_color,
        drawn.detail_color,
        *drawn.background_colors,
        *(item.color for item in drawn.clutter),
    ]


def test_colors_are_colors():
    values = np.array([color for drawn in MANY for color in colors(drawn)])
    assert values.dtype.kind == "i"
    assert values.min() >= 0
    assert values.max() <= 255


def test_the_object_stands_out_and_clutter_does_not():
    lighter = []
    for drawn in MANY:
        background = np.array(drawn.background_colors) @ LUMA
        difference = np.array(drawn.object_color) @ LUMA - background
        assert np.abs(difference).min() > 0.21
        assert np.sign(difference[0]) == np.sign(difference[1])
        lighter.append(difference[0] > 0)
        clutter = np.array([item.color for item in drawn.clutter]) @ LUMA
        assert np.abs(clutter - background.mean()).max() < 0.19
    assert 0.35 < np.mean(lighter) < 0.65


def test_there_are_four_to_nine_objects_in_the_background():
    assert {len(drawn.clutter) for drawn in MANY} == set(range(4, 10))
    assert {item.kind for drawn in MANY for item in drawn.clutter} == {"line", "blob", "polygon"}


REFUSED = {
    "negative index": ({"index": -1}, "index=-1 must be an integer, 0 or greater"),
    "half an index": ({"index": 0.5}, "index=0.5 must be an integer, 0 or greater"),
    "no seed": ({"seed": None}, "seed=None must be an integer from 0 to 2**64 - 1"),
    "negative seed": ({"seed": -3}, "seed=-3 must be an integer from 0 to 2**64 - 1"),
    "huge seed": ({"seed": 2**64}, "seed=18446744073709551616 must be an integer from 0"),
    "unknown split": (
        {"split": "holdout"},
        "split='holdout' is unknown: use one of 'train', 'validation', 'test'.",
    ),
    "no class": ({"classes": ()}, "classes=() must be a sequence of distinct names from ball, "),
    "one name": ({"classes": "ball"}, "classes='ball' must be a sequence of distinct names"),
    "unknown class": ({"classes": ("ball", "dog")}, "classes=('ball', 'dog') must be a sequence"),
    "class given twice": ({"classes": ("ball", "ball")}, "classes=('ball', 'ball') must be a"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_with_a_reason(arguments, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 -- the message is compared below
        draw_parameters(**{"index": 0, **arguments})
    assert str(caught.value).startswith(message)


def test_integers_of_numpy_are_accepted():
    assert draw_parameters(np.int64(12), seed=np.uint32(3)) == draw_parameters(12, seed=3)
    assert type(draw_parameters(np.int64(12)).label) is int


def test_a_repr_is_short_and_a_notebook_lists_every_field():
    drawn = draw_parameters(2)
    assert repr(drawn).startswith("<SceneParameters of a star, label 2, size 0.")
    assert repr(drawn).endswith(f"{len(drawn.clutter)} objects in the background>")
    assert len(repr(drawn)) < 150
    found = ElementTree.fromstring(drawn._repr_html_())
    names = [name.text for name in found.iter("dt")]
    values = dict(zip(names, (value.text for value in found.iter("dd")), strict=True))
    assert names == [field.name for field in dataclasses.fields(drawn)]
    assert values["class_name"] == "star"
    assert float(values["size"]) == pytest.approx(drawn.size, abs=0.001)
    assert values["object_color"] == str(drawn.object_color)
    assert values["clutter"] == f"{len(drawn.clutter)} objects in the background"
