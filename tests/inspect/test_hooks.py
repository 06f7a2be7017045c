"""Watching a model leaves it as it was, and names the calls of its layers everywhere alike."""

import keras
import numpy as np
import pytest
from oracles.failing_layer import Failing

from kcore.explain import gradients
from kcore.inspect import activations, audit, trace
from kcore.inspect._hooks import named_layers

L = keras.layers
X = np.array([[1.0, 2.0], [-1.0, 0.5]], "float32")


def ways_to_look(model, x):
    """Look at a model by each function that watches it."""
    return {
        "trace": lambda: trace(model),
        "audit": lambda: audit(model),
        "activations": lambda: activations(model, x),
        "gradients": lambda: gradients(model, x, class_index=0),
    }


def hooked_attributes(model):
    """What stands in the layers where a watch puts its own functions."""
    return [
        [vars(layer).get(name) for name in ("call", "activation")]
        for layer in [model, *(layer for layer, _ in named_layers(model))]
    ]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("way", ["trace", "audit", "activations", "gradients"])
def test_a_call_that_the_user_has_set_is_there_again(way, fails):
    dense, failing = L.Dense(2, name="dense", activation="softmax"), Failing(name="failing")
    inner = keras.Sequential([keras.Input((2,)), dense], name="inner")
    model = keras.Sequential([keras.Input((2,)), inner, failing])
    seen = []
    original = dense.call

    def own_call(*args, **kwargs):
        seen.append(args)
        return original(*args, **kwargs)

    vars(dense)["call"] = own_call
    before = hooked_attributes(model)
    failing.fails = fails
    if fails:
        with pytest.raises(Exception, match="told to fail"):
            ways_to_look(model, X)[way]()
    else:
        ways_to_look(model, X)[way]()
    assert seen  # it ran meanwhile
    assert vars(dense)["call"] is own_call
    assert hooked_attributes(model) == before


@pytest.fixture
def shared():
    """A layer that the outer and a nested model hold, called once in each."""
    layer = L.Dense(2, use_bias=False, name="shared")
    inner = keras.Sequential(
        [keras.Input((2,)), layer, L.Activation("relu", name="after")], name="inner"
    )
    x = keras.Input((2,))
    return keras.Model(x, inner(layer(x)))


def test_a_layer_of_an_outer_and_a_nested_model_counts_as_one(shared):
    kernel = np.array([[1.0, -2.0], [3.0, 0.5]], "float32")
    shared.set_weights([kernel])
    before = hooked_attributes(shared)
    found = activations(shared, X)
    np.testing.assert_allclose(found["shared#1"], X @ kernel, rtol=1e-6)
    np.testing.assert_allclose(found["shared#2"], X @ kernel @ kernel, rtol=1e-6)
    assert list(found) == ["shared#1", "shared#2", "inner/after"]
    rows = trace(shared)
    assert [row.name for row in rows] == ["shared#1", "shared#2", "inner/after"]
    assert [row.parameters for row in rows] == [4, 0, 0]
    at_first = gradients(shared, X, "shared#1", 0).values
    np.testing.assert_allclose(at_first, [kernel[:, 0]] * 2)  # where class 0 is positive
    assert hooked_attributes(shared) == before


def test_the_calls_of_a_layer_have_the_same_names_everywhere():
    pool = L.MaxPooling2D(2, name="pool")
    inner = keras.Sequential([keras.Input((None, None, 1)), pool], name="inner")
    x = keras.Input((7, 7, 1))
    model = keras.Model(x, L.Flatten(name="flat")(inner(pool(x))))
    names = ["pool#1", "pool#2", "flat"]
    assert list(activations(model, np.zeros((1, 7, 7, 1)))) == names
    assert [row.name for row in trace(model)] == names
    # 7 cells lose one on their way to 3, and these one on their way to 1.
    assert [one.layer for one in audit(model)] == ["pool#1", "pool#1", "pool#2", "pool#2"]


def test_a_nested_model_that_is_called_twice():
    inner = keras.Sequential([keras.Input((2,)), L.Rescaling(2.0, name="twice")], name="inner")
    x = keras.Input((2,))
    model = keras.Model(x, inner(inner(x)))
    found = activations(model, X)
    assert list(found) == [row.name for row in trace(model)] == ["inner/twice#1", "inner/twice#2"]
    np.testing.assert_allclose(found["inner/twice#2"], 4 * X)


def test_layers_of_one_name_are_told_apart_by_themselves():
    class Twins(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = (L.Rescaling(scale, name="twin") for scale in (2.0, 3.0))

        def call(self, x):
            return self.two(self.one(x))

    model = Twins()
    np.testing.assert_allclose(activations(model, X, model.two)["twin#2"], 6 * X)
    assert list(activations(model, X, model.one)) == ["twin#1"]
