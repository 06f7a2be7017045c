"""The dtype of what each function gives, for each dtype and kind of what it is given."""

import keras
import numpy as np
import pytest

from kcore import nn
from kcore.preprocess import preprocess_input

KEPT = ("float16", "bfloat16", "float32")
# Given -> wanted, with "floatx" for what Keras is set to.
RULE = {dtype: dtype for dtype in KEPT}
RULE |= dict.fromkeys(
    ("float64", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    "floatx",
)
FUNCTIONS = {
    "conv2d": lambda x: nn.conv2d(x, np.ones((2, 2, 3, 2))),
    "conv2d_transpose": lambda x: nn.conv2d_transpose(x, np.ones((2, 2, 2, 3))),
    "depthwise_conv2d": lambda x: nn.depthwise_conv2d(x, np.ones((2, 2, 3, 1))),
    "separable_conv2d": lambda x: nn.separable_conv2d(
        x, np.ones((2, 2, 3, 1)), np.ones((1, 1, 3, 2))
    ),
    "max_pool": lambda x: nn.max_pool(x, 2),
    "avg_pool": lambda x: nn.avg_pool(x, 2),
    "dense": lambda x: nn.dense(x, np.ones((3, 2)), np.ones(2)),
    "flatten": lambda x: nn.flatten(x),
}
ONES = np.ones((1, 2, 2, 3))


@pytest.fixture(params=["float32", "float16"])
def floatx(request):
    before = keras.config.floatx()
    keras.config.set_floatx(request.param)
    yield request.param
    keras.config.set_floatx(before)


def dtype_of(y):
    return keras.backend.standardize_dtype(y.dtype)


def wanted(dtype, floatx):
    return floatx if RULE[dtype] == "floatx" else dtype


@pytest.mark.parametrize("name", FUNCTIONS)
def test_symbolic_tensors_of_each_dtype(name, floatx):
    found = {
        dtype: dtype_of(FUNCTIONS[name](keras.KerasTensor((None, 2, 2, 3), dtype=dtype)))
        for dtype in RULE
    }
    assert found == {dtype: wanted(dtype, floatx) for dtype in RULE}


@pytest.mark.parametrize("dtype", ["float64", "float16", "uint8"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_arrays_and_tensors_of_each_function(name, dtype):
    for x in (ONES.astype(dtype), *tensors(dtype)):
        y = FUNCTIONS[name](x)
        assert dtype_of(y) == wanted(dtype, "float32")
        assert np.isfinite(keras.ops.convert_to_numpy(y)).all()


@pytest.mark.parametrize("dtype", RULE)
@pytest.mark.parametrize("name", ["flatten", "dense"])
def test_arrays_and_tensors_of_each_dtype(name, dtype, floatx):
    for x in (ONES.astype(dtype), *tensors(dtype)):
        assert dtype_of(FUNCTIONS[name](x)) == wanted(dtype, floatx)


@pytest.mark.parametrize("name", ["flatten", "dense", "max_pool"])
def test_lists_of_python_numbers(name, floatx):
    assert dtype_of(FUNCTIONS[name](ONES.tolist())) == floatx
    assert dtype_of(FUNCTIONS[name](ONES.astype(int).tolist())) == floatx


def tensors(dtype):
    """Return a tensor in a tuple; JAX has none of 64 bits unless it is told to."""
    if keras.backend.backend() == "jax" and "64" in dtype:
        return ()
    return (keras.ops.cast(keras.ops.convert_to_tensor(ONES.astype("float32")), dtype),)


def test_large_integers_keep_their_size():
    x = np.full((1, 2, 2, 1), 2**40)
    for y in (nn.max_pool(x, 2), nn.avg_pool(x, 2), nn.dense(x, [[1.0]]), nn.flatten(x)):
        assert keras.ops.convert_to_numpy(y).ravel()[0] == 2.0**40


@pytest.mark.parametrize(
    "dtype", ["complex64", "float8_e4m3fn", "longdouble", "<U3", "object", "S"]
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_holds_no_real_numbers_is_refused_by_name(name, dtype):
    x = np.zeros((1, 2, 2, 3), np.longdouble if dtype == "longdouble" else dtype)
    with pytest.raises(TypeError, match=r"^x has dtype .*; give floats, integers or booleans"):
        FUNCTIONS[name](x)


def test_each_tensor_is_refused_by_its_own_name():
    text = np.array([["a"] * 3] * 3)
    with pytest.raises(TypeError, match=r"^weights has dtype <U1"):
        nn.dense(np.ones((2, 3)), text)
    with pytest.raises(TypeError, match=r"^bias has dtype <U1"):
        nn.dense(np.ones((2, 3)), np.ones((3, 3)), text[0])
    with pytest.raises(TypeError, match=r"^pointwise_filters has dtype object"):
        nn.separable_conv2d(ONES, np.ones((1, 1, 3, 1)), None)
    with pytest.raises(ValueError, match=r"^filters is not an array: its parts differ in length"):
        nn.conv2d(ONES, [[1, 2], [3]])


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("dtype", RULE)
def test_preprocess_input(dtype, mode, floatx):
    array = preprocess_input(ONES.astype(dtype), "channels_last", mode)
    assert array.dtype == ("float64" if dtype == "float64" else wanted(dtype, floatx))
    for x in tensors(dtype):
        assert dtype_of(preprocess_input(x, "channels_last", mode)) == wanted(dtype, floatx)
    symbolic = keras.KerasTensor((None, 2, 2, 3), dtype=dtype)
    found = preprocess_input(symbolic, "channels_last", mode)
    assert dtype_of(found) == wanted(dtype, floatx)
