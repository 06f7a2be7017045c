"""Where the image functions differ from `keras.utils`: one test for each row of their table.

Each test holds what kcore gives to the truth, and Keras's own result to what the table says of it.
When a later Keras does better, its test here fails: then the row goes, and the case moves to
`test_against_keras.py`.
"""

import contextlib
import io

import keras
import numpy as np
import pytest
from oracles.image_files import chunk, encoded, gray_tiff, png
from PIL import Image, PngImagePlugin

from kcore import images

RGBA = np.random.default_rng(9).integers(1, 255, (6, 5, 4), dtype=np.uint8)
DEEP = np.array([[0, 255, 256, 1000, 65535]], np.uint16)


def in_color_mode(load_img, file, color_mode):
    return np.asarray(load_img(file, color_mode=color_mode))[0].tolist()


@pytest.mark.parametrize("data", [b"", b"text"])
def test_files_that_are_no_images(tmp_path, data):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(images.ImageDecodeError, match=r"a\.png: "):
        images.load_img(path)
    with pytest.raises(OSError, match=r"cannot identify image file <_io.BytesIO object"):
        keras.utils.load_img(path)


def test_truncated_files(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(Image.fromarray(RGBA)).getvalue()[:-30])
    with pytest.raises(images.ImageDecodeError, match=r"a\.png: .*truncated"):
        images.load_img(path, color_mode="rgba")
    img = keras.utils.load_img(path, color_mode="rgba")
    with pytest.raises(OSError, match=r"^image file is truncated"):
        img.load()


def test_16_bit_gray_in_color():
    file = encoded(Image.fromarray(DEEP))
    assert [r for r, *_ in in_color_mode(images.load_img, file, "rgb")] == [0, 1, 1, 4, 255]
    assert [r for r, *_ in in_color_mode(keras.utils.load_img, file, "rgb")] == [0] + [255] * 4


def test_big_endian_16_bit_gray():
    file = encoded(Image.frombytes("I;16B", (5, 1), DEEP.astype(">u2").tobytes()), "TIFF")
    assert in_color_mode(images.load_img, file, "grayscale") == DEEP[0].tolist()
    assert in_color_mode(keras.utils.load_img, file, "grayscale") == [0] + [255] * 4


def test_32_bit_floats_as_grayscale():
    values = np.array([[0.5, 300, -4]], np.float32)
    file = encoded(Image.fromarray(values), "TIFF")
    assert in_color_mode(images.load_img, file, "grayscale") == [0.5, 300, -4]
    assert in_color_mode(keras.utils.load_img, file, "grayscale") == [0, 255, 0]


@pytest.mark.parametrize(("dtype", "cut"), [(np.int32, [255, 0]), (np.float32, [255, 0])])
def test_32_bit_numbers_in_color(dtype, cut):
    file = encoded(Image.fromarray(np.array([[70000, -4]], dtype)), "TIFF")
    with pytest.raises(images.ImageDecodeError, match="32-bit values from -4"):
        images.load_img(file)
    assert [r for r, *_ in in_color_mode(keras.utils.load_img, file, "rgb")] == cut


def test_lab_as_grayscale():
    file = encoded(Image.new("LAB", (1, 1), (128, 128, 128)), "TIFF")
    assert in_color_mode(images.load_img, file, "grayscale") == [119]
    with pytest.raises(ValueError, match="conversion from LAB"):
        keras.utils.load_img(file, color_mode="grayscale")


def test_a_1_bit_image_as_an_array():
    img = Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1")
    assert images.img_to_array(img).ravel().tolist() == [0, 255]
    assert keras.utils.img_to_array(img).ravel().tolist() == [0, 1]


def test_values_too_big_for_the_dtype():
    img = Image.fromarray(DEEP)
    with pytest.raises(ValueError, match="dtype='uint8' can't hold all values"):
        images.img_to_array(img, dtype="uint8")
    assert keras.utils.img_to_array(img, dtype="uint8").ravel().tolist() == [0, 255, 0, 232, 255]


