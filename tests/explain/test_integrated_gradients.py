import keras
import numpy as np
import pytest
from oracles.small_network import small_network

from kcore.explain import integrated_gradients

L = keras.layers


def test_a_linear_model_shares_out_its_products():
    kernel = np.random.default_rng(0).normal(size=(6, 3))
    model = keras.Sequential([keras.Input((6,)), L.Dense(3, activation="softmax")])
    model.set_weights([kernel, np.ones(3)])
    x = np.random.default_rng(1).normal(size=(4, 6))
    baseline = np.arange(6) / 10
    found = integrated_gradients(model, x, [0, 1, 2, 0], baseline=baseline, steps=3, batch_size=2)
    for number, one in enumerate([0, 1, 2, 0]):
        expected = (x[number] - baseline) * kernel[:, one]
        assert found.values[number] == pytest.approx(expected, abs=1e-5)
    assert found.gaps == pytest.approx(np.zeros(4), abs=1e-5)
    assert found.scores - found.baseline_scores == pytest.approx(found.values.sum(1), abs=1e-5)
    assert list(found.class_index) == [0, 1, 2, 0]


class Cubed(L.Layer):
    def call(self, x):
        return x * x * x


def test_the_integral_of_a_polynomial_is_exact():
    model = keras.Sequential([keras.Input((2,)), Cubed(), L.Dense(1, use_bias=False)])
    model.set_weights([np.array([[1.0], [-2.0]])])
    found = integrated_gradients(model, np.array([[3.0, 2.0]]), baseline=1.0, steps=2)
    # Along the line each x**3 changes on its own: by 27 - 1 and by -2 * (8 - 1).
    assert found.values[0] == pytest.approx([26.0, -14.0], rel=1e-5)


def test_the_integral_through_kinks_is_that_of_many_small_steps():
    network = small_network()
    layers = [L.Conv2D(3, 3, activation="relu"), L.Flatten(), L.Dense(4, activation="softmax")]
    model = keras.Sequential([keras.Input((6, 7, 2)), *layers])
    model.set_weights(network.weights)
    image = np.random.default_rng(2).normal(size=(1, 6, 7, 2))
    found = integrated_gradients(model, image, 1, steps=200)
    points = [network.gradient_at_input(image[0] * at, 1) for at in (np.arange(4000) + 0.5) / 4000]
    assert found.values[0] == pytest.approx(image[0] * np.mean(points, axis=0), abs=0.02)
    difference = network.scores(image[0])[1] - network.scores(image[0] * 0)[1]
    assert found.values.sum() == pytest.approx(difference, abs=0.05)
    assert found.gaps[0] == pytest.approx(found.values.sum() - difference, abs=1e-4)


def test_too_few_steps_are_told():
    model = keras.Sequential([keras.Input((1,)), Cubed(), Cubed(), L.Dense(1, use_bias=False)])
    model.set_weights([np.ones((1, 1))])
    message = "don't add up to the difference of the scores: 1. Sample 1 misses 512 by"
    with pytest.warns(UserWarning, match=message) as caught:
        found = integrated_gradients(model, np.array([[0.0], [2.0]]), steps=1)
    assert caught[0].filename == __file__
    assert found.gaps[1] == pytest.approx(2 * 9 - 512)


def test_wrong_settings_are_refused():
    model = keras.Sequential([keras.Input((2,)), L.Dense(1)])
    with pytest.raises(ValueError, match=r"baseline with shape \(3,\) can't be broadcast to x"):
        integrated_gradients(model, np.ones((1, 2)), baseline=np.ones(3))
    with pytest.raises(ValueError, match="steps=0 must be an integer of at least 1"):
        integrated_gradients(model, np.ones((1, 2)), steps=0)
