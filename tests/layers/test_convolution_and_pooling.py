"""What `backends_tests`, the conformance suite, does not show of convolutions and pools."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends_tests.gradient import gradients
from kcore import layers
from kcore.layers import _convolution
from kcore.layers._convolution_gradients import convolve_in_parts, pays
from kcore.layers._lowering import avoids_xla_on_cpu
from kcore.shapes import conv_windows, pool_windows

POOLS = [name for name in layers.__all__ if "Pooling" in name]
CONVOLUTIONS = [name for name in layers.__all__ if name.startswith("Conv")]
BOTH = [(name, {"pool_size": 2}) for name in POOLS]
BOTH += [(name, {"filters": 3, "kernel_size": 2}) for name in CONVOLUTIONS]


def numbers(x):
    return keras.ops.convert_to_numpy(keras.ops.cast(x, "float32"))


def gradient_to_first_maxima(x, upstream, windows):
    """Give each window's gradient to its first maximum in row-major order, window by window."""
    found = np.zeros_like(x)
    for batch, channel in itertools.product(range(x.shape[0]), range(x.shape[-1])):
        for output in itertools.product(*map(range, windows.output_size)):
            cells = [
                [start for start in range(first, first + axis.kernel_size) if 0 <= start < size]
                for first, axis, size in zip(
                    (
                        n * axis.strides - axis.pads[0]
                        for n, axis in zip(output, windows.axes, strict=True)
                    ),
                    windows.axes,
                    x.shape[1:-1],
                    strict=True,
                )
            ]
            best = max(itertools.product(*cells), key=lambda cell: x[(batch, *cell, channel)])
            found[(batch, *best, channel)] += upstream[(batch, *output, channel)]
    return found


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.sampled_from(["valid", "same"]),
    st.integers(0, 2**16),
)
def test_gradients_of_tied_maxima_go_to_the_first(sizes, pool_size, strides, padding, seed):
    if padding == "valid":
        pool_size = tuple(map(min, pool_size, sizes))
    rng = np.random.default_rng(seed)
    x = rng.integers(-2, 2, (2, *sizes, 2)).astype("float32")  # many ties
    windows = pool_windows(sizes, pool_size, strides, padding)
    upstream = rng.integers(1, 9, (2, *windows.output_size, 2)).astype("float32")
    layer = layers.MaxPooling2D(pool_size, strides, padding)
    (found,) = gradients([layer], [x], [upstream])
    np.testing.assert_array_equal(found.of[0], gradient_to_first_maxima(x, upstream, windows))


@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize(("pool_size", "strides"), [(2, 2), (3, 2), (2, 1), (2, 3)])
def test_ties_along_one_and_three_axes(rank, pool_size, strides):
    sizes = (5,) * rank
    x = np.random.default_rng(0).integers(0, 2, (2, *sizes, 3)).astype("float32")
    windows = pool_windows(sizes, pool_size, strides, "same")
    upstream = np.random.default_rng(1).integers(1, 9, (2, *windows.output_size, 3))
    layer = getattr(layers, f"MaxPooling{rank}D")(pool_size, strides, "same")
    (found,) = gradients([layer], [x], [upstream.astype("float32")])
    np.testing.assert_array_equal(found.of[0], gradient_to_first_maxima(x, upstream, windows))


def test_gradients_pass_beside_a_window_with_nan():
    x = np.arange(16.0, dtype="float32").reshape(1, 4, 4, 1)
    x[0, 0, 0, 0] = np.nan
    (found,) = gradients([layers.MaxPooling2D(2)], [x], [np.ones((1, 2, 2, 1), "float32")])
    assert np.isnan(found.output[0, 0, 0, 0])
    chosen = found.of[0][0, :, :, 0]
    assert [chosen[1, 3], chosen[3, 1], chosen[3, 3]] == [1, 1, 1]


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_gradients_in_parts_of_half_precision_lose_no_terms(dtype, padding):
    layer = layers.Conv2D(2, 1, use_bias=False, dtype=dtype, padding=padding)
    x, upstream = (np.full((4096, 10, 10, n), 0.125, "float32") for n in (1, 2))
    (found,) = gradients([layer], [x], [upstream])
    np.testing.assert_allclose(numbers(found.of[1]), 409_600 / 64, rtol=2**-7)


def test_parts_are_used_where_they_pay():
    kernel = np.zeros((3, 3, 3, 8))
    of = lambda *sizes, **options: conv_windows(sizes, 3, **options)  # noqa: E731
    assert pays((32, 150, 150, 3), kernel, of(150, 150))
    assert not pays((1, 28, 28, 3), kernel, of(28, 28))  # too little work
    assert not pays((None, 150, 150, 3), kernel, of(150, 150))
    assert not pays((32, 150, 150, 3), kernel, of(150, 150, strides=2))
    assert not pays((32, 150, 150, 3), kernel, of(150, 150, dilation_rate=2))
    assert not pays((32, 150, 150, 6), kernel, of(150, 150))  # in groups


