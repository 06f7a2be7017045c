"""`save_img`: what was saved comes back, and what can't be saved leaves everything as it was."""

import errno
import io
import os
import stat
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from kcore.images import FORMATS, img_to_array, load_img, save_img

Image.init()
DATA_FORMATS = ("channels_last", "channels_first")
COLOR_MODES = {1: "grayscale", 3: "rgb", 4: "rgba"}
RGB = np.random.default_rng(4).integers(0, 256, (5, 7, 3), dtype=np.uint8)
RGBA = np.dstack([RGB, np.arange(35, dtype=np.uint8).reshape(5, 7)])
DEEP = (np.arange(35, dtype=np.uint16).reshape(5, 7, 1) * 1800) + 7


def save(path, x, **arguments):
    save_img(path, x, **{"data_format": "channels_last", "scale": False, **arguments})


# There and back


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.tuples(st.sampled_from([1, 3, 4]), st.integers(1, 6), st.integers(1, 6)),
    ),
    st.sampled_from(DATA_FORMATS),
    st.sampled_from(["png", "tiff"]),
)
def test_what_is_saved_comes_back(pixels, data_format, file_format):
    if len(pixels) > 1:
        pixels = pixels.astype(np.uint8)  # Pillow has no deeper color
    if data_format == "channels_last":
        pixels = np.moveaxis(pixels, 0, -1)
    file = io.BytesIO()
    save(file, pixels, data_format=data_format, file_format=file_format)
    channels = pixels.shape[0 if data_format == "channels_first" else -1]
    img = load_img(file, color_mode=COLOR_MODES[channels])
    np.testing.assert_array_equal(img_to_array(img, data_format, pixels.dtype), pixels)


def test_values_are_stretched_unless_told_otherwise(tmp_path):
    save_img(tmp_path / "a.png", np.array([[[10], [20], [30]]]), "channels_last")
    img = load_img(tmp_path / "a.png", color_mode="grayscale")
    np.testing.assert_array_equal(np.asarray(img), [[0, 127, 255]])


def test_dtype_is_that_of_array_to_img(tmp_path):
    save(tmp_path / "a.png", np.array([[[7.9], [30.0]]]), dtype="uint16")
    img = load_img(tmp_path / "a.png", color_mode="grayscale")
    assert img.mode == "I;16"
    np.testing.assert_array_equal(np.asarray(img), [[7, 30]])


# Formats


@pytest.mark.parametrize(
    ("name", "file_format", "expected"),
    [
        ("a.png", None, "PNG"),
        ("a.jpg", None, "JPEG"),
        ("a.JPEG", None, "JPEG"),
        ("a.jpe", None, "JPEG"),
        ("a.tif", None, "TIFF"),
        ("a.bmp", None, "BMP"),
        ("a.webp", None, "WEBP"),
        ("a.gif", None, "GIF"),
        ("a.png", "jpg", "JPEG"),
        ("a", "tiff", "TIFF"),
        ("a", ".TIF", "TIFF"),
        ("a", "JPEG", "JPEG"),
    ],
)
def test_the_format_is_that_of_the_suffix_or_the_one_asked_for(
    tmp_path, name, file_format, expected
):
    save(tmp_path / name, RGB, file_format=file_format)
    with Image.open(tmp_path / name) as img:
        assert img.format == expected


@pytest.mark.parametrize(
    ("path", "file_format", "message"),
    [
        (
            "a.foo",
            None,
            r"path='.*a\.foo', without file_format, names no format that",
        ),
        (
            "a",
            None,
            r"path='.*a', without file_format, names no format.*use file_format='png'",
        ),
        ("a.png", "foo", "file_format='foo' names no format"),
        ("a.psd", None, r"a\.psd"),  # which Pillow only reads
    ],
)
def test_unknown_formats_are_refused(tmp_path, path, file_format, message):
    with pytest.raises(ValueError, match=message):
        save(tmp_path / path, RGB, file_format=file_format)
    assert not any(tmp_path.iterdir())


def test_options_are_passed_to_the_format(tmp_path):
    save(tmp_path / "fine.jpg", RGB, quality=95)
    save(tmp_path / "rough.jpg", RGB, quality=5)
    assert (tmp_path / "rough.jpg").stat().st_size < (tmp_path / "fine.jpg").stat().st_size


@pytest.mark.parametrize("file_format", sorted(Image.SAVE))
def test_no_format_loses_transparency_silently(file_format):
    half = np.full((32, 32, 4), 128, np.uint8)  # of a size that icons have too
    file = io.BytesIO()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            save(file, half, file_format=file_format)
        except (ValueError, OSError):
            assert file.getvalue() == b""
            return
    if any("transparency is dropped" in str(warning.message) for warning in caught):
        return
    alpha = np.asarray(load_img(file, "rgba", formats=(*FORMATS, file_format)))[..., 3]
    np.testing.assert_allclose(alpha.astype(int), 128, atol=3)


@pytest.mark.parametrize("file_format", ["jpg", "bmp", "ppm"])
def test_formats_without_transparency_take_the_stored_colors(file_format):
    with_alpha, plain = io.BytesIO(), io.BytesIO()
    with pytest.warns(UserWarning, match=r"\(alpha down to 0\), which .* transparency is dropped"):
        save(with_alpha, RGBA, file_format=file_format)
    save(plain, RGB, file_format=file_format)
    assert with_alpha.getvalue() == plain.getvalue()


