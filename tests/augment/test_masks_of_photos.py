"""Masks of photos that EXIF data turn lie as their photos do; their files are checked alike."""

import os

import numpy as np
import pytest
from oracles import needs
from PIL import Image

from kcore.augment import ImageDataGenerator
from kcore.data import BadFileError

UPRIGHT = np.random.default_rng(3).choice(np.array([0, 90, 200], np.uint8), (3, 4))
UPRIGHT = UPRIGHT.repeat(16, axis=0).repeat(16, axis=1)  # blocks that JPEG keeps, 48 x 64

# Orientation -> the pixels as they are stored, from the definition: which side of the stored
# picture is the top, and which the left of what is shown.
STORED = {
    1: lambda shown: shown,
    2: lambda shown: shown[:, ::-1],
    3: lambda shown: shown[::-1, ::-1],
    4: lambda shown: shown[::-1],
    5: lambda shown: shown.T,
    6: lambda shown: shown.T[::-1],
    7: lambda shown: shown.T[::-1, ::-1],
    8: lambda shown: shown.T[:, ::-1],
}


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    return data


def save(path, pixels, orientation=None, **options):
    if orientation is not None:
        options["exif"] = exif(orientation)
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, **options)
    return path


def flow(image, mask, **options):
    options = {"target_size": UPRIGHT.shape, "seed": 1, **options}
    generator = ImageDataGenerator(data_format="channels_last")
    return generator.flow_with_masks([image], [mask], **options)


def check(image, mask, **options):
    images, masks = flow(image, mask, **options)[0]
    np.testing.assert_array_equal(masks[0, ..., 0], UPRIGHT)
    np.testing.assert_allclose(images[0, ..., 0], UPRIGHT, atol=6)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_image_and_mask_are_turned_each_by_its_own_data(tmp_path, orientation, suffix):
    stored = STORED[orientation](UPRIGHT)
    image = save(tmp_path / "a.jpg", stored, orientation, quality=95)
    check(image, save(tmp_path / f"both.{suffix}", stored, orientation))
    check(image, save(tmp_path / f"upright.{suffix}", UPRIGHT))
    upright = save(tmp_path / "upright.jpg", UPRIGHT, quality=95)
    check(upright, save(tmp_path / f"mask.{suffix}", stored, orientation))


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff"])
@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_across_its_image_is_refused_with_both_names(tmp_path, orientation, suffix):
    stored = STORED[orientation](UPRIGHT)
    image = save(tmp_path / f"photo.{suffix}", stored, orientation)
    mask = save(tmp_path / "mask.png", stored)
    batches = flow(image, mask)
    message = (
        rf"mask\.png: has 48 x 64 pixels, but its image '.*photo\.{suffix}' has 64 x 48: EXIF "
        "data turn only the image"
    )
    for _ in range(2):
        with pytest.raises(BadFileError, match=message):
            batches[0]


def test_a_mask_that_is_turned_alone_is_refused(tmp_path):
    image = save(tmp_path / "photo.png", UPRIGHT)
    mask = save(tmp_path / "mask.png", UPRIGHT, 6)
    with pytest.raises(BadFileError, match=r"mask\.png: .*photo\.png.* turn only the mask"):
        flow(image, mask)[0]


def test_masks_of_another_resolution_stay_allowed(tmp_path):
    image = save(tmp_path / "a.jpg", STORED[6](UPRIGHT), 6, quality=95)
    check(image, save(tmp_path / "mask.png", UPRIGHT[::2, ::2]))


def test_a_cache_of_images_changes_nothing(tmp_path):
    image = save(tmp_path / "a.jpg", STORED[8](UPRIGHT), 8, quality=95)
    for _ in range(2):
        check(image, save(tmp_path / "mask.png", UPRIGHT), cache=tmp_path / "cache")


def test_a_bad_image_keeps_its_own_error(tmp_path):
    image = tmp_path / "a.jpg"
    image.write_bytes(b"\xff\xd8 no more")
    with pytest.raises(BadFileError, match=r"a\.jpg: "):
        flow(image, save(tmp_path / "mask.png", UPRIGHT))[0]


def damaged_png(path):
    save(path, np.random.default_rng(0).integers(0, 256, UPRIGHT.shape, "uint8"))
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 200] ^= 1
    path.write_bytes(data)


def eps(path):
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\nshowpage\n")


def sparse(path):
    with path.open("wb") as file:
        file.truncate(1 << 40)


SPOILED = {
    "damaged": (damaged_png, "damaged"),
    "EPS": (eps, "holds EPS"),
    "sparse": (sparse, "more than max_file_bytes"),
    "empty": (lambda path: path.write_bytes(b""), "empty"),
    "folder": (lambda path: path.mkdir(), "directory"),
}
if needs.HAS_NAMED_PIPES:
    SPOILED["pipe"] = (os.mkfifo, "not a regular file but a pipe")


@pytest.mark.parametrize(("spoil", "message"), SPOILED.values(), ids=SPOILED)
def test_files_of_masks_are_checked_as_those_of_images(tmp_path, spoil, message):
    image, mask = save(tmp_path / "photo.png", UPRIGHT), tmp_path / "mask.png"
    spoil(mask)
    with pytest.raises(BadFileError, match=rf"mask\.png: .*{message}"):
        flow(image, mask)[0]


def test_many_pixels_of_a_mask_are_warned_of_or_refused_with_its_name(tmp_path, monkeypatch):
    image = save(tmp_path / "photo.png", UPRIGHT[:16, :16])
    mask = save(tmp_path / "mask.png", UPRIGHT)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", UPRIGHT.size - 1)
    with pytest.warns(Image.DecompressionBombWarning, match=r"mask\.png: 64 x 48"):
        flow(image, mask)[0]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", UPRIGHT.size // 2 - 1)
    with pytest.raises(BadFileError, match=r"mask\.png: too large to decode safely"):
        flow(image, mask)[0]
