import keras
import numpy as np
import pytest
from oracles.random_layers import RANDOM_LAYERS

from kcore import layers
from kcore.layers._element_words import element_words


@pytest.mark.parametrize("name", RANDOM_LAYERS)
@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, "7"])
def test_seeds_that_some_backend_cannot_hold_are_refused(name, seed):
    with pytest.raises(ValueError, match=r"seed=.* must be an integer, 0 <= seed < 2\*\*32"):
        getattr(layers, name)(0.5, seed=seed)


@pytest.mark.parametrize("name", ["AlphaDropout", "GaussianDropout"])
def test_infinite_noise_is_refused(name):
    with pytest.raises(ValueError, match="rate=1 must be a fraction: 0 <= rate < 1"):
        getattr(layers, name)(1)


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout"])
@pytest.mark.parametrize("noise_shape", [(2, 3), (None,), (1, 1, 1), (4, 5), (4, 2, 6)])
def test_masks_that_do_not_broadcast_are_refused(name, noise_shape):
    layer = getattr(layers, name)(0.5, noise_shape=noise_shape, seed=1)
    with pytest.raises(ValueError, match=r"noise_shape=\(.*doesn't fit inputs of shape \(4, 6\)"):
        layer(np.ones((4, 6), "float32"), training=True)


@pytest.mark.parametrize("name", RANDOM_LAYERS)
def test_integers_are_refused_in_training(name):
    rank = {"SpatialDropout1D": 3, "SpatialDropout2D": 4, "SpatialDropout3D": 5}.get(name, 2)
    x = keras.ops.ones((2,) * rank, "int32")
    layer = getattr(layers, name)(0.5, name="noisy")
    assert layer(x) is x
    with pytest.raises(TypeError, match=r"'noisy' have dtype='int32'.*cast them"):
        layer(x, training=True)


def test_rows_that_int32_cannot_count_are_refused():
    with pytest.raises(ValueError, match="2,147,483,648 elements in each row"):
        element_words(keras.ops.zeros(2, "uint32"), (1, 2**16, 2**15))


@pytest.mark.parametrize("stddev", [-0.1, 1.1, 1e-30])
def test_noise_out_of_range_is_refused(stddev):
    with pytest.raises(ValueError, match=r"stddev=.* must be 0, or 1e-18 <= stddev <= 1"):
        layers.GaussianNoise(stddev)
    with pytest.raises(ValueError, match=r"rate=1e-40 must be 0, or 1e-36 <= rate < 1"):
        layers.GaussianDropout(1e-40)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), "0.5", None, True])
def test_rates_that_are_no_fractions_are_refused(rate):
    for name in set(RANDOM_LAYERS) - {"GaussianNoise"}:
        with pytest.raises(ValueError, match=r"rate=.* must be a f"):
            getattr(layers, name)(rate)


@pytest.mark.parametrize("noise_shape", [3, "13", (0, 1), (1.5,), [[1]]])
@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout"])
def test_noise_shapes_that_are_no_sizes_are_refused(name, noise_shape):
    with pytest.raises(ValueError, match="noise_shape"):
        getattr(layers, name)(0.5, noise_shape=noise_shape)


def test_an_unknown_data_format_is_refused():
    with pytest.raises(ValueError, match="data_format='last' is unknown: use one of 'channels_la"):
        layers.SpatialDropout2D(0.5, "last")
