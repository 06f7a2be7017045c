"""Every mask and every noise value follows from seed, counter and position alone."""

import keras
import numpy as np
import pytest
from oracles import element_words
from oracles.always_training import AlwaysTraining

from kcore import layers


def called(layer, x):
    return keras.ops.convert_to_numpy(layer(x, training=True))


def state_of(layer):
    return [int(word) for word in keras.ops.convert_to_numpy(layer.seed_generator.state)]


def dropped(seed, counter, x, rate, mask_shape=None):
    kept = element_words.is_kept(seed, counter, mask_shape or x.shape, rate)
    return np.where(kept, x * np.float32(1 / (1 - rate)), np.float32(0))


def numbers(*shape):
    return np.random.default_rng(3).normal(size=shape).astype("float32")


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
@pytest.mark.parametrize("shape", [(3, 50), (2, 3, 4, 5), (40,)])
def test_masks_are_those_of_the_definition_call_by_call(seed, shape):
    layer, x = layers.Dropout(0.3, seed=seed), numbers(*shape)
    for counter in range(3):
        np.testing.assert_array_equal(called(layer, x), dropped(seed, counter, x, 0.3))
    assert state_of(layer) == [seed, 3]


def test_a_scalar_has_one_element():
    layer = layers.Dropout(0.5, seed=1)
    found = [float(called(layer, np.float32(1))) for _ in range(20)]
    assert found == [float(dropped(1, n, np.ones((), "float32"), 0.5)) for n in range(20)]


def test_rows_keep_their_masks_in_a_larger_batch():
    few, many = (called(layers.Dropout(0.5, seed=4), np.ones((n, 30), "float32")) for n in (3, 9))
    np.testing.assert_array_equal(few, many[:3])


@pytest.mark.parametrize(
    ("noise_shape", "mask_shape"),
    [
        ((None, 1, None), (4, 1, 6)),
        ((1, 5, 6), (1, 5, 6)),
        ((4, None, 1), (4, 5, 1)),
        ([1, 6], (1, 1, 6)),
    ],
)
def test_noise_shape_repeats_the_mask(noise_shape, mask_shape):
    x = numbers(4, 5, 6)
    found = called(layers.Dropout(0.5, noise_shape=noise_shape, seed=5), x)
    np.testing.assert_array_equal(found, dropped(5, 0, x, 0.5, mask_shape))


@pytest.mark.parametrize(
    ("layer", "shape", "mask_shape"),
    [
        (layers.SpatialDropout1D(0.5, seed=6), (4, 3, 9), (4, 1, 9)),
        (layers.SpatialDropout2D(0.5, "channels_last", seed=6), (4, 3, 2, 9), (4, 1, 1, 9)),
        (layers.SpatialDropout2D(0.5, "channels_first", seed=6), (4, 9, 3, 2), (4, 9, 1, 1)),
        (layers.SpatialDropout3D(0.5, "channels_last", seed=6), (4, 3, 2, 1, 9), (4, 1, 1, 1, 9)),
        (layers.SpatialDropout3D(0.5, "channels_first", seed=6), (4, 9, 3, 2, 1), (4, 9, 1, 1, 1)),
    ],
)
def test_whole_channels_are_dropped(layer, shape, mask_shape):
    x = numbers(*shape)
    np.testing.assert_array_equal(called(layer, x), dropped(6, 0, x, 0.5, mask_shape))


def test_noise_is_added_and_multiplied():
    x, normals = numbers(5, 40), element_words.normals(8, 0, (5, 40))
    added = called(layers.GaussianNoise(0.25, seed=8), x)
    np.testing.assert_allclose(added, x + 0.25 * normals, rtol=0, atol=2e-6)
    multiplied = called(layers.GaussianDropout(0.2, seed=8), x)
    np.testing.assert_allclose(multiplied, x * (1 + 0.5 * normals), rtol=1e-6, atol=4e-6)


def test_alpha_dropout_is_that_of_keras_on_the_mask():
    x, rate, saturation = numbers(5, 40), 0.3, -1.7580993408473766
    kept = element_words.is_kept(9, 0, x.shape, rate)
    scale = ((1 - rate) * (1 + rate * saturation**2)) ** -0.5
    expected = scale * np.where(kept, x, saturation) - scale * saturation * rate
    found = called(layers.AlphaDropout(rate, seed=9), x)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


