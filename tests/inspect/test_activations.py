import keras
import numpy as np
import pytest
from oracles import needs
from oracles.small_network import small_network

import kcore
from kcore.inspect import activations

L = keras.layers


def test_the_model_of_the_course():
    model = kcore.models.cnn(seed=0)
    image = np.random.default_rng(0).random((1, 28, 28, 1))
    maps = activations(model, image)
    assert [array.shape for array in maps.values()] == [
        (1, 26, 26, 64),
        (1, 13, 13, 64),
        (1, 11, 11, 64),
        (1, 5, 5, 64),
        (1, 1600),
        (1, 128),
        (1, 10),
    ]
    assert list(maps) == [layer.name for layer in model.layers]


def test_an_unbuilt_sequential_model_gives_the_values_of_the_definition():
    network = small_network()
    image = np.random.default_rng(1).normal(size=(2, 6, 7, 2))
    model = keras.Sequential(
        [
            L.Conv2D(3, 3, activation="relu", name="conv"),
            L.Flatten(name="flatten"),
            L.Dense(4, activation="softmax", name="dense"),
        ]
    )
    activations(model, image)  # builds it
    model.set_weights(network.weights)
    found = activations(model, image)
    for number in range(2):
        assert found["conv"][number] == pytest.approx(network.feature_map(image[number]), abs=1e-4)
        scores = np.exp(network.scores(image[number]))
        assert found["dense"][number] == pytest.approx(scores / scores.sum(), abs=1e-5)


@pytest.fixture(scope="module")
def double():
    """Two inputs, two outputs, a shared layer and a nested model, all in simple numbers."""
    first, second = keras.Input((2,), name="first"), keras.Input((2,), name="second")
    shared = L.Dense(2, use_bias=False, name="shared", kernel_initializer="identity")
    y = L.Add(name="add")([shared(first), shared(second)])
    inner = keras.Sequential(
        [keras.Input((2,)), L.Rescaling(10.0, name="times")], name="inner", trainable=False
    )
    y = inner(y)
    return keras.Model([first, second], [y, L.Rescaling(-1.0, name="minus")(y)], name="double")


ONE, TWO = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[10.0, 20.0], [30.0, 40.0]])


def test_shared_layers_nested_models_and_several_inputs(double):
    found = activations(double, [ONE, TWO])
    assert list(found) == ["shared#1", "shared#2", "add", "inner/times", "minus"]
    assert found["shared#1"] == pytest.approx(ONE)
    assert found["shared#2"] == pytest.approx(TWO)
    assert found["inner/times"] == pytest.approx(10 * (ONE + TWO))
    assert found["minus"] == pytest.approx(-10 * (ONE + TWO))


@pytest.mark.parametrize(
    ("layers", "names"),
    [
        ("times", ["inner/times"]),
        ("inner", ["inner"]),
        ("inner/times", ["inner/times"]),
        ("shared", ["shared#1", "shared#2"]),
        ("shared#2", ["shared#2"]),
        (2, ["shared#1", "shared#2"]),
        (-1, ["minus"]),
        (L.Rescaling, ["inner/times", "minus"]),
        (["minus", "add"], ["add", "minus"]),
        ([L.Add, 2], ["shared#1", "shared#2", "add"]),
    ],
)
def test_layers_are_chosen_by_name_index_or_type(double, layers, names):
    assert list(activations(double, [ONE, TWO], layers)) == names


def test_a_layer_itself_chooses(double):
    assert list(activations(double, [ONE, TWO], double.get_layer("add"))) == ["add"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            "shred",
            r"layers='shred' is not in the model: did you mean one of 'shared#2', 'shared#1'",
        ),
        (9, "layers=9 is out of range: the model 'double' has 6 layers, 0 to 5"),
        (0, "layers='first': the layer is an input, so it has no output to look at"),
        (L.Conv2D, "layers=Conv2D: the model has none; it has Add, Dense, Rescaling, Sequential"),
        (L.ReLU(name="other"), "layers='other': the layer isn't in the model 'double'"),
    ],
)
def test_what_is_not_in_the_model_is_refused(double, layers, message):
    with pytest.raises(ValueError, match=message):
        activations(double, [ONE, TWO], layers)


@pytest.mark.parametrize("layers", [3.5, True, [None]])
def test_what_is_no_layer_is_refused(double, layers):
    with pytest.raises(TypeError, match=r"is not a layer: give the name .* or a class of layers"):
        activations(double, [ONE, TWO], layers)


