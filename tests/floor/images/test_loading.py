"""Which files `load_img` takes, what it checks first, and what it does not do: turn pictures."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from oracles.image_files import encoded
from PIL import Image, ImageOps

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
            r"target_size=300 is no size: use two whole numbers of pixels above 0",
        ),
        ({"target_size": (300, 300, 3)}, r"target_size=\(300, 300, 3\) is no size"),
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


def test_exif_orientation_is_not_applied(picture_on_its_side):
    img = load_img(picture_on_its_side)
    assert img.size == (20, 10)
    assert img.getpixel((5, 1))[0] < 60 < 180 < img.getpixel((5, 8))[0]


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
def test_exif_transpose_turns_the_result_upright(picture_on_its_side, color_mode):
    upright = ImageOps.exif_transpose(load_img(picture_on_its_side, color_mode))
    assert upright.size == (10, 20)
    reds = np.asarray(upright.convert("RGB"))[:, :, 0]
    assert reds[:, 8:].max() < 60 < 180 < reds[:, :2].min()  # what was above is now at the right


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb"])
@pytest.mark.parametrize("size", [None, (20, 40)])
def test_deep_pictures_keep_their_orientation_too(color_mode, size):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    file = encoded(Image.fromarray(ALL_16_BITS[:10, :20]), exif=exif)
    upright = ImageOps.exif_transpose(load_img(file, color_mode, size, "bilinear"))
    assert upright.size == ((10, 20) if size is None else (20, 40))


def test_pillow_itself_turns_tiff():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    img = load_img(encoded(Image.new("RGB", (20, 10)), "TIFF", exif=exif))
    assert img.size == (10, 20)
    assert ImageOps.exif_transpose(img).size == (10, 20)
