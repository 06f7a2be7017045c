"""`layer` is a name, an index or a layer, in each function that has it."""

import keras
import numpy as np
import pytest

from kcore.explain import (
    grad_cam,
    grad_cam_plus_plus,
    gradients,
    layer_cam,
    maximize_activation,
    score_cam,
)

L = keras.layers
IMAGES = np.random.default_rng(0).random((2, 6, 6, 1))


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(1)
    base = keras.Sequential([keras.Input((6, 6, 1)), L.Conv2D(2, 3, name="inside")], name="base")
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), base, L.Conv2D(2, 2, name="conv"), L.Flatten(), L.Dense(2)]
    )
    model.set_weights([rng.random(weight.shape) for weight in model.get_weights()])
    return model


FUNCTIONS = {
    "grad_cam": lambda model, layer: grad_cam(model, IMAGES, layer, 1),
    "grad_cam_plus_plus": lambda model, layer: grad_cam_plus_plus(model, IMAGES, layer, 1),
    "layer_cam": lambda model, layer: layer_cam(model, IMAGES, layer, 1),
    "score_cam": lambda model, layer: score_cam(model, IMAGES, layer, 1),
    "gradients": lambda model, layer: gradients(model, IMAGES, layer, 1).values,
    "maximize_activation": lambda model, layer: (
        maximize_activation(model, layer, 0, steps=1).activations
    ),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_name_index_and_layer_are_the_same(model, function):
    conv, base = model.layers[1], model.layers[0]
    found = {
        reference: function(model, reference)
        for reference in ("conv", 1, np.int64(-3), conv, "inside", base.layers[0])
    }
    for reference in (1, np.int64(-3), conv):
        np.testing.assert_array_equal(found[reference], found["conv"])
    np.testing.assert_array_equal(found[base.layers[0]], found["inside"])
    assert not np.array_equal(found["conv"], found["inside"])


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_what_is_no_layer_of_the_model_is_refused(model, function):
    with pytest.raises(TypeError, match="layer=Conv2D is a class: give the name of a layer"):
        function(model, L.Conv2D)
    with pytest.raises(
        TypeError,
        match=r"layer=1.5 is not a layer: give the name of a layer, an "
        r"ind",
    ):
        function(model, 1.5)
    with pytest.raises(
        ValueError, match=r"layer=4 is out of range: the model .* has 4 layers, 0 to"
    ):
        function(model, 4)
    with pytest.raises(ValueError, match="layer='conv': the layer isn't in the model 'sequential"):
        function(model, L.Conv2D(2, 3, name="conv"))
    with pytest.raises(ValueError, match=r"layer='cnv' is not in the model: did you mean .*'conv'"):
        function(model, "cnv")
