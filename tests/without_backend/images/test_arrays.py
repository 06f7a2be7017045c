"""`img_to_array` and `array_to_img`, against definitions in NumPy; none of it needs Keras."""

import io
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles.image_files import encoded
from PIL import Image

from kcore.images import array_to_img, img_to_array

DATA_FORMATS = ("channels_last", "channels_first")
RGB = np.random.default_rng(8).integers(0, 256, (4, 6, 3), dtype=np.uint8)


def from_channels_last(pixels: np.ndarray, data_format: str) -> np.ndarray:
    return pixels if data_format == "channels_last" else np.moveaxis(pixels, -1, 0)


def pictures(dtype, channels=(1, 3, 4), **elements):
    """Arrays (height, width, channels) of every small size."""
    shapes = st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from(channels))
    return hnp.arrays(dtype, shapes, elements=elements or None)


# From picture to array


@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK"])
def test_a_picture_gives_its_own_values(mode, data_format):
    img = Image.fromarray(RGB).convert(mode)
    values = np.asarray(img).reshape(4, 6, -1)
    array = img_to_array(img, data_format, "float32")
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, from_channels_last(values, data_format))


@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_the_array_is_new_and_contiguous(data_format, dtype):
    img = Image.fromarray(RGB)
    array = img_to_array(img, data_format, dtype)
    assert array.flags.c_contiguous
    array[:] = 0
    assert np.asarray(img).any()
    source = RGB.copy()
    assert not np.shares_memory(img_to_array(source, data_format, dtype), source)


@pytest.mark.parametrize("dtype", [np.uint16, ">u2", np.int32, np.float32])
def test_deep_gray_keeps_its_values(dtype):
    values = np.array([[0, 255, 256, 65535]], dtype)
    array = img_to_array(Image.fromarray(values), "channels_last", "float32")
    np.testing.assert_array_equal(array[..., 0], values)


def test_a_palette_image_gives_its_indices():
    img = Image.fromarray(np.array([[2, 0, 1]], np.uint8))
    img.putpalette([9, 9, 9, 8, 8, 8, 7, 7, 7])
    array = img_to_array(img, "channels_last", "uint8")
    np.testing.assert_array_equal(array[..., 0], [[2, 0, 1]])


def test_a_one_bit_image_gives_black_and_white():
    img = Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1")
    np.testing.assert_array_equal(img_to_array(img, "channels_last", "uint8"), [[[0], [255]]])


def test_an_array_of_two_axes_gets_its_channel():
    assert img_to_array(RGB[..., 0], "channels_first", "float32").shape == (1, 4, 6)


@pytest.mark.parametrize(
    ("values", "dtype", "message"),
    [
        (
            np.array([[0, 256]], np.uint16),
            "uint8",
            r"dtype='uint8' can't .* uint16 .* 0 to 256: ",
        ),
        (np.array([[0, 65535]], np.uint16), "float16", "dtype='float16' can't hold all values"),
        (np.array([[-1, 5]], np.int32), "uint16", "from -1 to 5"),
        (np.array([[0, 0.5]], np.float32), "uint8", r"from 0\.0 to 0\.5: use a wider dtype"),
        (np.array([[0, np.nan]], np.float32), "int32", "from nan to nan"),
    ],
    ids=["too big", "infinite", "negative", "fraction", "NaN"],
)
def test_values_that_do_not_fit_are_refused(values, dtype, message):
    with pytest.raises(ValueError, match=message):
        img_to_array(Image.fromarray(values), "channels_last", dtype)


def test_values_that_fit_a_smaller_dtype_are_taken():
    img = Image.fromarray(np.array([[0, 255]], np.uint16))
    np.testing.assert_array_equal(img_to_array(img, "channels_last", "uint8"), [[[0], [255]]])


def test_a_picture_has_two_or_three_axes():
    with pytest.raises(ValueError, match=r"img has shape \(1, 4, 6, 3\): a picture has two axes"):
        img_to_array(RGB[np.newaxis], "channels_last", "float32")


