"""`preprocess_input` agrees with Keras on arrays, tensors and symbolic tensors."""

import inspect

import keras
import numpy as np
import pytest
from keras.applications import imagenet_utils

from kcore.preprocess import preprocess_input

MODES = ("caffe", "tf", "torch")
DATA_FORMATS = ("channels_last", "channels_first")
SHAPES = {"one image": (4, 5, 3), "a batch": (2, 4, 5, 3)}


def images(shape, data_format, dtype="float32"):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    if data_format == "channels_first":
        pixels = np.ascontiguousarray(np.moveaxis(pixels, -1, -3))
    return pixels


@pytest.fixture
def keras_defaults():
    data_format, floatx = keras.config.image_data_format(), keras.config.floatx()
    yield
    keras.config.set_image_data_format(data_format)
    keras.config.set_floatx(floatx)


every_case = [
    pytest.mark.parametrize("mode", MODES),
    pytest.mark.parametrize("data_format", DATA_FORMATS),
    pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES),
]


def for_every_case(test):
    for mark in every_case:
        test = mark(test)
    return test


def test_the_arguments_are_those_of_keras():
    ours, theirs = (
        inspect.signature(function).parameters
        for function in (preprocess_input, imagenet_utils.preprocess_input)
    )
    assert [(p.name, p.default) for p in ours.values()] == [
        (p.name, p.default) for p in theirs.values()
    ]


@for_every_case
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8", "int32"])
def test_arrays(shape, data_format, mode, dtype):
    x = images(shape, data_format, dtype)
    result = preprocess_input(x, data_format, mode)
    wanted = imagenet_utils.preprocess_input(x.copy(), data_format, mode)
    assert isinstance(result, np.ndarray)
    assert result.dtype == wanted.dtype
    np.testing.assert_array_equal(result, wanted)


@for_every_case
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_tensors(shape, data_format, mode, dtype):
    x = keras.ops.cast(images(shape, data_format), dtype)
    result = preprocess_input(x, data_format, mode)
    wanted = imagenet_utils.preprocess_input(x, data_format, mode)
    assert keras.ops.is_tensor(result)
    assert keras.ops.dtype(result) == dtype
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(keras.ops.cast(result, "float32")),
        keras.ops.convert_to_numpy(keras.ops.cast(wanted, "float32")),
    )


@for_every_case
@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_tensors_of_integers_become_floats(shape, data_format, mode, dtype):
    x = images(shape, data_format, dtype)
    result = preprocess_input(keras.ops.convert_to_tensor(x), data_format, mode)
    assert keras.ops.dtype(result) == "float32"
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(result),
        preprocess_input(x, data_format, mode),
        rtol=1e-6,
        atol=1e-6,
    )


@for_every_case
def test_symbolic_tensors(shape, data_format, mode):
    x = images(shape, data_format)
    batched = x if x.ndim == 4 else x[np.newaxis]
    inputs = keras.Input(batched.shape[1:])
    outputs = preprocess_input(inputs, data_format, mode)
    assert keras.backend.is_keras_tensor(outputs)
    assert outputs.shape == inputs.shape
    result = keras.Model(inputs, outputs).predict_on_batch(batched)
    wanted = imagenet_utils.preprocess_input(batched.copy(), data_format, mode)
    np.testing.assert_allclose(result, wanted, rtol=1e-6, atol=2e-5)


@pytest.mark.parametrize("mode", MODES)
def test_symbolic_images_of_unknown_size_and_integer_type(mode):
    inputs = keras.Input((None, None, 3), dtype="uint8")
    model = keras.Model(inputs, preprocess_input(inputs, "channels_last", mode))
    x = images((2, 4, 5, 3), "channels_last", "uint8")
    wanted = imagenet_utils.preprocess_input(x, "channels_last", mode)
    np.testing.assert_allclose(model.predict_on_batch(x), wanted, rtol=1e-6, atol=2e-5)


@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize("mode", MODES)
def test_any_number_of_batch_axes_is_accepted(data_format, mode):
    x = images((2, 3, 4, 5, 3), data_format)
    for convert in (np.asarray, keras.ops.convert_to_tensor):
        result = keras.ops.convert_to_numpy(preprocess_input(convert(x), data_format, mode))
        for outer in range(2):
            wanted = imagenet_utils.preprocess_input(x[outer].copy(), data_format, mode)
            np.testing.assert_allclose(result[outer], wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("data_format", DATA_FORMATS)
@pytest.mark.parametrize("floatx", ["float16", "float32", "float64"])
@pytest.mark.usefixtures("keras_defaults")
def test_defaults_are_those_that_keras_is_set_to(data_format, floatx):
    keras.config.set_image_data_format(data_format)
    keras.config.set_floatx(floatx)
    x = images((2, 4, 5, 3), data_format, "uint8")
    result = preprocess_input(x)
    assert result.dtype == floatx
    np.testing.assert_array_equal(result, imagenet_utils.preprocess_input(x))


def test_keras_overwrites_its_input_and_kcore_does_not():
    x = images((2, 4, 5, 3), "channels_last")
    before = x.copy()
    result = preprocess_input(x, "channels_last")
    np.testing.assert_array_equal(x, before)
    imagenet_utils.preprocess_input(x, "channels_last")
    assert not np.array_equal(x, before)
    assert not np.shares_memory(result, x)


@pytest.mark.parametrize("channels", [1, 4, None])
def test_symbolic_tensors_without_three_channels_are_refused(channels):
    with pytest.raises(
        ValueError, match=rf"x has shape \(None, 4, 5, {channels}\): RGB images have"
    ):
        preprocess_input(keras.Input((4, 5, channels)), "channels_last")


def test_tensors_of_complex_numbers_are_refused():
    x = keras.ops.convert_to_tensor(np.zeros((4, 5, 3), "complex64"))
    with pytest.raises(TypeError, match="x has dtype complex64: images of real numbers"):
        preprocess_input(x, "channels_last")
