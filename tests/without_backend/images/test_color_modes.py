"""What each kind of picture becomes in each color mode, against definitions in NumPy."""

import io
import struct

import numpy as np
import pytest
from oracles.image_files import chunk, encoded, gray_tiff, png
from PIL import Image

from kcore.images import ImageDecodeError, load_img

RGB = np.random.default_rng(5).integers(0, 256, (9, 14, 3), dtype=np.uint8)


def luma(rgb: np.ndarray) -> np.ndarray:
    """ITU-R 601 in 16-bit fixed point."""
    weights = np.array([19595, 38470, 7471])
    return ((rgb.astype(np.int64) @ weights + 0x8000) >> 16).astype(np.uint8)


def palette_image() -> Image.Image:
    img = Image.fromarray(np.array([[0, 1, 2, 3]], np.uint8))
    img.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    return img


def test_rgb_stays_as_it_is():
    img = load_img(encoded(Image.fromarray(RGB)))
    assert img.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(img), RGB)


def test_grayscale_is_the_weighted_sum_of_the_channels():
    img = load_img(encoded(Image.fromarray(RGB)), color_mode="grayscale")
    assert img.mode == "L"
    np.testing.assert_array_equal(np.asarray(img), luma(RGB))


def test_rgba_of_an_opaque_picture_has_full_alpha():
    rgba = np.asarray(load_img(encoded(Image.fromarray(RGB)), color_mode="rgba"))
    np.testing.assert_array_equal(rgba[..., :3], RGB)
    assert (rgba[..., 3] == 255).all()


def test_transparency_is_dropped_not_blended():
    rgba = np.dstack([RGB, np.arange(9 * 14, dtype=np.uint8).reshape(9, 14)])
    file = encoded(Image.fromarray(rgba))
    np.testing.assert_array_equal(np.asarray(load_img(file)), RGB)
    np.testing.assert_array_equal(np.asarray(load_img(file, color_mode="grayscale")), luma(RGB))
    np.testing.assert_array_equal(np.asarray(load_img(file, color_mode="rgba")), rgba)


@pytest.mark.parametrize(
    ("options", "alpha"),
    [
        ({}, [255, 255, 255, 255]),
        ({"transparency": 1}, [255, 0, 255, 255]),
        ({"transparency": bytes([255, 128, 0, 7])}, [255, 128, 0, 7]),
    ],
    ids=["opaque", "one color", "alpha for each color"],
)
def test_palettes_become_their_colors_without_a_warning(options, alpha):
    colors = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]], np.uint8)
    file = encoded(palette_image(), **options)
    np.testing.assert_array_equal(np.asarray(load_img(file)), colors)
    np.testing.assert_array_equal(np.asarray(load_img(file, "grayscale")), luma(colors))
    rgba = np.asarray(load_img(file, "rgba"))
    np.testing.assert_array_equal(rgba[..., :3], colors)
    np.testing.assert_array_equal(rgba[0, :, 3], alpha)


def test_gray_with_alpha():
    gray, alpha = np.array([[100, 7]], np.uint8), np.array([[50, 255]], np.uint8)
    file = encoded(Image.merge("LA", (Image.fromarray(gray), Image.fromarray(alpha))))
    np.testing.assert_array_equal(np.asarray(load_img(file, "grayscale")), gray)
    np.testing.assert_array_equal(
        np.asarray(load_img(file, "rgba")), [[[100, 100, 100, 50], [7, 7, 7, 255]]]
    )


def test_one_bit_becomes_black_and_white():
    bits = np.array([[0, 255, 255, 0]], np.uint8)
    file = encoded(Image.fromarray(bits).convert("1"))
    np.testing.assert_array_equal(np.asarray(load_img(file, "grayscale")), bits)
    np.testing.assert_array_equal(np.asarray(load_img(file)), np.dstack([bits] * 3))


@pytest.mark.parametrize("file_format", ["TIFF", "JPEG"])
def test_cmyk_is_ink_on_white(file_format):
    cyan, magenta, yellow, black = 100, 50, 20, 10
    file = encoded(Image.new("CMYK", (16, 16), (cyan, magenta, yellow, black)), file_format)
    light = [(255 - ink) * (255 - black) / 255 for ink in (cyan, magenta, yellow)]
    np.testing.assert_allclose(np.asarray(load_img(file))[8, 8], light, atol=2)


def test_lab_in_every_color_mode():
    file = encoded(Image.new("LAB", (2, 1), (128, 128, 128)), "TIFF")  # L* of 50 without color
    for color_mode in ("grayscale", "rgb", "rgba"):
        values = np.asarray(load_img(file, color_mode)).reshape(2, -1)
        np.testing.assert_allclose(values[:, :3], 119, atol=2)  # sRGB of L* = 50