def test_a_truncated_picture_that_pillow_opened_lazily_is_an_error():
    data = encoded(Image.fromarray(RGB)).getvalue()
    with pytest.raises(OSError, match="truncated"):
        img_to_array(Image.open(io.BytesIO(data[:-30])), "channels_last", "float32")


# From array to picture, stretched


@given(pictures(np.uint8))
def test_8_bits_are_stretched_from_0_to_255(pixels):
    low, high = int(pixels.min()), int(pixels.max())
    stretched = np.asarray(array_to_img(pixels, "channels_last")).reshape(pixels.shape)
    if low == high:
        np.testing.assert_array_equal(stretched, pixels)
    else:
        exact = (pixels.astype(int) - low) * 255 // (high - low)
        np.testing.assert_array_equal(stretched, exact)


@given(pictures(np.float64, min_value=-1e6, max_value=1e6, allow_subnormal=False))
def test_floats_are_stretched_from_0_to_255(pixels):
    low, span = pixels.min(), np.ptp(pixels)
    img = array_to_img(pixels, "channels_last", dtype="float64")
    stretched = np.asarray(img, float).reshape(pixels.shape)
    if span:
        assert (stretched.min(), stretched.max()) == (0, 255)
        np.testing.assert_allclose(stretched + 0.5, (pixels - low) / span * 255, atol=0.5001)


@pytest.mark.parametrize(
    ("value", "shown"), [(100, 100), (0, 0), (0.9, 0), (300, 255), (-7, 0), (True, 1)]
)
def test_a_constant_array_keeps_its_value_as_far_as_there_is_such_a_shade(value, shown):
    img = array_to_img(np.full((2, 3, 3), value), "channels_last", dtype=type(value))
    np.testing.assert_array_equal(np.asarray(img), np.full((2, 3, 3), shown))


@pytest.mark.parametrize("dtype", ["uint16", "int32", "uint8"])
def test_integer_dtypes_are_stretched_too(dtype):
    img = array_to_img(np.array([[[10.0], [20.0], [30.0]]]), "channels_last", dtype=dtype)
    np.testing.assert_array_equal(np.asarray(img), [[0, 127, 255]])


def test_the_whole_range_of_64_bits_is_stretched_without_overflow():
    ends = np.array([[[-(2**63)], [0], [2**63 - 1]]])
    np.testing.assert_array_equal(np.asarray(array_to_img(ends, "channels_last")), [[0, 127, 255]])


def test_a_range_that_overflows_its_dtype_is_refused():
    with pytest.raises(ValueError, match="too far apart for dtype float16"):
        array_to_img(np.array([[[-60000], [60000]]]), "channels_last", dtype="float16")


# From array to picture, as it is


