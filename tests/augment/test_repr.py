"""What objects of `kcore.augment` show of themselves."""

from xml.etree import ElementTree

import numpy as np
import pytest

from kcore.augment import ImageDataGenerator, Parameters, Recipe


def test_a_recipe_shows_what_differs_from_the_defaults():
    assert repr(Recipe()) == "Recipe()"
    recipe = Recipe(rotation_range=40, zoom_range=0.25, fill_mode="wrap", horizontal_flip=True)
    shown = repr(recipe)
    assert shown == (
        "Recipe(rotation_range=40.0, zoom_range=(0.75, 1.25), fill_mode='wrap', "
        "horizontal_flip=True)"
    )
    assert eval(shown) == recipe


def test_a_generator_shows_what_differs_from_the_defaults():
    assert repr(ImageDataGenerator()) == "ImageDataGenerator()"
    generator = ImageDataGenerator(
        rotation_range=40,
        rescale=0.5,
        preprocessing_function=np.negative,
        validation_split=0.2,
        dtype="float16",
    )
    assert repr(generator) == (
        "ImageDataGenerator(rotation_range=40.0, rescale=0.5, preprocessing_function=negative, "
        "validation_split=0.2, dtype='float16')"
    )
    generator.rescale, generator.samplewise_center = 0, True
    assert "rescale" not in repr(generator)
    assert "samplewise_center=True" in repr(generator)


DRAWN = [
    {"theta": 12.34, "tx": -3.0, "zx": 0.9, "zy": 1.1, "flip_horizontal": True},
    {"brightness": 0.5, "flip_vertical": True, "flip_horizontal": True},
    {},
]


def test_parameters_show_their_number_and_what_they_change():
    assert repr(Parameters.from_dicts([{}, {}])) == "<Parameters of 2 images: nothing changes>"
    assert repr(Parameters.from_dicts([])) == "<Parameters of 0 images: nothing changes>"
    assert repr(Parameters.from_dicts(DRAWN)) == (
        "<Parameters of 3 images: rotation, shift, zoom, flip, brightness>"
    )
    assert repr(Parameters.from_dicts([{"shear": 1, "channel_shift_intensity": 2.0}])) == (
        "<Parameters of 1 image: shear, channel shift>"
    )


def cells(page, name):
    return [each.text or "" for each in page.iter(name)]


def test_parameters_are_a_table_in_a_notebook():
    page = ElementTree.fromstring(Parameters.from_dicts(DRAWN)._repr_html_())
    header = ["image", "theta (°)", "tx (pixels)", "ty (pixels)", "zx", "zy", "flip", "brightness"]
    assert cells(page, "th") == header
    rows = [
        ["0", "12.3", "-3.0", "0.0", "0.90", "1.10", "horizontal", "1.00"],
        ["1", "0.0", "0.0", "0.0", "1.00", "1.00", "horizontal, vertical", "0.50"],
        ["2", "0.0", "0.0", "0.0", "1.00", "1.00", "", "1.00"],
    ]
    found = cells(page, "td")
    assert [found[start : start + 8] for start in range(0, 24, 8)] == rows
    assert cells(page, "caption") == ["Parameters of 3 images"]


@pytest.mark.parametrize("count", [20, 21, 500])
def test_a_long_table_is_cut(count):
    page = ElementTree.fromstring(Parameters.from_dicts([{"theta": 1.0}] * count)._repr_html_())
    assert len(cells(page, "tr")) == 21
    more = "; the first 20" if count > 20 else ""
    assert cells(page, "caption") == [f"Parameters of {count} images{more}"]
