import hashlib
import re

import keras
import numpy as np
import pytest
from oracles import threefry
from oracles.initial_weights import drawn_by_numpy
from oracles.random_layers import RANDOM_LAYERS

import kcore
from kcore import layers
from kcore.layers import reproducible


@pytest.fixture(autouse=True)
def initial_weights():
    """Draw them without JAX's compiler, which would take most of the time of these tests."""
    with drawn_by_numpy():
        yield


def stock(*names, first=()):
    """Build a Sequential model of Keras's dropout layers, with or without names of their own."""
    dropouts = [keras.layers.Dropout(0.5, name=name) for name in names]
    return keras.Sequential([keras.Input((4,)), *first, *dropouts, keras.layers.Dense(2)])


def seeds(model):
    return {layer.name: layer.seed for layer in model.layers if hasattr(layer, "seed")}


def seed_by_definition(seed, path):
    digest = hashlib.sha256(path.encode()).digest()
    return threefry.key_of(seed, *(int.from_bytes(digest[i : i + 4], "big") for i in (0, 4)))[0]


@pytest.mark.parametrize("name", RANDOM_LAYERS)
def test_each_layer_of_keras_has_a_counterpart(name):
    rank = {"SpatialDropout1D": 3, "SpatialDropout2D": 4, "SpatialDropout3D": 5}.get(name, 2)
    layer = getattr(keras.layers, name)(0.25, name="noise", dtype="mixed_bfloat16")
    model = keras.Sequential([keras.Input((2,) * (rank - 1)), layer])
    found = reproducible(model, 7).layers[0]
    assert type(found) is getattr(layers, name)
    expected = layer.get_config() | {"seed": seed_by_definition(7, "noise")}
    assert found.get_config() == expected
    assert int(keras.ops.convert_to_numpy(found.seed_generator.state)[0]) == expected["seed"]