@pytest.mark.parametrize("file_format", sorted(Image.SAVE))
@pytest.mark.parametrize("offset", [0, -20, 70000])
def test_no_format_loses_depth_without_an_error(file_format, offset):
    values = DEEP.astype(np.int32) + offset
    file = io.BytesIO()
    try:
        save(file, values, file_format=file_format)
    except (ValueError, OSError):
        assert file.getvalue() == b""
    else:
        np.testing.assert_array_equal(np.asarray(load_img(file, "grayscale")), values[..., 0])


@pytest.mark.parametrize("file_format", ["png", "tiff", "webp"])
def test_these_formats_hold_transparency(file_format):
    file = io.BytesIO()
    save(file, RGBA, file_format=file_format, lossless=True)
    np.testing.assert_array_equal(np.asarray(load_img(file, "rgba"))[..., 3], RGBA[..., 3])


def test_these_formats_hold_deep_gray():
    deepest = np.array([[[-5], [70000]]], np.int32)
    for file_format, values in (("png", DEEP), ("tiff", DEEP), ("tiff", deepest)):
        file = io.BytesIO()
        save(file, values, file_format=file_format)
        np.testing.assert_array_equal(np.asarray(load_img(file, "grayscale")), values[..., 0])


@pytest.mark.parametrize("file_format", ["jpg", "bmp"])
def test_an_opaque_alpha_channel_is_left_out(file_format):
    opaque, plain = io.BytesIO(), io.BytesIO()
    save(opaque, np.dstack([RGB, np.full((5, 7), 255, np.uint8)]), file_format=file_format)
    save(plain, RGB, file_format=file_format)
    assert opaque.getvalue() == plain.getvalue()


@pytest.mark.parametrize(
    ("x", "name", "message"),
    [
        (
            DEEP,
            "a.jpg",
            "values from 7 to 61207 in more than 8 bits, which JPEG can't hold: save it as ",
        ),
        (
            DEEP.astype(int) - 10,
            "a.png",
            "values from -3 to 61197 .* PNG can't hold: save it as TIFF, ",
        ),
    ],
    ids=["16 bits", "32 bits"],
)
def test_the_error_says_what_the_format_can_not_hold(tmp_path, x, name, message):
    with pytest.raises(ValueError, match=message):
        save(tmp_path / name, x)
    assert not any(tmp_path.iterdir())


# Whole or not at all


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(b"the old file")
    return path


def test_a_picture_takes_the_place_of_the_old_file_and_nothing_else(path):
    save(path, RGB)
    np.testing.assert_array_equal(np.asarray(load_img(path)), RGB)
    assert list(path.parent.iterdir()) == [path]


def test_when_the_disk_is_full_the_old_file_stays(path, monkeypatch):
    def write_half(path, data):
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_half)
        with pytest.raises(OSError, match="No space left"):
            save(path, RGB)
    assert path.read_bytes() == b"the old file"
    assert list(path.parent.iterdir()) == [path]


def test_when_the_file_can_not_be_replaced_it_stays(path, monkeypatch):
    def fail(*args):
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(PermissionError):
            save(path, RGB)
    assert path.read_bytes() == b"the old file"
    assert list(path.parent.iterdir()) == [path]


def test_when_pillow_fails_half_way_the_old_file_stays(path, monkeypatch):
    def fail(img, file, **options):
        file.write(b"half a picture")
        raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(KeyboardInterrupt):
        save(path, RGB)
    assert path.read_bytes() == b"the old file"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("x", [RGB[..., :2], RGB.astype(int) - 300, np.zeros((0, 5, 3))])
def test_bad_arrays_leave_the_old_file(path, x):
    with pytest.raises(ValueError, match="x has"):
        save(path, x)
    assert path.read_bytes() == b"the old file"


def test_permissions_and_links_are_those_of_a_plain_write(path, tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    save(tmp_path / "new.png", RGB)
    plain, new = ((tmp_path / name).stat().st_mode for name in ("plain", "new.png"))
    assert stat.S_IMODE(new) == stat.S_IMODE(plain)

    path.chmod(0o640)
    link = tmp_path / "link.png"
    link.symlink_to(path)
    save(link, RGB)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    np.testing.assert_array_equal(np.asarray(load_img(path)), RGB)


# Paths and files


@pytest.mark.parametrize("kind", [Path, str, os.fsencode])
def test_names_of_every_kind(tmp_path, kind):
    save(kind(tmp_path / "ä.png"), RGB)
    np.testing.assert_array_equal(np.asarray(load_img(tmp_path / "ä.png")), RGB)


def test_a_name_of_the_longest_length(tmp_path):
    path = tmp_path / ("a" * 251 + ".png")
    save(path, RGB)
    assert path.is_file()


def test_an_open_file_has_the_format_of_its_name(tmp_path):
    with (tmp_path / "a.tif").open("wb") as file:
        save(file, RGB)
        assert not file.closed
    with Image.open(tmp_path / "a.tif") as img:
        assert img.format == "TIFF"


def test_a_file_in_memory_needs_a_format_and_stays_empty_without():
    file = io.BytesIO()
    with pytest.raises(ValueError, match="path='', without file_format, names no format"):
        save(file, RGB)
    with pytest.raises(ValueError, match="JPEG can't hold"):
        save(file, DEEP, file_format="jpg")
    assert file.getvalue() == b""


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no directory '.*missing' to save into"):
        save(tmp_path / "missing" / "a.png", RGB)


def test_a_directory_is_not_replaced(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(ValueError, match=r"a\.png' exists and is not a regular file"):
        save(tmp_path / "a.png", RGB)


def test_what_is_no_file_is_refused():
    with pytest.raises(TypeError, match="path is of type NoneType: use a file's name or a binary"):
        save(None, RGB, file_format="png")
