"""`preprocess_input` of arrays agrees with its definition, applied pixel by pixel."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kcore.preprocess import preprocess_input

DATA_FORMATS = ("channels_last", "channels_first")
MODES = ("caffe", "tf", "torch")


def definition(red: float, green: float, blue: float, mode: str) -> tuple[float, float, float]:
    """Return the result for a single pixel."""
    if mode == "caffe":
        return blue - 103.939, green - 116.779, red - 123.68
    if mode == "tf":
        return red / 127.5 - 1, green / 127.5 - 1, blue / 127.5 - 1
    return (
        (red / 255 - 0.485) / 0.229,
        (green / 255 - 0.456) / 0.224,
        (blue / 255 - 0.406) / 0.225,
    )


def expected(pixels: np.ndarray, mode: str) -> np.ndarray:
    """Apply the definition along the last axis."""
    flat = [definition(*pixel, mode) for pixel in pixels.reshape(-1, 3).astype(float)]
    return np.array(flat).reshape(pixels.shape)


def in_data_format(pixels: np.ndarray, data_format: str) -> np.ndarray:
    return pixels if data_format == "channels_last" else np.moveaxis(pixels, -1, -3)


batches = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))
shapes = st.builds(lambda batch, size: (*batch, *size, 3), batches, sizes)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("data_format", DATA_FORMATS)
@given(pixels=shapes.flatmap(lambda shape: hnp.arrays(np.uint8, shape)))
@settings(max_examples=50)
def test_every_pixel_follows_the_definition(data_format, mode, pixels):
    x = in_data_format(pixels.astype(np.float64), data_format)
    result = preprocess_input(x, data_format, mode)
    wanted = in_data_format(expected(pixels, mode), data_format)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("mode", "lowest", "highest"),
    [
        ("caffe", [-103.939, -116.779, -123.68], [151.061, 138.221, 131.32]),
        ("tf", [-1, -1, -1], [1, 1, 1]),
        ("torch", [-2.117904, -2.035714, -1.804444], [2.248908, 2.428571, 2.64]),
    ],
)
def test_black_and_white(mode, lowest, highest):
    ends = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    result = preprocess_input(ends, "channels_last", mode)
    np.testing.assert_allclose(result, [[lowest, highest]], rtol=1e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_keep_their_dtype(dtype, mode):
    pixels = np.arange(5 * 4 * 3).reshape(5, 4, 3)
    result = preprocess_input(pixels.astype(dtype), "channels_last", mode)
    assert result.dtype == dtype
    np.testing.assert_allclose(
        result, expected(pixels, mode), rtol=0, atol=150 * np.finfo(dtype).eps
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "bool"])
def test_integers_become_floats(dtype, mode):
    pixels = (np.arange(24).reshape(2, 4, 3) * 5).astype(dtype)
    result = preprocess_input(pixels, "channels_last", mode)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected(pixels, mode), rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_input_is_never_changed(data_format, mode, dtype):
    x = in_data_format(np.arange(2 * 4 * 5 * 3, dtype=dtype).reshape(2, 4, 5, 3), data_format)
    before = x.copy()
    x.flags.writeable = False
    result = preprocess_input(x, data_format, mode)
    result[:] = 0
    np.testing.assert_array_equal(x, before)


def test_defaults_are_caffe():
    x = np.full((1, 1, 3), 9.0)
    np.testing.assert_array_equal(
        preprocess_input(x, "channels_last"), preprocess_input(x, "channels_last", "caffe")
    )


@pytest.mark.parametrize(
    ("shape", "data_format", "message"),
    [
        (
            (4, 3),
            "channels_last",
            r"x has shape \(4, 3\): RGB images have the shape \(\.\.\., height,",
        ),
        ((3,), "channels_first", r"RGB images have the shape \(\.\.\., 3, height, width\)"),
        ((4, 5, 1), "channels_last", r"x has shape \(4, 5, 1\).*give the data_format that fits"),
        ((4, 5, 3), "channels_first", r"the shape \(\.\.\., 3, height, width\)"),
        ((2, 3, 4, 5), "channels_last", r"\(2, 3, 4, 5\)"),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_shapes_that_are_not_those_of_rgb_images_are_refused(shape, data_format, message, mode):
    with pytest.raises(ValueError, match=message):
        preprocess_input(np.zeros(shape), data_format, mode)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"mode": "keras"}, r"mode='keras' is unknown: use one of 'caffe', 'tf', 'torch'\."),
        (
            {"data_format": "NHWC"},
            "data_format='NHWC' is unknown: use one of 'channels_last', 'channels_first'",
        ),
    ],
)
def test_unknown_choices_are_refused(argument, message):
    with pytest.raises(ValueError, match=message):
        preprocess_input(np.zeros((2, 2, 3)), **{"data_format": "channels_last", **argument})


@pytest.mark.parametrize("x", [[[[1, 2, 3]]], None, 7], ids=repr)
def test_values_without_a_shape_are_refused(x):
    with pytest.raises(TypeError, match=r"x is of type .*: use a NumPy array or a tensor of the"):
        preprocess_input(x, "channels_last")


@pytest.mark.parametrize("dtype", ["complex64", "U3", "object"])
def test_values_that_are_not_real_numbers_are_refused(dtype):
    with pytest.raises(TypeError, match=r"x has dtype .*: images of real numbers are needed"):
        preprocess_input(np.zeros((2, 2, 3), dtype), "channels_last")


def test_without_keras_arrays_work_and_the_data_format_must_be_given():
    code = """
import sys
sys.modules["keras"] = None  # `import keras` raises ImportError
import numpy as np
from kcore.preprocess import preprocess_input
x = np.zeros((1, 1, 3), np.uint8)
assert preprocess_input(x, "channels_last").dtype == np.float32
try:
    preprocess_input(x)
except ImportError as error:
    print(error)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == (
        "data_format=None takes Keras's default, but Keras can't be imported: "
        "give data_format='channels_last' or 'channels_first'.\n"
    )
