"""New initial weights of models, by seed and path."""

import keras
import numpy as np
import pytest
from keras import layers

import kcore
from kcore.initializers import reinitialize
from kcore.initializers._draws import fans, variance_scaling
from kcore.random._normals import truncated_normal
from kcore.random._path_keys import key_of_path


def several(extra=False):
    """A functional model with a nested one, of layers with many kinds of variables."""
    inner = keras.Sequential(
        [
            keras.Input((6, 6, 4)),
            layers.SeparableConv2D(5, 3, name="separable"),
            layers.DepthwiseConv2D(2, name="depthwise", depthwise_initializer="he_normal"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, name="drop"),
        ],
        name="inner",
    )
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, kernel_initializer="he_uniform", name="conv")(images)
    if extra:
        x = layers.Conv2D(4, 1, name="added")(x)
    x = layers.Flatten()(inner(x))
    x = layers.Dense(4, kernel_initializer="orthogonal", bias_initializer="ones", name="last")(x)
    return keras.Model(images, layers.PReLU(name="prelu")(x))


def values_of(model):
    return {
        f"{variable.path}": keras.ops.convert_to_numpy(variable) for variable in model.variables
    }


def test_each_variable_is_drawn_by_the_initializer_of_its_layer():
    model = reinitialize(several(), 3)
    conv, separable = model.get_layer("conv"), model.get_layer("inner").get_layer("separable")
    key, shape = key_of_path(3, "conv/kernel"), (3, 3, 3, 4)
    expected = variance_scaling(key, shape, fans(shape), 2.0, "fan_in", "uniform")
    np.testing.assert_array_equal(conv.get_weights()[0], expected)
    for index, name in [(0, "depthwise_kernel"), (1, "pointwise_kernel")]:
        values = separable.get_weights()[index]
        key = key_of_path(3, f"inner/separable/{name}")
        expected = variance_scaling(key, values.shape, fans(values.shape))
        np.testing.assert_array_equal(values, expected)
    depthwise = model.get_layer("inner").get_layer("depthwise").get_weights()[0]
    expected = variance_scaling(
        key_of_path(3, "inner/depthwise/kernel"),
        (2, 2, 5, 1),
        (20, 4),
        2.0,
        "fan_in",
        "truncated_normal",
    )
    np.testing.assert_array_equal(depthwise, expected)
    kernel, bias = model.get_layer("last").get_weights()
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(4), atol=1e-5)
    np.testing.assert_array_equal(bias, 1)


def test_statistics_and_generators_start_anew():
    model = several()
    norm, drop = (model.get_layer("inner").get_layer(name) for name in ("norm", "drop"))
    norm.set_weights([np.full(5, 9.0)] * 4)
    for _ in range(2):
        drop(np.ones((2, 3)), training=True)
    reinitialize(model, 3)
    for values, expected in zip(norm.get_weights(), [1, 0, 0, 1], strict=True):
        np.testing.assert_array_equal(values, expected)
    (state,) = (v for v in drop.variables if v.name == "seed_generator_state")
    word = key_of_path(3, "inner/drop/seed_generator_state")[0]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(state), [word, 0])


def test_one_seed_gives_the_same_weights_whatever_they_were():
    first, other = values_of(reinitialize(several(), 3)), values_of(reinitialize(several(), 4))
    again = several()
    again.set_weights([weight + 1 for weight in again.get_weights()])
    again = values_of(reinitialize(again, 3))
    for a, b in zip(first.values(), again.values(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not (first["conv/kernel"] == other["conv/kernel"]).any()


def test_an_added_layer_leaves_the_weights_of_the_others():
    plain, deeper = several(), several(extra=True)
    reinitialize(plain, 3)
    reinitialize(deeper, 3)
    for layer in ("conv", "inner", "last"):
        pairs = zip(
            plain.get_layer(layer).variables, deeper.get_layer(layer).variables, strict=True
        )
        for a, b in pairs:
            np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (a, b)))