def test_weights_names_and_predictions_are_kept_and_the_model_stays():
    model = kcore.models.cnn((12, 12, 1), filters=(3, 4), hidden_units=5, seed=1)
    inner = stock("drop")
    inputs = keras.Input((12, 12, 1), name="images")
    whole = keras.Model(inputs, inner(keras.layers.Dense(4)(model(inputs))), name="whole")
    whole.class_names = ("cat", "dog")
    copy = reproducible(whole, 7)
    assert [layer.name for layer in copy.layers] == [layer.name for layer in whole.layers]
    assert (copy.name, copy.class_names) == ("whole", ("cat", "dog"))
    for one, other in zip(whole.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not {id(weight) for weight in whole.weights} & {id(weight) for weight in copy.weights}
    x = np.random.default_rng(0).normal(size=(3, 12, 12, 1)).astype("float32")
    np.testing.assert_array_equal(whole(x), copy(x))
    nested = copy.layers[-1].get_layer("drop")
    assert nested.seed == seed_by_definition(7, f"{inner.name.rstrip('_0123456789')}/drop")
    assert type(inner.get_layer("drop")) is keras.layers.Dropout


def test_other_layers_do_not_change_seeds_and_numbers_count_anew():
    few = reproducible(stock("a", "b"), 7)
    many = reproducible(stock("c", "a", "b", first=[keras.layers.Dense(4)]), 7)
    assert seeds(many).items() >= seeds(few).items()
    assert len(set(seeds(many).values())) == 3
    first, again = (list(seeds(reproducible(stock(None, None), 7)).values()) for _ in range(2))
    assert first == again == [seed_by_definition(7, path) for path in ("dropout", "dropout_1")]
    assert seeds(reproducible(few, 8)) == seeds(reproducible(stock("a", "b"), 8)) != seeds(few)


def test_layers_in_wrappers_and_shared_layers_are_replaced():
    shared = keras.layers.GaussianNoise(0.1, name="shared")
    inputs = keras.Input((3, 4))
    x = keras.layers.TimeDistributed(keras.layers.Dropout(0.5, name="inner"), name="each")(inputs)
    model = keras.Model(inputs, shared(shared(x)))
    copy = reproducible(model, 7)
    inner = copy.get_layer("each").layer
    assert type(inner) is layers.Dropout
    assert inner.seed == seed_by_definition(7, "each/inner")
    noise = copy.get_layer("shared")
    copy(np.ones((2, 3, 4), "float32"), training=True)
    assert int(keras.ops.convert_to_numpy(noise.seed_generator.state)[1]) == 2


def test_a_compiled_model_stays_compiled_with_a_fresh_optimizer():
    model = stock("a")
    model.compile(
        keras.optimizers.Adam(0.025),
        "mse",
        metrics=["mae"],
        steps_per_execution=2,
        jit_compile=False,
    )
    model.fit(np.ones((4, 4)), np.ones((4, 2)), batch_size=2, verbose=0)
    copy = reproducible(model, 7)
    assert copy.compiled
    assert copy.get_compile_config() == model.get_compile_config()
    assert float(copy.optimizer.learning_rate) == pytest.approx(0.025)
    assert int(copy.optimizer.iterations) == 0
    assert int(model.optimizer.iterations) == 2
    assert not reproducible(stock("a"), 7).compiled


def test_what_a_model_was_compiled_with_may_be_unknown():
    model = stock("a")

    def unregistered(targets, outputs):
        return outputs

    model.compile(loss=unregistered)
    with pytest.warns(
        UserWarning, match="is not compiled, because Keras can't copy .*compile the copy"
    ):
        assert not reproducible(model, 7).compiled


def test_layers_that_still_draw_are_named():
    inputs = keras.Input((4, 4, 1), name="images")
    x = keras.layers.RandomFlip(name="flip")(inputs)
    x = keras.layers.Reshape((4, 4))(x)
    x = keras.layers.LSTM(3, dropout=0.5, return_sequences=True, name="lstm")(x)
    x = keras.layers.LSTM(3, return_sequences=True, name="without")(x)
    x = keras.layers.MultiHeadAttention(2, 3, dropout=0.2, name="attention")(x, x)
    model = keras.Model(inputs, x, name="drawing")
    with pytest.warns(UserWarning, match="'drawing' has layers whose random numbers") as caught:
        reproducible(model, 7)
    text = " ".join(str(warning.message) for warning in caught)
    for part in ("'flip' (RandomFlip)", "'lstm/", "'attention/"):
        assert part in text
    assert "without" not in text


@keras.saving.register_keras_serializable(package="tests")
class Block(keras.layers.Layer):
    """A layer that makes its own dropout, which no configuration shows."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dropout = keras.layers.Dropout(0.5, name="hidden")

    def call(self, inputs):
        return self.dropout(inputs)


def test_dropout_that_a_layer_makes_itself_is_named():
    model = keras.Sequential([keras.Input((4,)), Block(name="block")])
    with pytest.warns(UserWarning, match=re.escape("'block/hidden' (Dropout)")):
        reproducible(model, 7)


def test_a_normalization_keeps_what_it_was_adapted_to():
    normalization = keras.layers.Normalization()
    normalization.adapt(np.array([[1.0, 2.0], [3.0, 6.0]]))
    model = keras.Sequential([keras.Input((2,)), normalization, keras.layers.Dropout(0.5)])
    x = np.array([[5.0, 7.0]], "float32")
    np.testing.assert_array_equal(model(x), reproducible(model, 7)(x))


def test_subclassed_models_and_what_is_no_model_are_refused():
    with pytest.raises(
        ValueError, match="is a SubclassedMLP, which can't be copied layer by layer"
    ):
        reproducible(kcore.models.subclassed_mlp((4,)), 7)
    with pytest.raises(TypeError, match="model is of type Dropout: give a keras Model"):
        reproducible(keras.layers.Dropout(0.5), 7)


@pytest.mark.parametrize("seed", [None, -1, 2**64, 1.5])
def test_seeds_out_of_range_are_refused(seed):
    with pytest.raises(ValueError, match=r"seed=.* must be an integer, 0 <= seed < 2\*\*64"):
        reproducible(stock("a"), seed)


def test_layers_that_two_inner_models_share_are_refused():
    shared = keras.layers.Dense(4, name="shared")
    inner = [keras.Sequential([keras.Input((4,)), shared], name=name) for name in "ab"]
    inputs = keras.Input((4,))
    model = keras.Model(inputs, inner[1](inner[0](inputs)))
    with pytest.raises(ValueError, match="has 2 weights, and its copy has 4"):
        reproducible(model, 7)