def test_a_constant_array_scaled():
    x = np.full((2, 2, 3), 100)
    assert images.array_to_img(x).getpixel((0, 0)) == (100, 100, 100)
    assert keras.utils.array_to_img(x).getpixel((0, 0)) == (0, 0, 0)


def test_an_integer_dtype_scaled():
    x = np.array([[[10], [20], [30]]])
    assert np.asarray(images.array_to_img(x, dtype="uint8")).tolist() == [[0, 127, 255]]
    with pytest.raises(TypeError, match="divide"):
        keras.utils.array_to_img(x, dtype="uint8")


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, 300.0, -20.0])
def test_values_that_a_picture_can_not_hold(value):
    x = np.full((1, 1, 3), value)
    with pytest.raises(ValueError, match=r"NaN|from -?\d+ to"):
        images.array_to_img(x, scale=False)
    assert keras.utils.array_to_img(x, scale=False).mode == "RGB"


def test_16_bit_arrays():
    bright, dark = DEEP[..., np.newaxis], np.full((1, 1, 1), 9, np.uint16)
    assert [images.array_to_img(x, scale=False).mode for x in (bright, dark)] == ["I;16"] * 2
    assert [keras.utils.array_to_img(x, scale=False).mode for x in (bright, dark)] == ["I", "L"]


def test_integers_beyond_float32():
    x = np.array([[[2**24 + 1]]])
    assert images.array_to_img(x, scale=False).getpixel((0, 0)) == 2**24 + 1
    assert keras.utils.array_to_img(x, scale=False).getpixel((0, 0)) == 2**24


def test_a_failure_while_saving(tmp_path, monkeypatch):
    def fail(img, file, name):
        file.write(b"half a picture")
        raise OSError("the disk is full")

    monkeypatch.setitem(Image.SAVE, "PNG", fail)
    for module, left in ((images, b"the old file"), (keras.utils, b"half a picture")):
        (tmp_path / "a.png").write_bytes(b"the old file")
        with pytest.raises(OSError, match="the disk is full"):
            module.save_img(tmp_path / "a.png", RGBA)
        assert (tmp_path / "a.png").read_bytes() == left


def test_16_bit_gray_to_png():
    x = DEEP[..., np.newaxis]
    file = io.BytesIO()
    images.save_img(file, x, file_format="png", scale=False)
    assert np.asarray(Image.open(file)).tolist() == DEEP.tolist()
    with pytest.raises(OSError, match="cannot write mode I as PNG"):
        keras.utils.save_img(io.BytesIO(), x, file_format="png", scale=False)


@pytest.mark.parametrize("file_format", ["webp", "gif"])
def test_16_bit_gray_to_formats_of_8_bits(file_format):
    x = DEEP[..., np.newaxis]
    with pytest.raises(ValueError, match="in more than 8 bits"):
        images.save_img(io.BytesIO(), x, file_format=file_format, scale=False)
    file = io.BytesIO()
    keras.utils.save_img(file, x, file_format=file_format, scale=False)
    assert np.ptp(np.asarray(Image.open(file).convert("L"))[0, 2:]) < 5  # 256 looks like 65535


@pytest.mark.parametrize(("file_format", "warns"), [("jpeg", True), ("bmp", False)])
def test_transparency_to_formats_without(file_format, warns):
    ours = io.BytesIO()
    with pytest.warns(UserWarning, match="transparent pixels"):
        images.save_img(ours, RGBA, file_format=file_format)
    file = io.BytesIO()
    with pytest.warns(UserWarning, match="RGBA") if warns else contextlib.nullcontext():
        keras.utils.save_img(file, RGBA, file_format=file_format)
    assert Image.open(file).mode == "RGB"
    assert np.asarray(Image.open(file)).tolist() == np.asarray(Image.open(ours)).tolist()


@pytest.mark.parametrize("suffix", ["tif", "jpe"])
def test_other_suffixes(tmp_path, suffix):
    images.save_img(tmp_path / f"a.{suffix}", RGBA[..., :3])
    with pytest.raises(KeyError):
        keras.utils.save_img(tmp_path / f"a.{suffix}", RGBA[..., :3])