@pytest.mark.parametrize("build", [kcore.models.mlp, kcore.models.subclassed_mlp])
def test_a_model_of_kcore_gets_the_weights_that_it_is_built_with(build):
    expected = build(seed=7).get_weights()
    for a, b in zip(reinitialize(build(), 7).get_weights(), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_forget_gate_of_an_lstm_starts_open():
    model = keras.Sequential([keras.Input((4, 3)), layers.LSTM(2)])
    before = model.get_weights()
    kernel, recurrent, bias = reinitialize(model, 1).get_weights()
    np.testing.assert_array_equal(bias, before[2])
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(2), atol=1e-5)
    assert not (kernel == before[0]).any()


def test_layers_of_keras_that_do_not_name_an_initializer():
    keras.utils.set_random_seed(1)  # one draw of 25,000 stays below the bound
    inputs = keras.Input((40, 50))
    x = layers.RMSNormalization(name="rms")(inputs)
    x = layers.Attention(use_scale=True, name="dot")([x, x])
    x = layers.AdditiveAttention(name="additive")([x, x])
    spectral = layers.SpectralNormalization(layers.Dense(200), name="spectral")
    model = keras.Model(inputs, spectral(x))
    before = [np.array(weight) for weight in model.get_weights()]
    for variable in model.weights:
        variable.assign(variable + 1.0)
    reinitialize(model, 3)
    np.testing.assert_array_equal(model.get_layer("rms").get_weights()[0], 1)
    np.testing.assert_array_equal(model.get_layer("dot").get_weights()[0], 1)
    (additive,) = model.get_layer("additive").get_weights()
    (before,) = (weight for weight in before if weight.shape == (50,) and not (weight == 1).all())
    for scale in (additive, before):
        assert 0.2 < np.abs(scale).max() <= np.sqrt(6 / 100)
    vector = keras.ops.convert_to_numpy(spectral.vector_u)
    expected = truncated_normal(key_of_path(3, "spectral/vector_u"), (1, 200), stddev=0.02)
    np.testing.assert_array_equal(vector, expected)


def test_a_quantized_model_is_refused():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2, name="integers")])
    model.layers[0].quantize("int8")
    before = model.get_weights()
    message = r"'integers' has a variable 'kernel' of dtype='int8'.*before you quantize it"
    with pytest.raises(ValueError, match=message):
        reinitialize(model, 1)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_layer_that_two_inner_models_share_has_the_path_of_the_first():
    shared = [layers.Dense(3, name="dense"), layers.Dropout(0.5, name="drop")]
    first, second = (keras.Sequential([keras.Input((3,)), *shared], name=name) for name in "ab")
    inputs = keras.Input((3,))
    model = reinitialize(keras.Model(inputs, second(first(inputs))), 3)
    expected = variance_scaling(key_of_path(3, "a/dense/kernel"), (3, 3), (3, 3))
    np.testing.assert_array_equal(model.get_weights()[0], expected)
    state = keras.ops.convert_to_numpy(shared[1].seed_generator.state)
    assert state[0] == key_of_path(3, "a/drop/seed_generator_state")[0]


def test_adapted_statistics_stay():
    normalization = layers.Normalization(mean=[1.0, 2.0], variance=[3.0, 4.0])
    adapted = layers.Normalization()
    adapted.adapt(np.array([[1.0, 2.0], [3.0, 5.0]]))
    model = keras.Sequential([keras.Input((2,)), normalization, adapted, layers.Dense(1)])
    before = adapted.get_weights()
    reinitialize(model, 1)
    for a, b in zip(adapted.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


class Scale(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

    def call(self, x):
        return x * self.scale


def halves(shape, dtype=None):
    return keras.ops.full(shape, 0.5, dtype=dtype)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (layers.Dense(2, kernel_initializer=halves, name="odd"), "'odd' has kernel_initi.*=halves"),
        (
            Scale(name="own"),
            "'own' of class Scale has a variable 'scale' but no attribute 'scale_initializer'",
        ),
    ],
)
def test_what_can_not_be_drawn_is_refused_and_nothing_changed(layer, message):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2), layer])
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        reinitialize(model, 1)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="is not built, so it has no weights yet"):
        reinitialize(keras.Sequential([layers.Dense(1)]), 1)
    with pytest.raises(ValueError, match=r"seed=None must be an integer.*draw_seed"):
        reinitialize(kcore.models.linear(), None)
    with pytest.raises(TypeError, match="model is of type Dense: give a keras Model"):
        reinitialize(layers.Dense(1), 1)
