"""Resizing in `load_img`, against Pillow and, at whole factors, against the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.image_files import encoded
from PIL import Image

from kcore.images import ImageDecodeError, load_img

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")
RGB = np.random.default_rng(5).integers(0, 256, (9, 14, 3), dtype=np.uint8)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize(
    ("color_mode", "pillow_mode"), [("grayscale", "L"), ("rgb", "RGB"), ("rgba", "RGBA")]
)
@pytest.mark.parametrize("size", [(5, 7), (20, 30), (9, 3)], ids=str)
def test_resizing_is_pillows(size, color_mode, pillow_mode, interpolation):
    img = load_img(encoded(Image.fromarray(RGB)), color_mode, size, interpolation)
    resample = Image.Resampling[interpolation.upper()]
    expected = Image.fromarray(RGB).convert(pillow_mode).resize(size[::-1], resample)
    assert img.size == size[::-1]
    np.testing.assert_array_equal(np.asarray(img), np.asarray(expected))


def test_nearest_takes_the_middle_and_box_the_mean():
    values = np.random.default_rng(1).integers(0, 256, (6, 9), dtype=np.uint8)
    file = encoded(Image.fromarray(values))
    np.testing.assert_array_equal(
        np.asarray(load_img(file, "grayscale", (2, 3))), values[1::3, 1::3]
    )
    means = values.reshape(2, 3, 3, 3).mean((1, 3))
    boxes = np.asarray(load_img(file, "grayscale", (2, 3), "box"), float)
    np.testing.assert_allclose(boxes, means, atol=0.51)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_16_bit_gray_is_resized_at_full_depth(interpolation):
    values = np.random.default_rng(2).integers(0, 65536, (9, 14), dtype=np.uint16)
    img = load_img(encoded(Image.fromarray(values)), "grayscale", (6, 20), interpolation)
    resample = Image.Resampling[interpolation.upper()]
    floats = Image.fromarray(values.astype(np.float32)).resize((20, 6), resample)
    assert img.mode == "I;16"
    # Pillow rounds to integers after the columns and again after the rows.
    np.testing.assert_allclose(np.asarray(img, float), np.asarray(floats).clip(0, 65535), atol=1.5)


def test_overshoot_at_16_bits_is_clipped_not_wrapped():
    edge = np.repeat(np.array([[0, 65535]], np.uint16), 4, axis=1)
    values = np.asarray(load_img(encoded(Image.fromarray(edge)), "grayscale", (1, 24), "lanczos"))
    assert (np.diff(values[0].astype(int))[10:14] >= 0).all()
    assert values[0, :9].max() < 20000
    assert values[0, -9:].min() > 45000


def test_the_aspect_ratio_is_kept_by_cropping_the_sides():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200  # the middle third
    file = encoded(Image.fromarray(wide))
    kept = np.asarray(
        load_img(file, target_size=(5, 5), interpolation="box", keep_aspect_ratio=True)
    )
    assert (kept == 200).all()
    distorted = np.asarray(load_img(file, target_size=(5, 5), interpolation="box"))
    assert (distorted[:, 0] == 0).all()


@given(st.tuples(*[st.integers(1, 40)] * 4))
@settings(max_examples=60)
def test_the_kept_box_is_the_largest_centered_one_of_the_targets_ratio(sizes):
    height, width, target_height, target_width = sizes
    rows, columns = np.indices((height, width), dtype=np.uint8)
    file = encoded(Image.fromarray(np.dstack([rows, columns, rows])))
    img = load_img(file, target_size=(target_height, target_width), keep_aspect_ratio=True)
    assert img.size == (target_width, target_height)
    if (height, width) == (target_height, target_width):
        return
    box_height = min(height, int(width * target_height / target_width + 1e-9))
    box_width = min(width, int(height * target_width / target_height + 1e-9))
    top, left = (height - box_height) // 2, (width - box_width) // 2
    middle_row = top + int((0.5 + target_height // 2) * box_height / target_height)
    middle_column = left + int((0.5 + target_width // 2) * box_width / target_width)
    pixel = img.getpixel((target_width // 2, target_height // 2))
    assert pixel[:2] == pytest.approx((middle_row, middle_column), abs=1)


def test_the_same_size_changes_nothing():
    img = load_img(encoded(Image.fromarray(RGB)), target_size=(9, 14), interpolation="bicubic")
    np.testing.assert_array_equal(np.asarray(img), RGB)


@pytest.mark.parametrize("size", [[3, 4], np.array([3, 4]), (np.int64(3), np.int32(4))], ids=repr)
def test_target_size_takes_any_two_integers(size):
    assert load_img(encoded(Image.fromarray(RGB)), target_size=size).size == (4, 3)


def padded(values, target):
    """Zeros around a picture, as Keras's `pad_to_aspect_ratio` is defined."""
    (height, width), (target_height, target_width) = values.shape[:2], target
    wanted_height = max(height, int(width * target_height / target_width))
    wanted_width = max(width, int(height * target_width / target_height))
    top, left = (wanted_height - height) // 2, (wanted_width - width) // 2
    around = [(top, wanted_height - height - top), (left, wanted_width - width - left)]
    return np.pad(values, [*around, *[(0, 0)] * (values.ndim - 2)])


@given(
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.sampled_from(["grayscale", "rgb", "rgba"]),
)
@settings(max_examples=80)
def test_padding_keeps_the_aspect_ratio_and_all_of_the_picture(shape, target, color_mode):
    values = np.random.default_rng(0).integers(1, 256, (*shape, 3), dtype=np.uint8)
    file = encoded(Image.fromarray(values))
    plain = np.asarray(load_img(file, color_mode))
    whole = padded(plain, target)
    expected = Image.fromarray(whole).resize(target[::-1], Image.Resampling.NEAREST)
    img = load_img(file, color_mode, target, pad_to_aspect_ratio=True)
    np.testing.assert_array_equal(np.asarray(img), np.asarray(expected))


def test_padding_is_of_the_background_in_every_depth():
    file = encoded(Image.fromarray(RGB))
    rgb = load_img(file, "rgb", (28, 28), pad_to_aspect_ratio=True, background=(1, 2, 3))
    assert rgb.getpixel((0, 0)) == (1, 2, 3)
    deep = np.full((2, 4), 500, np.uint16)
    img = load_img(
        encoded(Image.fromarray(deep)), "grayscale", (4, 4), pad_to_aspect_ratio=True, background=9
    )
    assert np.asarray(img).tolist() == [[9 * 257] * 4, [500] * 4, [500] * 4, [9 * 257] * 4]


def test_padding_that_would_fill_the_memory_is_refused():
    file = encoded(Image.new("L", (60_000, 1)))
    with pytest.raises(ImageDecodeError, match=r"60000 x 1 pixels, padded to the aspect ratio of"):
        load_img(file, target_size=(8, 8), pad_to_aspect_ratio=True)


def test_cropping_and_padding_together_are_refused():
    with pytest.raises(ValueError, match=r"keep_aspect_ratio=True crops .* choose one of them"):
        load_img("none.png", "rgb", (8, 8), keep_aspect_ratio=True, pad_to_aspect_ratio=True)
    with pytest.raises(ValueError, match="pad_to_aspect_ratio='yes' must be True or False"):
        load_img("none.png", "rgb", (8, 8), pad_to_aspect_ratio="yes")