def test_an_input_may_be_a_dict(double):
    named = keras.Model({"first": double.inputs[0], "second": double.inputs[1]}, double.outputs)
    found = activations(named, {"first": ONE, "second": TWO}, "add")
    assert found["add"] == pytest.approx(ONE + TWO)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.inner = keras.Sequential([L.Rescaling(2.0, name="twice")], name="inner")
        self.drop = L.Dropout(0.5, name="drop")
        self.lstm = L.LSTM(3, return_state=True, name="lstm")

    def call(self, x):
        return self.lstm(self.drop(self.inner(x)))[0]


def test_a_subclassed_model_runs_in_inference_mode_and_parts_of_an_output_are_numbered():
    model = Subclassed()
    x = np.ones((2, 4, 1))
    found = activations(model, x)
    assert list(found) == ["inner/twice", "drop", "lstm[0]", "lstm[1]", "lstm[2]"]
    assert found["drop"] == pytest.approx(2 * x)
    assert found["lstm[0]"] == pytest.approx(found["lstm[1]"])
    assert found["lstm[0]"] == pytest.approx(model.predict(x, verbose=0), abs=1e-6)


class Block(L.Layer):
    """Holds a layer, and runs it in a loop."""

    def __init__(self, cell):
        super().__init__(name="block")
        self.cell = cell
        self.rnn = L.RNN(cell, name="rnn")

    def call(self, x):
        return self.rnn(x)


class WithBlock(keras.Model):
    def __init__(self):
        super().__init__()
        self.cell = L.SimpleRNNCell(2, name="cell")
        self.block = Block(self.cell)

    def call(self, x):
        return self.block(x)


def test_a_layer_that_holds_other_layers_counts_as_one():
    assert list(activations(WithBlock(), np.ones((1, 3, 2)))) == ["block"]


def test_many_samples_run_in_batches_of_one_size():
    sizes = []

    class Noting(L.Layer):
        def call(self, x):
            sizes.append(x.shape[0])
            return x * 2

    model = keras.Sequential([keras.Input((3,)), Noting(name="noting")])
    sizes.clear()
    x = np.arange(33, dtype="float32").reshape(11, 3)
    found = activations(model, x, batch_size=4)["noting"]
    assert found == pytest.approx(x * 2)
    assert set(sizes) == {4}


def test_an_output_without_a_batch_axis_is_refused_for_several_batches():
    class Total(L.Layer):
        def call(self, x):
            return keras.ops.sum(x)

    model = keras.Sequential([keras.Input((2,)), Total(name="total")])
    x = np.ones((4, 2))
    assert activations(model, x)["total"] == pytest.approx(8)
    with pytest.raises(ValueError, match=r"shape \(\) has no batch axis of 2"):
        activations(model, x, batch_size=2)


def test_a_model_with_a_fixed_batch_size_takes_any_number_of_samples():
    model = keras.Sequential([keras.Input(batch_shape=(2, 3)), L.Rescaling(3.0, name="times")])
    x = np.arange(15.0).reshape(5, 3)
    assert activations(model, x)["times"] == pytest.approx(3 * x)


def test_wrong_input_is_refused(double):
    with pytest.raises(
        TypeError, match=r"model=<Dense '.*'> must be a keras.Model; keras.Sequential"
    ):
        activations(L.Dense(1), ONE)
    with pytest.raises(ValueError, match=r"hold \[1, 2\] samples: give as many in each"):
        activations(double, [ONE, TWO[:1]])
    with pytest.raises(ValueError, match="x holds no sample"):
        activations(double, [ONE[:0], TWO[:0]])
    with pytest.raises(TypeError, match="x must hold arrays or tensors, but a float was given"):
        activations(double, [1.0, 2.0])


def test_names_inside_several_models_must_be_told_apart():
    def part(name):
        return keras.Sequential([keras.Input((2,)), L.ReLU(name="relu")], name=name)

    model = keras.Sequential([keras.Input((2,)), part("a"), part("b")])
    with pytest.raises(ValueError, match="fits several layers: give one of 'a/relu', 'b/relu'"):
        activations(model, ONE, "relu")
    assert list(activations(model, ONE)) == ["a/relu", "b/relu"]


@needs.tensorflow
def test_a_call_that_is_a_tf_function_is_seen_through():
    import tensorflow as tf

    class Decorated(keras.Model):
        def __init__(self):
            super().__init__()
            self.twice = L.Rescaling(2.0, name="twice")

        @tf.function
        def call(self, x):
            return self.twice(x)

    model = Decorated()
    for samples in (np.ones((1, 2)), np.full((3, 2), 4.0)):
        model(samples)
        assert activations(model, samples)["twice"] == pytest.approx(2 * samples)
    assert "call" not in vars(model)
