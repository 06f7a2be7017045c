"""Invalid arguments are refused by an error that names them."""

import io

import numpy as np
import pytest

from kcore.images import array_to_img, img_to_array, load_img, save_img

SWITCHES = ["False", "", 1, 0, None, np.ones(2, bool), []]


def png():
    file = io.BytesIO()
    save_img(file, np.zeros((4, 5, 3), "uint8"), "channels_last", "png")
    return file


@pytest.mark.parametrize("value", SWITCHES)
@pytest.mark.parametrize(
    "name", ["keep_aspect_ratio", "pad_to_aspect_ratio", "apply_exif_orientation"]
)
def test_switches_of_load_img(name, value):
    with pytest.raises(ValueError, match=rf"^{name}=.* must be True or False\."):
        load_img(png(), **{name: value})


@pytest.mark.parametrize("value", SWITCHES)
def test_scale_is_a_switch(value):
    x = np.zeros((4, 5, 3), "uint8")
    with pytest.raises(ValueError, match=r"^scale=.* must be True or False\."):
        array_to_img(x, "channels_last", scale=value)
    with pytest.raises(ValueError, match=r"^scale=.* must be True or False\."):
        save_img(io.BytesIO(), x, "channels_last", "png", scale=value)


@pytest.mark.parametrize("size", [(10**6, 10**6), (10**9, 10**9), (2**63, 1), (10**30, 10**30)])
def test_sizes_that_no_memory_holds_are_refused_before_they_are_tried(size):
    with pytest.raises(ValueError, match=r"^target_size=.* needs .* GB of memory"):
        load_img(png(), target_size=size)


@pytest.mark.parametrize("size", [{3, 4}, "34", [3.0, 4], (3, True + 0.5), 5])
def test_sizes_are_pairs_of_integers_in_an_order(size):
    with pytest.raises(ValueError, match=r"^target_size=.* is not a size"):
        load_img(png(), target_size=size)


@pytest.mark.parametrize("value", [np.array(["rgb"]), np.array(["a", "b"]), ["rgb"], None, 3])
@pytest.mark.parametrize("name", ["color_mode", "interpolation"])
def test_choices_are_texts(name, value):
    with pytest.raises(ValueError, match=rf"^{name}=.* is unknown"):
        load_img(png(), **{name: value})


@pytest.mark.parametrize("formats", [[["PNG"]], [3], [None], np.array(["PNG"]), "PNG", []])
def test_formats_are_a_list_of_names(formats):
    with pytest.raises(ValueError, match=r"^formats(=.* must| names .*: use)"):
        load_img(png(), formats=formats)


@pytest.mark.parametrize("dtype", [object, "complex64", "U3", "M8[s]", [("a", int)], "no", 7])
def test_dtypes_hold_real_numbers(dtype):
    x = np.zeros((4, 5, 3), "uint8")
    with pytest.raises(ValueError, match=r"^dtype=.* (holds no real numbers|is not a NumPy dtype)"):
        img_to_array(x, "channels_last", dtype)
    with pytest.raises(ValueError, match=r"^dtype=.* (holds no real numbers|is not a NumPy dtype)"):
        array_to_img(x, "channels_last", dtype=dtype)


@pytest.mark.parametrize("x", [[["a"]], None, [[1j]], {}, object()])
def test_pictures_hold_real_numbers(x):
    with pytest.raises(TypeError, match=r"^img has dtype"):
        img_to_array(x, "channels_last", "float32")
    with pytest.raises(TypeError, match=r"^x has dtype"):
        array_to_img(x, "channels_last")


def test_pictures_have_rows_of_one_length():
    with pytest.raises(ValueError, match=r"^img is not an array: its parts differ in length"):
        img_to_array([[1], [2, 3]], "channels_last", "float32")
    with pytest.raises(ValueError, match=r"^x is not an array: its parts differ in length"):
        array_to_img([[1], [2, 3]], "channels_last")
