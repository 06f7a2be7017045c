"""Layers of Keras that the models rest on, by value against their definition in NumPy.

Convolutions and pools are the subject of `backends_tests`.
"""

import keras
import numpy as np
import pytest

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(4, 6), (2, 3, 6), (2, 3, 4, 6)])
def test_dense_works_along_the_last_axis(shape):
    x = RNG.normal(size=shape).astype(np.float32)
    kernel = RNG.normal(size=(6, 5)).astype(np.float32)
    bias = RNG.normal(size=5).astype(np.float32)
    layer = keras.layers.Dense(5)
    layer.build(shape)
    layer.set_weights([kernel, bias])
    expected = np.tensordot(x.astype(np.float64), kernel, axes=(-1, 0)) + bias
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-5)


def test_flatten_keeps_the_order_of_channels_last():
    x = RNG.normal(size=(2, 3, 4, 5)).astype(np.float32)
    layer = keras.layers.Flatten(data_format="channels_last")
    np.testing.assert_array_equal(layer(x), x.reshape(2, 60))


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_dropout_zeroes_a_fraction_and_scales_the_rest(rate):
    x = np.ones((100, 1000), dtype=np.float32)
    layer = keras.layers.Dropout(rate, seed=0)
    np.testing.assert_array_equal(layer(x, training=False), x)
    dropped = keras.ops.convert_to_numpy(layer(x, training=True))
    kept = dropped != 0
    np.testing.assert_allclose(dropped[kept], 1 / (1 - rate), rtol=1e-6)
    # 100,000 draws: five standard deviations of the kept fraction.
    assert abs(kept.mean() - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / kept.size)


def test_softmax_of_large_numbers():
    x = np.array([[1e4, 1e4 - 1, -1e4], [0, 0, 0]], dtype=np.float32)
    shifted = np.exp(x.astype(np.float64) - x.max(axis=1, keepdims=True))
    expected = shifted / shifted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(keras.activations.softmax(keras.ops.array(x)), expected, rtol=1e-6)


def test_sparse_cross_entropy():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.25, 0.25, 0.5]], dtype=np.float32)
    loss = keras.losses.SparseCategoricalCrossentropy()(np.array([0, 2]), probabilities)
    assert float(loss) == pytest.approx(-np.log([0.7, 0.5]).mean(), rel=1e-5)
