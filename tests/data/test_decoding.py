import io
from pathlib import Path

import numpy as np
import pytest
from oracles import needs
from oracles.image_files import chunk, png
from oracles.image_trees import pixels
from PIL import Image, ImageOps

import kcore
from kcore.data._decoding import Decoding
from kcore.images import ImageDecodeError, load_img
from kcore.images._resizing import INTERPOLATIONS

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


@pytest.mark.parametrize("crop_to_aspect_ratio", [False, True])
@pytest.mark.parametrize("interpolation", sorted(INTERPOLATIONS))
@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
def test_pixels_are_those_of_load_img(save, color_mode, interpolation, crop_to_aspect_ratio):
    path = save(pixels(1, 20, 14, channels=4))
    options = {"interpolation": interpolation, "crop_to_aspect_ratio": crop_to_aspect_ratio}
    expected = load_img(path, color_mode, SIZE, interpolation, crop_to_aspect_ratio)
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
        assert notes == ("16 bits per channel: scaled to 8",)


def test_16_bit_color_is_noted(tmp_path):
    path = write(tmp_path / "a.png", png(1, 1, 16, 2, b"\0" + b"\xff\xff\x80\x00\x00\x00"))
    image, notes = Decoding((1, 1)).decode(path)
    assert image.ravel().tolist() == [255, 128, 0]
    assert notes == ("16 bits per channel: scaled to 8",)


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
    assert notes == ("CMYK: converted without a color profile",)
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
    assert notes == ("several frames or pages: the first one is used",)


def test_a_wrong_suffix_is_noted(save):
    path = save(pixels(0), "a.jpg", format="PNG")
    image, notes = Decoding((8, 8)).decode(path)
    np.testing.assert_array_equal(image, pixels(0))
    assert notes == ("the content is PNG, but the file name says otherwise",)


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
        ({"image_size": (3,)}, r"image_size=\(3,\) must be \(height, width\)"),
        ({"image_size": (0, 3)}, r"image_size\[0\]=0 must be an integer of at least 1"),
        ({"image_size": 3}, "image_size=3 must be a sequence"),
        ({"image_size": (3, 3), "color_mode": "bgr"}, "color_mode='bgr' is unknown"),
        ({"image_size": (3, 3), "interpolation": "cubic"}, "interpolation='cubic' is unknown"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Decoding(**options)


# Files as they are


def turned_photo(orientation=6):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return {"exif": exif}


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_photos_are_turned_upright_or_not_and_that_is_noted(save, name):
    stored = np.repeat(np.array([[20] * 20, [220] * 20], np.uint8), 5, axis=0)
    path = save(Image.fromarray(stored).convert("RGB"), name, **turned_photo())
    image, notes = Decoding((20, 10)).decode(path)
    assert image[:, 8:].max() < 60 < 180 < image[:, :2].min()
    assert notes == ("turned upright, as its EXIF data say",)
    image, notes = Decoding((10, 20), apply_exif_orientation=False).decode(path)
    assert image[:2].max() < 60 < 180 < image[8:].min()
    assert notes == ("not upright: the orientation in its EXIF data is ignored",)


def test_a_draft_of_a_turned_photo_is_no_smaller_than_the_target(save):
    path = save(pixels(3, 100, 240), "a.jpg", quality=95, **turned_photo())
    size = (60, 50)  # upright the photo is 240 high and 100 wide, so half of it is enough
    upright = ImageOps.exif_transpose(Image.open(path))
    expected = np.asarray(upright.resize((50, 60), Image.Resampling.BOX))
    image, _ = Decoding(size, interpolation="bilinear", draft=True).decode(path)
    assert np.abs(image.astype(int) - expected).mean() < 20
    with Image.open(path) as drafted:
        drafted.draft(None, (60, 50))
        assert drafted.size == (120, 50)
        halved = ImageOps.exif_transpose(drafted).resize((50, 60), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(image, np.asarray(halved))


TRANSPARENT = {
    "rgba.png": lambda: Image.new("RGBA", (2, 2), (9, 9, 9, 100)),
    "la.png": lambda: Image.new("LA", (2, 2), (9, 100)),
    "rgba.webp": lambda: Image.new("RGBA", (2, 2), (9, 9, 9, 100)),
    "rgba.tif": lambda: Image.new("RGBA", (2, 2), (9, 9, 9, 100)),
    "rgba.tga": lambda: Image.new("RGBA", (2, 2), (9, 9, 9, 100)),
    "rgba.avif": lambda: Image.new("RGBA", (16, 16), (9, 9, 9, 100)),
    "rgba.qoi": lambda: Image.new("RGBA", (2, 2), (9, 9, 9, 100)),
    "rgba.jp2": lambda: Image.new("RGBA", (2, 2), (9, 9, 9, 100)),
}
OF_HAND = {
    "level of gray": png(1, 1, 8, 0, b"\0\x07", chunk(b"tRNS", b"\0\x07")),
    "color": png(1, 1, 8, 2, b"\0\1\2\3", chunk(b"tRNS", b"\0\1\0\2\0\3")),
    "level of 16 bits": png(1, 1, 16, 0, b"\0\x12\x34", chunk(b"tRNS", b"\x12\x34")),
    "color of 16 bits": png(1, 1, 16, 2, b"\0\1\2\3\4\5\6", chunk(b"tRNS", b"\1\2\3\4\5\6")),
}
NOTE = "transparency: dropped"


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=needs.pillow_writes(Path(name).suffix)) for name in TRANSPARENT],
)
def test_dropped_transparency_is_noted_in_every_format(save, name):
    path = save(TRANSPARENT[name](), name)
    assert NOTE in Decoding((2, 2)).decode(path)[1]
    assert NOTE in Decoding((2, 2), "grayscale").decode(path)[1]
    assert NOTE not in Decoding((2, 2), "rgba").decode(path)[1]
    image, notes = Decoding((2, 2), background=255).decode(path)
    assert NOTE not in notes
    assert np.abs(image.astype(int) - round(9 * 100 / 255 + 155)).max() <= 2