def test_the_first_of_several_frames():
    frames = [Image.new("RGB", (3, 2), color) for color in ("red", "blue")]
    file = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert load_img(file).getpixel((0, 0)) == (255, 0, 0)


# Deep gray


ALL_16_BITS = np.arange(65536, dtype=np.uint16).reshape(256, 256)


FILES_OF_16_BITS = {
    "png": encoded(Image.fromarray(ALL_16_BITS)),
    "tiff": encoded(Image.fromarray(ALL_16_BITS), "TIFF"),
    "big-endian tiff": encoded(
        Image.frombytes("I;16B", (256, 256), ALL_16_BITS.astype(">u2").tobytes()), "TIFF"
    ),
    "pgm": io.BytesIO(b"P5 256 256 65535\n" + ALL_16_BITS.astype(">u2").tobytes()),
}


@pytest.mark.parametrize("file", FILES_OF_16_BITS.values(), ids=FILES_OF_16_BITS)
def test_16_bit_gray_stays_deep_as_grayscale(file):
    img = load_img(file, color_mode="grayscale")
    assert img.mode == "I;16"
    np.testing.assert_array_equal(np.asarray(img), ALL_16_BITS)


@pytest.mark.parametrize("color_mode", ["rgb", "rgba"])
@pytest.mark.parametrize("file", FILES_OF_16_BITS.values(), ids=FILES_OF_16_BITS)
def test_16_bit_gray_is_scaled_to_8_bits_for_color(file, color_mode):
    values = np.asarray(load_img(file, color_mode))
    for channel in range(3):
        np.testing.assert_array_equal(values[..., channel], np.rint(ALL_16_BITS / 257))
    if color_mode == "rgba":
        assert (values[..., 3] == 255).all()


def test_the_transparent_level_of_16_bits_is_one_level_alone():
    rows = b"\0" + struct.pack(">3H", 1000, 1001, 0)
    file = png(3, 1, 16, 0, rows, chunk(b"tRNS", struct.pack(">H", 1000)))
    expected = [[[4, 4, 4, 0], [4, 4, 4, 255], [0, 0, 0, 255]]]
    np.testing.assert_array_equal(np.asarray(load_img(file, "rgba")), expected)
    np.testing.assert_array_equal(np.asarray(load_img(file, "rgb")), np.array(expected)[..., :3])


def test_12_bit_tiff_reaches_white():
    file = gray_tiff(2, 12, bytes([0xFF, 0xF0, 0x64]))  # 4095 and 100
    np.testing.assert_array_equal(np.asarray(load_img(file, "grayscale")), [[4095, 100]])
    np.testing.assert_array_equal(np.asarray(load_img(file))[0, :, 0], [255, 6])


def test_16_bit_color_is_read_by_its_high_bytes():
    rows = b"\0" + struct.pack(">3H", 0x12FF, 0xFF00, 0x00FF)
    np.testing.assert_array_equal(np.asarray(load_img(png(1, 1, 16, 2, rows))), [[[0x12, 0xFF, 0]]])


def test_32_bit_numbers_stay_as_grayscale():
    integers = np.array([[-5, 70000]], np.int32)
    floats = np.array([[-0.5, 1e6]], np.float32)
    for values, mode in ((integers, "I"), (floats, "F")):
        img = load_img(encoded(Image.fromarray(values), "TIFF"), color_mode="grayscale")
        assert img.mode == mode
        np.testing.assert_array_equal(np.asarray(img), values)


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_32_bit_numbers_become_colors_only_if_they_are_8_bit_ones(dtype):
    values = np.array([[0, 7, 255]], dtype)
    rgb = np.asarray(load_img(encoded(Image.fromarray(values), "TIFF")))
    np.testing.assert_array_equal(rgb, np.dstack([values] * 3))


@pytest.mark.parametrize(
    "values",
    [np.array([[0, 256]], np.int32), np.array([[-1, 5]], np.int32)]
    + [np.array([[0, bad]], np.float32) for bad in (0.5, 255.5, -1, np.nan, np.inf)],
    ids=repr,
)
@pytest.mark.parametrize("color_mode", ["rgb", "rgba"])
def test_32_bit_numbers_without_a_known_white_are_refused_in_color(values, color_mode):
    with pytest.raises(
        ImageDecodeError,
        match=f"color_mode='{color_mode}' doesn't know which of them is white: load it",
    ):
        load_img(encoded(Image.fromarray(values), "TIFF"), color_mode=color_mode)


# Levels of gray that Pillow leaves turned over, and transparency