@given(pictures(np.uint8), st.sampled_from(DATA_FORMATS))
def test_8_bits_there_and_back(pixels, data_format):
    array = from_channels_last(pixels, data_format)
    img = array_to_img(array, data_format, scale=False)
    assert img.mode == {1: "L", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    np.testing.assert_array_equal(img_to_array(img, data_format, "float32"), array)


@given(
    st.one_of(pictures(np.uint16, channels=[1]), pictures(np.int32, channels=[1])),
    st.sampled_from(DATA_FORMATS),
)
def test_deep_gray_there_and_back(pixels, data_format):
    array = from_channels_last(pixels, data_format)
    img = array_to_img(array, data_format, scale=False)
    np.testing.assert_array_equal(img_to_array(img, data_format, pixels.dtype), array)


@pytest.mark.parametrize(
    ("values", "mode"),
    [
        (np.array([0, 255]), "L"),
        (np.array([0, 256]), "I;16"),
        (np.array([0, 65535.0]), "I;16"),
        (np.array([0, 65536]), "I"),
        (np.array([-1, 5]), "I"),
        (np.array([0, 16777217]), "I"),  # no float32
        (np.array([0, 5], np.uint16), "I;16"),
        (np.array([False, True]), "L"),
    ],
    ids=str,
)
def test_gray_gets_the_depth_that_it_needs(values, mode):
    dtype = "float64" if values.dtype.kind == "f" else None
    img = array_to_img(values.reshape(1, -1, 1), "channels_last", scale=False, dtype=dtype)
    assert img.mode == mode
    np.testing.assert_array_equal(np.asarray(img), [values])


def test_fractions_are_cut_off():
    values = np.array([[[-0.9], [0.9], [127.99], [255.9]]])
    for dtype in ("float64", "uint8"):
        img = array_to_img(values, "channels_last", scale=False, dtype=dtype)
        np.testing.assert_array_equal(np.asarray(img), [[0, 0, 127, 255]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.array([[[-1, 0, 0]]]),
            "x has values from -1 to 0, and the picture can hold 0 to 255",
        ),
        (np.array([[[0, 0, 256]]]), r"from 0 to 256.*numpy\.clip.*scale=True"),
        (np.array([[[0], [2**31]]]), "the picture can hold 32-bit integers"),
    ],
    ids=["negative", "too big", "more than 32 bits"],
)
def test_values_that_no_picture_holds_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        array_to_img(values, "channels_last", scale=False)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(bad, scale):
    with pytest.raises(ValueError, match="x holds NaN or infinite values"):
        array_to_img(np.array([[[1.0], [bad]]]), "channels_last", scale, "float32")


@pytest.mark.parametrize("dtype", [complex, object, "U3"])
def test_what_is_no_number_is_refused(dtype):
    with pytest.raises(TypeError, match=r"x has dtype .*: a picture needs real numbers"):
        array_to_img(np.zeros((2, 2, 1), dtype), "channels_last")


@pytest.mark.parametrize(
    ("shape", "data_format", "message"),
    [
        (
            (4, 6),
            "channels_last",
            r"x has shape \(4, 6\): one picture has three axes, \(height",
        ),
        (
            (1, 4, 6, 3),
            "channels_first",
            r"three axes, \(channels, height, width\)",
        ),
        (
            (4, 6, 2),
            "channels_last",
            r"\(4, 6, 2\), read as \(height, width, channels\)",
        ),
        ((5, 6, 3), "channels_first", r"read as \(channels, .*Check data_format\."),
        ((0, 6, 3), "channels_last", r"x has shape \(0, 6, 3\): it has no pixels"),
        (
            (4, 6, 3),
            "NCHW",
            "data_format='NCHW' is unknown: use one of 'channels_last', ",
        ),
    ],
)
def test_wrong_shapes_are_named(shape, data_format, message):
    with pytest.raises(ValueError, match=message):
        array_to_img(np.zeros(shape), data_format)


# Without Keras


@pytest.fixture
def without_keras(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)  # `import keras` raises ImportError


@pytest.mark.usefixtures("without_keras")
def test_without_keras_its_defaults_must_be_given():
    img = Image.fromarray(RGB)
    with pytest.raises(ImportError, match=r"can't be imported: give data_format='channels_last'"):
        img_to_array(img, dtype="float32")
    with pytest.raises(ImportError, match=r"can't be imported: give a dtype, such as"):
        img_to_array(img, "channels_last")
    np.testing.assert_array_equal(img_to_array(img, "channels_last", "float32"), RGB)
    np.testing.assert_array_equal(np.asarray(array_to_img(RGB, "channels_last", False)), RGB)


@pytest.mark.parametrize("dtype", ["foo", 32])
def test_what_is_no_dtype_is_refused(dtype):
    for convert in (img_to_array, array_to_img):
        with pytest.raises(ValueError, match=f"dtype={dtype!r} is not a NumPy dtype: use one such"):
            convert(RGB, data_format="channels_last", dtype=dtype)