@pytest.mark.parametrize("name", OF_HAND)
def test_a_dropped_transparent_color_is_noted(tmp_path, name):
    path = write(tmp_path / "a.png", OF_HAND[name])
    assert NOTE in Decoding((1, 1)).decode(path)[1]
    assert NOTE in Decoding((1, 1), "grayscale").decode(path)[1]
    image, notes = Decoding((1, 1), background=200).decode(path)
    assert image.ravel().tolist() == [200] * 3
    assert NOTE not in notes
    image, notes = Decoding((1, 1), "grayscale", background=200).decode(path)
    assert image.ravel().tolist() == [200]


@pytest.mark.parametrize("name", ["a.png", "a.gif"])
def test_an_opaque_alpha_channel_is_no_note(save, name):
    path = save(Image.new("RGBA", (2, 2), (9, 9, 9, 255)), name)
    assert Decoding((2, 2)).decode(path)[1] == ()


def test_many_pixels_are_noted(save, monkeypatch):
    path = save(pixels(1))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 63)
    with pytest.warns(Image.DecompressionBombWarning, match=r"image\.png: 8 x 8 = 64 pixels"):
        _, notes = Decoding((8, 8)).decode(path)
    assert notes == ("more pixels than PIL.Image.MAX_IMAGE_PIXELS",)


def test_padding_is_that_of_load_img(save):
    path = save(pixels(1, 20, 14))
    expected = load_img(path, "rgb", (8, 8), "bilinear", pad_to_aspect_ratio=True, background=7)
    decoding = Decoding((8, 8), interpolation="bilinear", pad_to_aspect_ratio=True, background=7)
    np.testing.assert_array_equal(decoding.decode(path)[0], np.asarray(expected))


def test_images_of_their_own_size(save):
    path = save(pixels(1, 20, 14))
    decoding = Decoding(None, "grayscale")
    assert decoding.decode(path)[0].shape == (20, 14, 1)
    with pytest.raises(ValueError, match="image_size=None: images have different sizes"):
        decoding.image_shape  # noqa: B018
    with pytest.raises(ValueError, match="draft=True shrinks pictures, but not below image_size"):
        Decoding(None, draft=True)


def test_before_resize_gets_the_upright_picture_its_path_and_a_key(save):
    path = save(Image.new("RGBA", (20, 10), (9, 9, 9, 100)), "a.png", **turned_photo())
    seen = []

    def crop(img, path, key):
        seen.append((img.mode, img.size, path, key.tolist()))
        left = int(kcore.random.integers(key, maxval=5))
        return Image.new("L", (left + 1, 2), 50)

    decoding = Decoding(None, before_resize=crop, seed=3)
    image, notes = decoding.decode(path, 7)
    assert seen[0][:3] == ("RGBA", (10, 20), path)
    assert notes == ("turned upright, as its EXIF data say",), "the function dropped transparency"
    np.testing.assert_array_equal(image, decoding.decode(path, 7)[0])
    keys = {
        tuple(seen[-1][3])
        for seed in (3, 4)
        for row in (7, 8)
        if Decoding(None, before_resize=crop, seed=seed).decode(path, row)
    }
    assert len(keys) == 4


def test_an_error_of_before_resize_is_not_a_bad_file(save):
    path = save(pixels(1))

    def fail(img, path, key):
        raise ZeroDivisionError("its own fault")

    with pytest.raises(ZeroDivisionError, match="its own fault") as caught:
        Decoding((8, 8), before_resize=fail).decode(path)
    assert caught.value.__notes__ == [f"before_resize was called with {path}."]
    with pytest.raises(
        TypeError, match=r"before_resize returned NoneType for '.*image\.png': it mu"
    ):
        Decoding((8, 8), before_resize=lambda *_: None).decode(path)
    with pytest.raises(ValueError, match="before_resize='crop' must be a function of an image"):
        Decoding((8, 8), before_resize="crop")