@pytest.mark.parametrize(("bits", "white"), [(16, 65535), (8, 255)])
def test_tiff_in_which_0_is_white_is_inverted(bits, white):
    levels = [0, white, 100, white - 1]
    data = {
        16: struct.pack("<4H", *levels),
        8: bytes([0, 255, 100, 254]),
    }[bits]
    over, plain = (load_img(gray_tiff(4, bits, data, zero_is), "grayscale") for zero_is in (0, 1))
    assert np.asarray(plain).ravel().tolist() == levels
    assert np.asarray(over).ravel().tolist() == [white - level for level in levels]
    rgb = np.asarray(load_img(gray_tiff(4, bits, data, 0)))[0, :, 0]
    assert rgb.tolist() == [255, 0, round((white - 100) * 255 / white), round(255 / white)]


def laid_over(rgba, background):
    """Porter and Duff's "over" on an opaque color."""
    alpha = rgba[..., 3:] / 255
    return rgba[..., :3] * alpha + np.array(background) * (1 - alpha)


RGBA = np.dstack([RGB, np.arange(9 * 14, dtype=np.uint8).reshape(9, 14) * 2])


@pytest.mark.parametrize("background", [0, 255, (255, 0, 0), (10, 200, 33)], ids=str)
@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF", "TGA"])
def test_a_background_lies_behind_transparent_pixels(file_format, background):
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    file = encoded(Image.fromarray(RGBA), file_format, **options)
    color = (background,) * 3 if isinstance(background, int) else background
    rgb = np.asarray(load_img(file, background=background))
    np.testing.assert_allclose(rgb, laid_over(RGBA, color), atol=1)
    gray = np.asarray(load_img(file, "grayscale", background=background))
    np.testing.assert_array_equal(gray, luma(rgb))


def test_a_background_lies_behind_the_transparent_pixels_of_every_kind_of_file():
    white = 255
    gray_alpha = Image.merge("LA", [Image.new("L", (2, 1), 100), Image.new("L", (2, 1), 0)])
    palette = palette_image()
    files = {
        "gray with alpha": (encoded(gray_alpha), [[white] * 3] * 2),
        "palette": (
            encoded(palette, transparency=1),
            [[255, 0, 0], [255] * 3, [0, 0, 255], [9] * 3],
        ),
        "gray": (png(2, 1, 8, 0, b"\0\x07\x08", trns(7)), [[white] * 3, [8] * 3]),
        "gray of 2 bits": (
            png(4, 1, 2, 0, b"\0\x1b", trns(1)),
            [[0] * 3, [255] * 3, [170] * 3, [255] * 3],
        ),
        "gray of 4 bits": (png(2, 1, 4, 0, b"\0\x12", trns(1)), [[255] * 3, [34] * 3]),
        "black and white": (png(8, 1, 1, 0, b"\0\xf0", trns(0)), [[255] * 3] * 8),
        "rgb": (
            png(2, 1, 8, 2, b"\0" + bytes([1, 2, 3, 1, 2, 4]), trns(1, 2, 3)),
            [[255] * 3, [1, 2, 4]],
        ),
        "rgb of 16 bits": (
            png(
                2,
                1,
                16,
                2,
                b"\0" + struct.pack(">6H", 0x1234, 0x5678, 0x9ABC, 0, 0, 0),
                trns(0x1234, 0x5678, 0x9ABC),
            ),
            [[255] * 3, [0] * 3],
        ),
        "gray of 16 bits": (
            png(2, 1, 16, 0, b"\0" + struct.pack(">2H", 1000, 1001), trns(1000)),
            [[255] * 3, [4] * 3],
        ),
    }
    for kind, (file, expected) in files.items():
        assert np.asarray(load_img(file, background=white))[0].tolist() == expected, kind


def trns(*levels):
    return chunk(b"tRNS", struct.pack(f">{len(levels)}H", *levels))


def test_a_background_behind_deep_gray_is_as_deep():
    file = png(2, 1, 16, 0, b"\0" + struct.pack(">2H", 1000, 1001), trns(1000))
    img = load_img(file, "grayscale", background=128)
    assert img.mode == "I;16"
    assert np.asarray(img).tolist() == [[128 * 257, 1001]]


@pytest.mark.parametrize(
    ("background", "color_mode", "message"),
    [
        ((1, 2), "rgb", r"background=\(1, 2\) must be a level of gray, 0 to 255, three of"),
        (256, "rgb", "background=256 must be"),
        (-1, "rgb", "background=-1 must be"),
        (0.5, "rgb", "background=0.5 must be"),
        (True, "rgb", "background=True must be"),
        ("white", "rgb", "background='white' must be"),
        (255, "rgba", "background=255 with color_mode='rgba': transparency is kept there"),
    ],
)
def test_wrong_backgrounds_are_refused(background, color_mode, message):
    with pytest.raises(ValueError, match=message):
        load_img("no-such-file.png", color_mode, background=background)
