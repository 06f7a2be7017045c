import keras
import numpy as np
import pytest
from oracles.initial_weights import drawn_by_numpy

import kcore
from kcore import layers
from kcore.layers import accelerate


@pytest.fixture(autouse=True)
def initial_weights():
    """Draw them without JAX's compiler, which would take most of the time of these tests."""
    with drawn_by_numpy():
        yield


def stock():
    inner = keras.Sequential(
        [keras.Input((10, 9, 3)), keras.layers.Conv2D(4, 3), keras.layers.MaxPooling2D(3, 2)],
        name="inner",
    )
    shared = keras.layers.Conv2D(4, 1, name="shared")
    inputs = keras.Input((10, 9, 3), name="images")
    x = shared(shared(inner(inputs)))
    outputs = keras.layers.AveragePooling2D(2, name="mean")(x)
    return keras.Model(inputs, keras.layers.Flatten()(outputs), name="whole")


def test_layers_are_replaced_and_everything_else_is_kept():
    model = stock()
    model.class_names = ("cat", "dog")
    copy = accelerate(model)
    inner = copy.get_layer("inner")
    assert [type(layer) for layer in inner.layers] == [layers.Conv2D, layers.MaxPooling2D]
    assert type(copy.get_layer("shared")) is layers.Conv2D
    assert type(copy.get_layer("mean")) is layers.AveragePooling2D
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
    assert (copy.name, copy.class_names) == ("whole", ("cat", "dog"))
    assert type(model.get_layer("shared")) is keras.layers.Conv2D
    for one, other in zip(model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    x = np.random.default_rng(0).normal(size=(2, 10, 9, 3)).astype("float32")
    np.testing.assert_allclose(copy(x), model(x), rtol=1e-5, atol=1e-6)


def test_layers_in_wrappers_are_replaced():
    inputs = keras.Input((2, 6, 6, 1))
    wrapped = keras.layers.TimeDistributed(keras.layers.Conv2D(2, 3), name="each")
    copy = accelerate(keras.Model(inputs, wrapped(inputs)))
    assert type(copy.get_layer("each").layer) is layers.Conv2D


def test_subclasses_of_keras_layers_stay():
    model = keras.Sequential([keras.Input((6, 6, 1)), Doubled(2, 3)])
    copy = accelerate(model)
    assert type(copy.layers[0]) is Doubled
    np.testing.assert_array_equal(copy(np.ones((1, 6, 6, 1))), model(np.ones((1, 6, 6, 1))))


class Doubled(keras.layers.Conv2D):
    def call(self, inputs):
        return 2 * super().call(inputs)


def test_a_compiled_model_stays_compiled_and_trains_to_the_same_weights():
    model = kcore.models.cnn((12, 12, 1), filters=(4,), hidden_units=5, seed=1)
    plain = keras.models.clone_model(
        model,
        clone_function=lambda layer: getattr(keras.layers, type(layer).__name__).from_config(
            layer.get_config()
        ),
    )
    plain.set_weights(model.get_weights())
    plain.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    copy = accelerate(plain)
    assert copy.get_compile_config() == plain.get_compile_config()
    rng = np.random.default_rng(0)
    x, y = rng.random((80, 12, 12, 1)).astype("float32"), rng.integers(0, 10, 80, "int32")
    for each in (plain, copy):
        each.fit(x, y, batch_size=80, epochs=3, shuffle=False, verbose=0)
    for one, other in zip(plain.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_an_application_keeps_its_predictions():
    model = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=4)
    copy = accelerate(model)
    found = [layer for layer in copy.layers if type(layer) is layers.Conv2D]
    assert len(found) == sum(type(layer) is keras.layers.Conv2D for layer in model.layers) > 10
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(copy(x), model(x), rtol=1e-4, atol=1e-6)


def test_subclassed_models_and_what_is_no_model_are_refused():
    with pytest.raises(
        ValueError, match="is a SubclassedMLP, which can't be copied layer by layer"
    ):
        accelerate(kcore.models.subclassed_mlp((4,)))
    with pytest.raises(TypeError, match="model is of type Conv2D: give a keras Model"):
        accelerate(keras.layers.Conv2D(2, 3))
