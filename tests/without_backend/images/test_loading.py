"""Which files `load_img` takes, what it checks first, and how it turns pictures."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles.image_files import chunk, encoded
from PIL import Image, ImageOps, PngImagePlugin

from kcore.images import load_img

ORIENTATION = 0x0112
RGB = np.random.default_rng(5).integers(0, 256, (9, 14, 3), dtype=np.uint8)
ALL_16_BITS = np.arange(65536, dtype=np.uint16).reshape(256, 256)


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "bild-ä.png"
    Image.fromarray(RGB).save(path)
    return path


@pytest.mark.parametrize("kind", [Path, str, os.fsencode])
def test_names_of_every_kind(path, kind):
    np.testing.assert_array_equal(np.asarray(load_img(kind(path))), RGB)


def test_open_files_are_read_from_their_start_and_stay_open(path):
    with path.open("rb") as file:
        file.read()
        np.testing.assert_array_equal(np.asarray(load_img(file)), RGB)
        assert not file.closed


def test_the_picture_is_whole_when_the_file_is_gone(path):
    img = load_img(path)
    path.unlink()
    np.testing.assert_array_equal(np.asarray(img), RGB)


# Arguments


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            {"color_mode": "RGB"},
            r"color_mode='RGB' is unknown: use one of 'grayscale', 'rgb', 'rgba'\.",
        ),
        ({"color_mode": ["rgb"]}, r"color_mode=\['rgb'\] is unknown"),
        (
            {"interpolation": "cubic"},
            "interpolation='cubic' is unknown: use one of 'nearest', 'bil",
        ),
        (
            {"target_size": 300},
            r"target_size=300 is not a size: use two positive integers",
        ),
        ({"target_size": (300, 300, 3)}, r"target_size=\(300, 300, 3\) is not a size"),
        ({"target_size": (300,)}, "target_size="),
        ({"target_size": (0, 3)}, "target_size="),
        ({"target_size": (3, -1)}, "target_size="),
        ({"target_size": (2.5, 3)}, "target_size="),
        ({"target_size": "33"}, "target_size='33'"),
    ],
    ids=repr,
)
def test_wrong_arguments_are_refused_before_the_file_is_opened(argument, message):
    with pytest.raises(ValueError, match=message):
        load_img("no-such-file.png", **argument)


@pytest.mark.parametrize("path", [None, 7, RGB], ids=["None", "7", "array"])
def test_what_is_no_file_is_refused(path):
    with pytest.raises(
        TypeError, match=f"path is of type {type(path).__name__}: use a file's name"
    ):
        load_img(path)


def test_a_file_in_text_mode_is_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("text")
    with (
        path.open(encoding="ascii") as file,
        pytest.raises(TypeError, match=r"reads str: open the file in binary mode"),
    ):
        load_img(file)


# Orientation


@pytest.fixture(params=["JPEG", "PNG", "WEBP"])
def picture_on_its_side(request) -> io.BytesIO:
    """Stored 20 wide and 10 high, dark above and light below; upright it is 10 wide and 20 high."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    stored = np.repeat(np.array([[20] * 20, [220] * 20], np.uint8), 5, axis=0)
    return encoded(Image.fromarray(stored).convert("RGB"), request.param, exif=exif)


def test_exif_orientation_can_be_ignored(picture_on_its_side):
    img = load_img(picture_on_its_side, apply_exif_orientation=False)
    assert img.size == (20, 10)
    assert img.getpixel((5, 1))[0] < 60 < 180 < img.getpixel((5, 8))[0]


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
def test_exif_orientation_is_applied_once(picture_on_its_side, color_mode):
    upright = load_img(picture_on_its_side, color_mode)
    assert upright.size == (10, 20)
    reds = np.asarray(upright.convert("RGB"))[:, :, 0]
    assert reds[:, 8:].max() < 60 < 180 < reds[:, :2].min()  # what was above is now at the right
    assert ImageOps.exif_transpose(upright).size == (10, 20), "the result says that it is upright"


# Orientation -> what NumPy does to turn the stored picture upright (EXIF 2.32, 4.6.4, tag 274).
UPRIGHT = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: x[::-1].swapaxes(0, 1),
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: x[:, ::-1].swapaxes(0, 1),
}


@pytest.mark.parametrize("stored", [RGB, ALL_16_BITS[:9, :14]], ids=["rgb", "deep gray"])
@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_every_orientation_is_turned_upright_or_left_as_stored(orientation, file_format, stored):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    file = encoded(Image.fromarray(stored), file_format, exif=exif)
    mode = "rgb" if stored.ndim == 3 else "grayscale"
    upright = load_img(file, mode)
    np.testing.assert_array_equal(np.asarray(upright), UPRIGHT[orientation](stored))
    left = load_img(file, mode, apply_exif_orientation=False)
    np.testing.assert_array_equal(np.asarray(left), stored)


def test_a_picture_is_turned_before_it_is_resized():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    file = encoded(Image.fromarray(ALL_16_BITS[:10, :20]), exif=exif)
    for color_mode in ("grayscale", "rgb"):
        img = load_img(file, color_mode, (20, 10), "bilinear")
        expected = load_img(file, color_mode)
        np.testing.assert_array_equal(np.asarray(img), np.asarray(expected))


@given(
    st.binary(max_size=60), st.sampled_from([b"", b"Exif\0\0"]), st.sampled_from(["II*\0", "MM\0*"])
)
def test_damaged_exif_data_are_no_damage(data, prefix, order):
    exif = prefix + order.encode() + data
    file = encoded(Image.fromarray(RGB), "PNG")
    whole = file.getvalue()
    at = whole.index(b"IDAT") - 4
    file = io.BytesIO(whole[:at] + chunk(b"eXIf", exif) + whole[at:])
    assert sorted(load_img(file).size) == [9, 14]


def test_orientation_of_a_camera_that_cuts_its_exif_data_off():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010E] = "a description that is cut off"
    file = encoded(Image.fromarray(RGB), "WEBP", exif=exif.tobytes()[:-12], lossless=True)
    np.testing.assert_array_equal(np.asarray(load_img(file)), UPRIGHT[6](RGB))


@pytest.mark.parametrize("key", ["XML:com.adobe.xmp", "Raw profile type exif"])
def test_orientation_in_other_metadata_of_png(key):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = exif.tobytes()
    text = {
        "XML:com.adobe.xmp": '<x tiff:Orientation="6"/>',
        "Raw profile type exif": f"\nexif\n{len(data):8}\n{data.hex()}\n",
    }[key]
    info = PngImagePlugin.PngInfo()
    info.add_itxt(key, text)
    file = encoded(Image.fromarray(RGB), pnginfo=info)
    assert ImageOps.exif_transpose(Image.open(file)).size == (9, 14), "the truth: Pillow's own"
    img = load_img(file)
    np.testing.assert_array_equal(np.asarray(img), UPRIGHT[6](RGB))
    np.testing.assert_array_equal(np.asarray(ImageOps.exif_transpose(img)), np.asarray(img))