def test_file_objects_that_are_not_in_memory(tmp_path):
    Image.fromarray(RGBA).save(tmp_path / "a.png")
    with (tmp_path / "a.png").open("rb") as file:
        np.testing.assert_array_equal(np.asarray(images.load_img(file, "rgba")), RGBA)
        with pytest.raises(TypeError, match="path-like"):
            keras.utils.load_img(file)


@pytest.mark.filterwarnings("ignore:Palette images with Transparency:UserWarning")
def test_palettes_with_an_alpha_for_each_color(recwarn):
    img = Image.fromarray(np.array([[0, 1]], np.uint8))
    img.putpalette([255, 0, 0, 0, 255, 0])
    file = encoded(img, transparency=bytes([128, 255]))
    ours = in_color_mode(images.load_img, file, "rgb")
    assert not recwarn.list
    with pytest.warns(UserWarning, match="Palette images with Transparency"):
        assert in_color_mode(keras.utils.load_img, file, "rgb") == ours


def test_orientation_in_exif_data():
    exif = Image.Exif()
    exif[0x0112] = 6
    for file_format, turned_by_keras in (("JPEG", False), ("TIFF", True)):
        file = encoded(Image.new("RGB", (20, 10)), file_format, exif=exif)
        assert images.load_img(file).size == (10, 20)
        assert keras.utils.load_img(file).size == ((10, 20) if turned_by_keras else (20, 10))


def test_a_damaged_chunk_of_a_png():
    data = encoded(Image.fromarray(np.full((40, 50, 3), 90, np.uint8))).getvalue()
    start, end = data.index(b"IDAT") + 4, data.index(b"IEND") - 8
    wrong = 0
    for position in range(start, end):
        damaged = bytearray(data)
        damaged[position] ^= 1
        with pytest.raises(images.ImageDecodeError, match="the checksum of its IDAT chunk"):
            images.load_img(io.BytesIO(bytes(damaged)))
        with contextlib.suppress(OSError):
            decoded = np.asarray(keras.utils.load_img(io.BytesIO(bytes(damaged)), "grayscale"))
            wrong += bool(np.any(decoded != 90))
    assert wrong >= 1


def test_a_png_with_much_text():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * (2 << 20), zip=True)
    file = encoded(Image.fromarray(RGBA[..., :3]), pnginfo=info)
    np.testing.assert_array_equal(np.asarray(images.load_img(file)), RGBA[..., :3])
    with pytest.raises(ValueError, match="too large"):
        keras.utils.load_img(file)


def test_a_16_bit_tiff_in_which_0_is_white():
    file = gray_tiff(2, 16, bytes([0, 0, 0xFF, 0xFF]), 0)
    assert np.asarray(images.load_img(file, "grayscale")).tolist() == [[65535, 0]]
    assert np.asarray(keras.utils.load_img(file, color_mode="grayscale")).tolist() == [[0, 65535]]
    file = gray_tiff(2, 8, bytes([0, 0xFF]), 0)
    for module in (images, keras.utils):
        assert np.asarray(module.load_img(file, color_mode="grayscale")).tolist() == [[255, 0]]


@pytest.mark.parametrize(("bits", "level"), [(2, 85), (4, 17)])
def test_the_transparent_level_of_a_gray_png_of_few_bits(bits, level):
    file = png(1, 1, bits, 0, bytes([0, 1 << (8 - bits)]), chunk(b"tRNS", b"\0\1"))
    assert np.asarray(images.load_img(file, "rgba")).ravel().tolist() == [level] * 3 + [0]
    theirs = keras.utils.load_img(file, color_mode="rgba")
    assert np.asarray(theirs).ravel().tolist() == [level] * 3 + [255]


def test_eps_whatever_the_suffix(tmp_path, monkeypatch):
    class Started(Exception):  # noqa: N818
        pass

    def start(*args, **kwargs):
        raise Started

    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", start)
    path = tmp_path / "photo.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n%%EOF\n")
    with pytest.raises(images.ImageDecodeError, match="holds EPS"):
        images.load_img(path)
    with pytest.raises(Started):
        keras.utils.load_img(path, color_mode="grayscale")