# Computed once; the same bits on every backend.
GOLDEN = {
    "Dropout": [
        "0x1.24924a0000000p-3",
        "0x0.0p+0",
        "0x0.0p+0",
        "0x0.0p+0",
        "-0x1.24924a0000000p-2",
        "0x1.767dd00000000p-10",
        "0x1.f6db6e0000000p+2",
        "-0x1.1b6db60000000p+2",
    ],
    "AlphaDropout": [
        "0x1.1493700000000p-1",
        "-0x1.0f3e8c0000000p+0",
        "-0x1.0f3e8c0000000p+0",
        "-0x1.0f3e8c0000000p+0",
        "0x1.20aace0000000p-2",
        "0x1.d1df340000000p-2",
        "0x1.4c1e000000000p+2",
        "-0x1.1b80900000000p+1",
    ],
    "GaussianDropout": [
        "0x1.1837560000000p-4",
        "-0x1.6b224c0000000p+0",
        "0x1.d0aafc0000000p+1",
        "0x1.69e1f00000000p-1",
        "-0x1.63d52c0000000p-2",
        "-0x1.748c940000000p-12",
        "0x1.28a5ae0000000p+3",
        "-0x1.1e0cc20000000p+1",
    ],
    "GaussianNoise": [
        "-0x1.6e9f6c0000000p-5",
        "-0x1.c6a05a0000000p+0",
        "0x1.ac45020000000p+1",
        "0x1.68ae0c0000000p-1",
        "0x1.1a84ce0000000p-3",
        "-0x1.3d7a1a0000000p-1",
        "0x1.741ac40000000p+2",
        "-0x1.9d2bf00000000p+1",
    ],
}


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("name", GOLDEN)
def test_the_bits_do_not_depend_on_the_backend(name, jit_compile):
    inputs = keras.Input((8,))
    layer = getattr(layers, name)(0.3, seed=12)
    model = keras.Model(inputs, AlwaysTraining(layer)(inputs))
    model.compile(jit_compile=jit_compile)
    x = np.array([[0.1, -1.7, 3.3, 0.7, -0.2, 0.001, 5.5, -3.1]] * 2, "float32")
    found = model.predict(x, verbose=0)[1]
    assert [float(value).hex() for value in found] == GOLDEN[name]


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_masks_are_the_same_in_every_dtype_and_products_are_rounded_once(dtype):
    layer = layers.Dropout(0.3, seed=2, dtype=dtype)
    x = keras.ops.cast(numbers(6, 40), layer.compute_dtype)
    exact = keras.ops.convert_to_numpy(keras.ops.cast(x, "float32"))
    found = layer(x, training=True)
    assert keras.backend.standardize_dtype(found.dtype) == keras.backend.standardize_dtype(x.dtype)
    expected = keras.ops.cast(dropped(2, 0, exact, 0.3), layer.compute_dtype)
    as_float32 = [
        keras.ops.convert_to_numpy(keras.ops.cast(y, "float32")) for y in (found, expected)
    ]
    np.testing.assert_array_equal(*as_float32)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", GOLDEN)
def test_layers_keep_the_dtype_of_mixed_precision(name, dtype):
    x = np.ones((2, 3), "float32")
    layer, exact = (getattr(layers, name)(0.3, seed=2, dtype=each) for each in (dtype, "float32"))
    found = layer(x, training=True)
    assert keras.backend.standardize_dtype(found.dtype) == layer.compute_dtype
    as_float32 = keras.ops.convert_to_numpy(keras.ops.cast(found, "float32"))
    np.testing.assert_allclose(as_float32, called(exact, x), rtol=2**-8)


@pytest.mark.parametrize("name", GOLDEN)
def test_nothing_happens_without_training_or_with_a_rate_of_zero(name):
    x = keras.ops.ones((2, 3))
    layer = getattr(layers, name)(0.5, seed=1)
    assert layer(x, training=False) is x
    assert layer(x) is x
    assert state_of(layer) == [1, 0]
    assert getattr(layers, name)(0, seed=1)(x, training=True) is x


def test_a_rate_of_one_drops_all():
    np.testing.assert_array_equal(called(layers.Dropout(1.0, seed=1), numbers(3, 4)), 0)


def test_what_is_dropped_is_zero_even_if_it_was_not_finite():
    x = np.full((4, 50), np.nan, "float32")
    found = called(layers.Dropout(0.5, seed=1), x)
    np.testing.assert_array_equal(np.isnan(found), element_words.is_kept(1, 0, x.shape, 0.5))


def test_without_a_seed_layers_differ_and_a_seed_repeats():
    x = np.ones((4, 64), "float32")
    first, other = (called(layers.Dropout(0.5), x) for _ in range(2))
    assert (first != other).any()
