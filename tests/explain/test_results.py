"""How results look as an expression and in a notebook."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from kcore.explain import (
    ActivationMaximization,
    Attributions,
    ClassScores,
    FaithfulnessCurve,
    Gradients,
)

VALUES = np.linspace(-1, 2, 2 * 40 * 50 * 3, dtype="float32").reshape(2, 40, 50, 3)
CLASSES = np.array([3, 1])
SCORES = np.float32([0.5, 2])


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (
            ClassScores(np.float32([[0.25, -1], [2, 1 / 3]]), "before softmax"),
            "ClassScores(2 samples, 2 classes, before softmax, in -1..2)",
        ),
        (
            Gradients(VALUES, VALUES, "conv", CLASSES, SCORES, "output"),
            "Gradients(float32 (2, 40, 50, 3) in -1..2, at 'conv', of classes [3, 1] output)",
        ),
        (
            Gradients(VALUES[0], VALUES, "", CLASSES, SCORES, "output"),
            "Gradients(float32 (40, 50, 3) in -1..0.4999, at the input, of classes [3, 1] output)",
        ),
        (
            Attributions(VALUES, CLASSES, SCORES, SCORES, np.float32([0, 0.125])),
            "Attributions(float32 (2, 40, 50, 3) in -1..2, for classes [3, 1], gaps in 0..0.125)",
        ),
        (
            Attributions(np.float32(np.nan), np.arange(9), SCORES, SCORES, np.zeros(2)),
            "Attributions(float32 () in nan, for classes [0, 1, 2, 3, 4, 5, ...], gaps in 0)",
        ),
        (
            FaithfulnessCurve(
                np.linspace(0, 1, 3, dtype="float32"), np.float32([[1, 0.5, 0], [1, 1, 1]]), CLASSES
            ),
            "FaithfulnessCurve(2 images, 2 steps, of classes [3, 1], area in 0.5..1)",
        ),
        (
            ActivationMaximization(
                np.float32([0, 0.5, 1]), np.float32([[0, 1], [0.5, 2]]), (0, 1), ""
            ),
            "ActivationMaximization(float32 (3,) in 0..1, activations from 0..0.5 to 1..2)",
        ),
    ],
)
def test_results_are_short_as_an_expression(result, text):
    assert repr(result) == text


def pictures_in(html):
    return [
        Image.open(io.BytesIO(base64.b64decode(data)))
        for data in re.findall(r"base64,([^\"]*)\"", html)
    ]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_a_notebook_shows_the_images_that_were_made(data_format, channels, mode):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 8, 10, channels))
    images = np.float32(pixels / 255 * 3 - 1)
    if data_format == "channels_first":
        images = np.moveaxis(images, -1, 1)
    found = ActivationMaximization(images, np.ones((20, 2), "float32"), (-1.0, 2.0), data_format)
    html = found._repr_html_()
    shown = pictures_in(html)
    assert len(shown) == 16
    assert "20 images, the first 16 shown" in html
    assert {picture.mode for picture in shown} == {mode}
    for picture, expected in zip(shown, pixels, strict=False):
        assert np.array_equal(np.asarray(picture).reshape(expected.shape), expected)
    assert html.count('alt="image 0, activation 1"') == 1
    assert 'width="120" height="96"' in html


def test_what_is_no_picture_is_described():
    images = np.zeros((2, 4, 4, 5), "float32")
    found = ActivationMaximization(images, np.ones((2, 2), "float32"), (0.0, 1.0), "channels_last")
    assert not pictures_in(found._repr_html_())
    assert "float32 (2, 4, 4, 5) in 0" in found._repr_html_()
