import io

import numpy as np
import pytest
from oracles.image_files import png
from oracles.image_trees import pixels
from PIL import Image

from kcore.data.decoding import Decoding
from kcore.images import ImageDecodeError, load_img
from kcore.images.resizing import INTERPOLATIONS

SIZE = (6, 10)


@pytest.fixture
def save(tmp_path):
    def save(image, name="image.png", **options):
        if isinstance(image, np.ndarray):
            image = Image.fromarray(image)
        image.save(tmp_path / name, **options)
        return str(tmp_path / name)

    return save


def write(path, data):
    path.write_bytes(data.getvalue() if isinstance(data, io.BytesIO) else data)
    return str(path)


@pytest.mark.parametrize("keep_aspect_ratio", [False, True])
@pytest.mark.parametrize("interpolation", sorted(INTERPOLATIONS))
@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
def test_pixels_are_those_of_load_img(save, color_mode, interpolation, keep_aspect_ratio):
    path = save(pixels(1, 20, 14, channels=4))
    options = {"interpolation": interpolation, "keep_aspect_ratio": keep_aspect_ratio}
    expected = load_img(path, color_mode, SIZE, **options)
    image, notes = Decoding(SIZE, color_mode, **options).decode(path)
    channels = {"grayscale": 1, "rgb": 3, "rgba": 4}[color_mode]
    assert image.shape == (*SIZE, channels)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, np.asarray(expected).reshape(image.shape))
    assert notes == (() if color_mode == "rgba" else ("transparency: dropped",))


def test_16_bits_are_scaled_to_8(save):
    deep = np.array([[0, 257, 32768, 65535]], np.uint16)
    path = save(deep)
    for color_mode, channels in (("grayscale", 1), ("rgb", 3)):
        image, notes = Decoding((1, 4), color_mode).decode(path)
        np.testing.assert_array_equal(image[0, :, 0], np.rint(deep[0] / 65535 * 255))
        assert image.shape == (1, 4, channels)
        assert notes == ("16 bits a channel: scaled to 8",)


def test_16_bit_colour_is_noted(tmp_path):
    path = write(tmp_path / "a.png", png(1, 1, 16, 2, b"\0" + b"\xff\xff\x80\x00\x00\x00"))
    image, notes = Decoding((1, 1)).decode(path)
    assert image.ravel().tolist() == [255, 128, 0]
    assert notes == ("16 bits a channel: scaled to 8",)


def test_32_bit_values_are_kept_if_8_bits_hold_them_and_refused_if_not(save):
    path = save(np.array([[0.0, 255.0]], np.float32), "a.tif")
    assert Decoding((1, 2), "grayscale").decode(path)[0].ravel().tolist() == [0, 255]
    path = save(np.array([[0.0, 0.5]], np.float32), "b.tif")
    for color_mode in ("grayscale", "rgb"):
        with pytest.raises(ImageDecodeError, match=r"32-bit values from 0.0 to 0.5"):
            Decoding((1, 2), color_mode).decode(path)


def test_cmyk_is_noted(save):
    path = save(Image.new("CMYK", (2, 2), (0, 255, 255, 0)), "a.jpg", quality=100)
    image, notes = Decoding((2, 2)).decode(path)
    assert notes == ("CMYK: converted without a colour profile",)
    assert np.abs(image.astype(int) - [255, 0, 0]).max() <= 3


def test_a_palette_with_transparency_is_noted_unless_it_is_kept(save):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    path = save(image, "a.png", transparency=0)
    decoded, notes = Decoding((1, 2)).decode(path)
    assert decoded.tolist() == [[[10, 20, 30], [40, 50, 60]]]
    assert notes == ("transparency: dropped",)
    decoded, notes = Decoding((1, 2), "rgba").decode(path)
    assert decoded.tolist() == [[[10, 20, 30, 0], [40, 50, 60, 255]]]
    assert notes == ()


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_of_an_animation_the_first_frame_is_used(save, name):
    first, second = (Image.fromarray(np.full((4, 4, 3), value, np.uint8)) for value in (200, 50))
    path = save(first, name, save_all=True, append_images=[second], lossless=True)
    image, notes = Decoding((4, 4)).decode(path)
    assert np.all(image == 200)
    assert notes == ("animated or of several pages: the first one is used",)


def test_a_wrong_suffix_is_noted(save):
    path = save(pixels(0), "a.jpg", format="PNG")
    image, notes = Decoding((8, 8)).decode(path)
    np.testing.assert_array_equal(image, pixels(0))
    assert notes == ("PNG file by its content, which its name does not say",)


def test_an_mpo_file_is_a_jpeg_with_more_in_it(save):
    other = Image.fromarray(pixels(1))
    options = {"format": "MPO", "save_all": True, "append_images": [other]}
    path = save(Image.fromarray(pixels(0)), "a.jpg", **options)
    with Image.open(path) as image:
        assert image.format == "MPO"
    assert Decoding((8, 8)).decode(path)[1] == ()


def test_draft_is_what_pillow_drafts(save):
    path = save(pixels(3, 97, 130), "a.jpg", quality=95)
    size = (20, 30)
    with Image.open(path) as drafted:
        drafted.draft(None, size[::-1])
        assert drafted.size == (33, 25), "an eighth would be too small, a quarter is not"
        expected = np.asarray(drafted.resize(size[::-1], Image.Resampling.BILINEAR))
    image, _ = Decoding(size, interpolation="bilinear", draft=True).decode(path)
    np.testing.assert_array_equal(image, expected)
    plain, _ = Decoding(size, interpolation="bilinear").decode(path)
    assert 0 < np.abs(image.astype(int) - plain).max() < 32


def test_draft_changes_nothing_without_a_factor_of_two(save):
    path = save(pixels(3, 39, 59), "a.jpg")
    for size in ((20, 30), (39, 59)):
        options = [Decoding(size, draft=draft).decode(path)[0] for draft in (False, True)]
        np.testing.assert_array_equal(*options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target_size": (3,)}, r"target_size=\(3,\) must be \(height, width\)"),
        ({"target_size": (0, 3)}, r"target_size\[0\]=0 must be a whole number of at least 1"),
        ({"target_size": 3}, "target_size=3 must be a sequence"),
        ({"target_size": (3, 3), "color_mode": "bgr"}, "color_mode='bgr' is unknown"),
        ({"target_size": (3, 3), "interpolation": "cubic"}, "interpolation='cubic' is unknown"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Decoding(**options)