def test_parts_are_used_under_jax_on_a_cpu_alone(monkeypatch):
    used = []

    def noted(x, kernel, windows):
        used.append(windows)
        return convolve_in_parts(x, kernel, windows)

    monkeypatch.setattr(_convolution, "convolve_in_parts", noted)
    layers.Conv2D(2, 3)(np.ones((32, 28, 28, 1), "float32"))
    kinds = {device.partition(":")[0] for device in keras.distribution.list_devices()}
    assert bool(used) == (keras.backend.backend() == "jax" and kinds == {"cpu"})


def test_a_distribution_keeps_the_operations_of_the_backend():
    if keras.backend.backend() != "jax":
        assert not avoids_xla_on_cpu()
        return
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    try:
        assert not avoids_xla_on_cpu()
        x = np.random.default_rng(0).normal(size=(2, 6, 6, 1)).astype("float32")
        spread = numbers(layers.MaxPooling2D(2)(x))
    finally:
        keras.distribution.set_distribution(None)
    np.testing.assert_array_equal(spread, numbers(layers.MaxPooling2D(2)(x)))


@pytest.mark.parametrize(("name", "arguments"), BOTH)
def test_layers_are_those_of_keras_with_the_same_configuration(name, arguments):
    ours, theirs = (getattr(each, name)(**arguments, name="x") for each in (layers, keras.layers))
    assert isinstance(ours, type(theirs))
    assert ours.get_config() == theirs.get_config()
    assert type(type(ours).from_config(ours.get_config())) is type(ours)


@pytest.mark.parametrize(("name", "arguments"), BOTH)
def test_integers_are_cast(name, arguments):
    rank = int(name[-2])
    x = np.arange(4.0**rank * 2).reshape(1, *(4,) * rank, 2)
    layer = getattr(layers, name)(**arguments)
    found = layer(keras.ops.convert_to_tensor(x, "int32"))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_array_equal(numbers(found), numbers(layer(x.astype("float32"))))


@pytest.mark.parametrize("name", POOLS)
def test_padding_and_strides_are_checked_by_the_constructor(name):
    assert getattr(layers, name)(2, padding="SAME").padding == "same"
    with pytest.raises(ValueError, match=r"padding='full' is unknown; choose from 'valid', 'same'"):
        getattr(layers, name)(2, padding="full")
    with pytest.raises(ValueError, match=r"strides\[0\]=0 is below 1"):
        getattr(layers, name)(2, 0)


@pytest.mark.parametrize(("name", "arguments"), BOTH)
def test_a_window_that_does_not_fit_is_refused_in_eager_calls(name, arguments):
    rank = int(name[-2])
    layer = getattr(layers, name)(**arguments)
    layer.build((1, *(4,) * rank, 2))
    with pytest.raises(ValueError, match=r"would be zero or negative|doesn't fit"):
        layer(np.ones((1, *(1,) * rank, 2), "float32"))


def test_lora_is_that_of_keras():
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    ours, theirs = (each.Conv2D(4, 3, activation="relu") for each in (layers, keras.layers))
    for layer in (ours, theirs):
        layer.build(x.shape)
    theirs.set_weights(ours.get_weights())
    for layer in (ours, theirs):
        layer.enable_lora(2)
        rng = np.random.default_rng(1)
        layer.set_weights([rng.normal(size=each.shape) for each in layer.get_weights()])
    np.testing.assert_allclose(numbers(ours(x)), numbers(theirs(x)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_images_of_unknown_size(jit_compile):
    inputs = keras.Input((None, None, 2))
    x = layers.Conv2D(3, (2, 3), strides=(1, 2))(inputs)
    model = keras.Model(inputs, layers.AveragePooling2D(2)(layers.MaxPooling2D(2, 1)(x)))
    model.compile(jit_compile=jit_compile)
    plain = keras.models.clone_model(model, clone_function=as_keras)
    plain.set_weights(model.get_weights())
    for size in (9, 12):
        images = np.random.default_rng(size).normal(size=(2, size, size, 2)).astype("float32")
        found = model.predict(images, verbose=0)
        np.testing.assert_allclose(found, numbers(plain(images)), rtol=1e-5, atol=1e-5)


def as_keras(layer):
    return getattr(keras.layers, type(layer).__name__).from_config(layer.get_config())
