import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from kcore.datasets.scenes._silhouettes import CLASS_NAMES, VARIATION_LENGTH, silhouette

class_names = st.sampled_from(CLASS_NAMES)
variations = st.tuples(*[st.floats(0, 1, exclude_max=True)] * VARIATION_LENGTH)
MIDDLE = (0.5,) * VARIATION_LENGTH


def mask(polygons, side=200):
    """Draw polygons, in the part of the plane from -1.3 to 1.3."""
    image = Image.new("1", (side, side))
    pen = ImageDraw.Draw(image)
    for polygon in polygons:
        pen.polygon(((polygon / 1.3 + 1) * (side / 2)).ravel().tolist(), fill=1)
    return np.asarray(image)


def test_there_are_ten_classes():
    names = "ball ring star cross arrow crescent heart house flower bolt"
    assert " ".join(CLASS_NAMES) == names


@given(class_names, variations)
def test_outlines_surround_the_origin_and_extend_about_one_unit(name, variation):
    body = np.concatenate(silhouette(name, variation).body)
    assert body.shape[1] == 2
    assert np.isfinite(body).all()
    assert 0.85 < np.abs(body).max() < 1.3
    assert (body.min(axis=0) < -0.3).all()
    assert (body.max(axis=0) > 0.3).all()


@given(class_names, variations)
def test_details_lie_within_the_body(name, variation):
    shape = silhouette(name, variation)
    body, details = mask(shape.body), mask(shape.details)
    outside = details & ~body
    assert outside.sum() <= 0.01 * body.sum()  # shared edges are rounded to pixels
    assert details.sum() < 0.75 * body.sum()


@pytest.mark.parametrize("name", CLASS_NAMES)
def test_the_variation_changes_the_outline(name):
    shapes = [silhouette(name, (fraction,) * VARIATION_LENGTH) for fraction in (0.0, 0.4, 0.9)]
    drawn = [mask(shape.body) ^ mask(shape.details) for shape in shapes]
    for first, second in itertools.pairwise(drawn):
        assert (first ^ second).mean() > 0.004


@pytest.mark.parametrize(("first", "second"), [*itertools.combinations(CLASS_NAMES, 2)])
def test_no_two_classes_look_alike(first, second):
    masks = [mask(silhouette(name, MIDDLE).body) for name in (first, second)]
    union, common = masks[0] | masks[1], masks[0] & masks[1]
    assert common.sum() < 0.85 * union.sum()


@given(variations)
def test_a_ring_has_a_hole_and_a_whole_band(variation):
    drawn = mask(silhouette("ring", variation).body)
    hole = 0.45 + 0.25 * variation[0]
    rows, columns = np.mgrid[:200, :200]
    distance = np.hypot(rows - 100, columns - 100) * 1.3 / 100
    assert not drawn[distance < hole - 0.03].any()
    assert drawn[(distance > hole + 0.03) & (distance < 0.97)].all()
    assert not drawn[distance > 1.03].any()


@given(variations)
def test_a_cross_looks_the_same_after_a_quarter_turn(variation):
    (body,) = silhouette("cross", variation).body
    turned = body @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    assert {tuple(v) for v in body.round(9) + 0.0} == {tuple(v) for v in turned.round(9) + 0.0}


@given(variations)
def test_a_flower_has_five_to_seven_petals(variation):
    (body,) = silhouette("flower", variation).body
    radii = np.hypot(*body.T)
    petals = int((radii > np.maximum(np.roll(radii, 1), np.roll(radii, -1))).sum())
    assert petals == 5 + int(3 * variation[0])
