import keras
import numpy as np
import pytest

from kcore import random
from kcore.explain import class_scores, maximize_activation
from kcore.inspect import activations

L = keras.layers


def linear(kernel):
    model = keras.Sequential(
        [
            keras.Input((2, 3, 1)),
            L.Flatten(name="flatten"),
            L.Dense(2, activation="sigmoid", use_bias=False, name="dense"),
        ]
    )
    model.set_weights([kernel])
    return model


def test_a_linear_class_is_highest_at_a_corner_of_the_range():
    kernel = np.array([[1, -1], [-2, 2], [1, 1], [-1, 3], [2, -2], [-1, -1]]) * 1.0
    settings = {"value_range": (-1, 1), "steps": 80, "smoothness": 0}
    found = maximize_activation(linear(kernel), class_index=[0, 1], **settings)
    best = np.sign(kernel).T.reshape(2, 2, 3, 1)
    assert found.images == pytest.approx(best, abs=1e-6)
    assert found.activations.shape == (2, 81)
    assert found.activations.max(axis=1) == pytest.approx(np.abs(kernel).sum(axis=0), abs=1e-4)


def test_the_best_image_is_found_even_if_all_activations_are_negative():
    model = keras.Sequential([keras.Input((2, 3, 1)), L.Flatten(), L.Dense(1)])
    model.set_weights([np.ones((6, 1)), np.array([-50.0])])
    found = maximize_activation(model, class_index=0, value_range=(-1, 1), steps=80, smoothness=0)
    assert found.activations.max() == pytest.approx(-44, abs=1e-4)
    assert found.images == pytest.approx(np.ones((1, 2, 3, 1)), abs=1e-6)


@pytest.mark.parametrize("is_channels_first", [False, True])
def test_the_steps_follow_the_blurred_gradient(is_channels_first):
    data_format = "channels_first" if is_channels_first else "channels_last"
    shape = (1, 7, 9) if is_channels_first else (7, 9, 1)
    flatten = L.Flatten(data_format=data_format)
    model = keras.Sequential([keras.Input(shape), flatten, L.Dense(1, use_bias=False)])
    kernel = np.zeros((7, 9))
    kernel[3, 4] = 1.0
    model.set_weights([kernel.reshape(63, 1)])
    settings = {"value_range": (-1e3, 1e3), "steps": 2, "smoothness": 0.8}
    found = maximize_activation(model, class_index=0, **settings).images.reshape(7, 9)
    y, x = np.mgrid[:7, :9]
    directions = []
    for deviation in (0.8, 0.4):
        bell = np.exp(-((y - 3) ** 2 + (x - 4) ** 2) / (2 * deviation**2))
        # Each row and column of the blur adds up to 1, also where the edge cuts it off.
        for positions, axis in ((np.arange(7), 1), (np.arange(9), 0)):
            cut = np.exp(-(((positions[:, None] - positions) / deviation) ** 2) / 2).sum(axis=1)
            bell = bell / np.expand_dims(cut, axis)
        directions.append(bell / np.sqrt((bell**2).mean()))
    steps = 0.05 * 2e3 * (directions[0] + 0.5 * directions[1])
    noise = random.normal(random.fold_in(random.key(0), [0]), shape).clip(-3, 3).reshape(7, 9)
    expected = (0.05 * 2e3 * noise + steps).clip(-1e3, 1e3)
    assert found == pytest.approx(expected, abs=0.01)


@pytest.fixture(scope="module")
def convolution():
    rng = np.random.default_rng(0)
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), L.Conv2D(4, 3, activation="relu", name="conv")], name="inner"
    )
    model = keras.Sequential([keras.Input((8, 8, 3)), inner, L.Flatten(), L.Dense(2)])
    weights = [rng.normal(size=weight.shape) for weight in model.get_weights()]
    weights[1] = np.array([3.0, 3.0, 3.0, -100.0])  # the last filter is dead
    model.set_weights(weights)
    return model


def test_a_filter_of_a_nested_layer_answers_more(convolution):
    found = maximize_activation(convolution, "conv", [2, 0, 2], steps=12, batch_size=2)
    outputs = activations(convolution, found.images, "conv")["inner/conv"]
    means = outputs.mean(axis=(1, 2))
    assert found.activations.max(axis=1) == pytest.approx(means[[0, 1, 2], [2, 0, 2]], rel=1e-4)
    assert (found.activations.max(axis=1) > found.activations[:, 0] + 1).all()
    assert found.images.min() >= 0
    assert found.images.max() <= 1
    # The same filter from another start.
    assert np.abs(found.images[0] - found.images[2]).max() > 0.01


def test_all_filters_are_the_default_and_a_class_may_be_given_by_its_number(convolution):
    stayed = r"stayed noise, .* no gradient there: 3\. Try another"
    with pytest.warns(UserWarning, match=stayed) as caught:
        assert maximize_activation(convolution, "conv", steps=1).images.shape == (4, 8, 8, 3)
    assert caught[0].filename == __file__
    found = maximize_activation(convolution, class_index=1, steps=4)
    scores = class_scores(convolution, found.images).values
    assert found.activations.max() == pytest.approx(scores[0, 1], rel=1e-4)


def test_the_start_depends_on_the_seed_alone(convolution):
    def start(seed):
        return maximize_activation(convolution, class_index=0, steps=1, seed=seed).activations[0, 0]

    assert start(1) == start(1)
    assert start(1) != start(2)


def test_a_model_of_any_size_takes_a_shape():
    model = keras.Sequential([keras.Input((None, None, 1)), L.Conv2D(2, 3, name="conv")])
    with pytest.raises(ValueError, match="give input_shape, the shape of one image"):
        maximize_activation(model, "conv", 0, steps=1)
    found = maximize_activation(model, "conv", 0, steps=1, input_shape=(5, 6, 1))
    assert found.images.shape == (1, 5, 6, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "Give either layer, with filters, or class_index"),
        ({"layer": "conv", "class_index": 0}, "Give either layer, with filters, or class_index"),
        ({"layer": "conv", "filters": 4}, "filters=4 must be integers from 0 to 3"),
        ({"layer": "conv", "filters": [0.5]}, r"filters=\[0.5\] must be integers"),
        ({"class_index": 2}, "class_index=2 is out of range"),
        ({"class_index": 0, "value_range": (1, 0)}, r"value_range=\(1, 0\) must be"),
        ({"class_index": 0, "value_range": 255}, "value_range=255 must be"),
        ({"class_index": 0, "filters": [1]}, r"filters=\[1\] belong to a layer"),
        ({"class_index": 0, "steps": 0}, "steps=0 must be an integer of at least 1"),
        ({"class_index": 0, "smoothness": -1}, "smoothness=-1 must be 0 or greater"),
        ({"class_index": 0, "input_shape": (8, 8)}, r"input_shape=\(8, 8\) has 2 axes"),
    ],
)
def test_settings_out_of_range_are_refused(convolution, settings, message):
    with pytest.raises(ValueError, match=message):
        maximize_activation(convolution, **settings)
