import keras
import pytest
from oracles.initial_weights import drawn_by_numpy
from oracles.small_network import small_network

L = keras.layers


@pytest.fixture(scope="module", autouse=True)
def initial_weights_drawn_by_numpy():
    with drawn_by_numpy():
        yield


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def model(network):
    """The network as a model, with the same weights."""
    layers = [L.Conv2D(3, 3, activation="relu"), L.Flatten(), L.Dense(4, activation="softmax")]
    model = keras.Sequential([keras.Input((6, 7, 2)), *layers])
    model.set_weights(network.weights)
    return model
