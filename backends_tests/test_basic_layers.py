"""The layers that the models of kcore are made of, by value against their definition in NumPy."""

import itertools

import keras
import numpy as np
import pytest

RNG = np.random.default_rng(0)


def same_pads(size, window, stride):
    """Return (before, after): TensorFlow's rule, where the odd cell goes after."""
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def windows(x, window, stride, padding, fill):
    """Yield (row, column, cells) for each output position; cells (batch, window, window, in)."""
    pads = [
        same_pads(size, window, stride) if padding == "same" else (0, 0) for size in x.shape[1:3]
    ]
    x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
    rows, columns = ((size - window) // stride + 1 for size in x.shape[1:3])
    for row, column in itertools.product(range(rows), range(columns)):
        top, left = row * stride, column * stride
        yield row, column, x[:, top : top + window, left : left + window]


def assemble(positions):
    rows = {}
    for row, column, value in positions:
        rows.setdefault(row, {})[column] = value
    stacked = [np.stack(list(columns.values()), axis=1) for columns in rows.values()]
    return np.stack(stacked, axis=1)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("window", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(7, 9), (8, 6)])
def test_convolution(size, window, stride, padding):
    x = RNG.normal(size=(2, *size, 3)).astype(np.float32)
    kernel = RNG.normal(size=(window, window, 3, 5)).astype(np.float32)
    bias = RNG.normal(size=5).astype(np.float32)
    layer = keras.layers.Conv2D(5, window, stride, padding, data_format="channels_last")
    layer.build(x.shape)
    layer.set_weights([kernel, bias])
    expected = assemble(
        (row, column, np.einsum("bhwi,hwio->bo", cells.astype(np.float64), kernel) + bias)
        for row, column, cells in windows(x, window, stride, padding, fill=0)
    )
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == expected.shape


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("window", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(7, 9), (8, 6)])
def test_max_pooling_of_negative_numbers(size, window, stride, padding):
    x = -1 - RNG.random(size=(2, *size, 3), dtype=np.float32)
    layer = keras.layers.MaxPooling2D(window, stride, padding, data_format="channels_last")
    expected = assemble(
        (row, column, cells.max(axis=(1, 2)))
        for row, column, cells in windows(x, window, stride, padding, fill=-np.inf)
    )
    np.testing.assert_array_equal(layer(x), expected)
    assert layer.compute_output_shape(x.shape) == expected.shape


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
