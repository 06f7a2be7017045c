"""Cross-entropy from the logits behind probabilities, against float64 definitions."""

import copy
import gc
import json
import pickle
import subprocess
import sys
import threading
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

import kcore
from kcore.models import _exact_loss
from kcore.models._initial_weights import seed_weights

RNG = np.random.default_rng(0)
CERTAIN = np.array([[20, 0, 0], [60, 0, 0], [200, 0, 0], [-200, 0, 5], [0, 20, 1], [1, 2, 3]])
WRONG = np.array([1, 2, 1, 0, 1, 0])
SCORES = np.array([20.0, -20, 60, -60, 200, -200, 20, -0.5])
FLIPPED = np.array([0, 1, 0, 1, 0, 1, 1, 0])
SGD = keras.optimizers.SGD
COMPILE = {
    "softmax": kcore.models.compile_classifier,
    "sigmoid": kcore.models.compile_binary_classifier,
}


def defined(logits, labels, weights=None):
    """Return the mean loss, and its gradient by the logits, in float64."""
    logits = np.asarray(logits, "float64")
    if logits.shape[-1] == 1:
        z, y = logits[:, 0], labels
        losses = np.logaddexp(0, z) - y * z
        gradients = (0.5 * (1 + np.tanh(z / 2)) - y)[:, None]
    else:
        shifted = logits - logits.max(-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
        losses = -log_p[np.arange(len(labels)), labels]
        gradients = np.exp(log_p) - np.eye(logits.shape[-1])[labels]
    weights = np.ones(len(labels)) if weights is None else weights
    return np.mean(losses * weights), gradients * weights[:, None] / len(labels)


def data(activation):
    if activation == "softmax":
        return CERTAIN.astype("float32"), WRONG
    return SCORES.astype("float32")[:, None], FLIPPED


def last_layer(activation):
    units = 3 if activation == "softmax" else 1
    return layers.Dense(units, activation=activation, kernel_initializer="identity")


class Subclassed(keras.Model):
    def __init__(self, activation):
        super().__init__()
        self.last = last_layer(activation)

    def call(self, x):
        return self.last(x)


def sequential(activation):
    units = 3 if activation == "softmax" else 1
    return keras.Sequential([keras.Input((units,)), last_layer(activation)])


def functional(activation):
    inputs = keras.Input((3 if activation == "softmax" else 1,))
    return keras.Model(inputs, last_layer(activation)(inputs))


def nested(activation):
    inner = functional(activation)
    inputs = keras.Input(inner.input_shape[1:])
    return keras.Model(inputs, inner(inputs))


def separate(activation):
    units = 3 if activation == "softmax" else 1
    last = layers.Softmax() if activation == "softmax" else layers.Activation(activation)
    logits = layers.Dense(units, kernel_initializer="identity")
    return keras.Sequential([keras.Input((units,)), logits, last])


def subclassed(activation):
    model = Subclassed(activation)
    model(data(activation)[0])
    return model


BUILD = [
    *[(build, "softmax") for build in (sequential, functional, nested, separate, subclassed)],
    *[(build, "sigmoid") for build in (sequential, separate)],
]


def check_a_step(model, x, y, loss, gradient, **options):
    """Take a step of plain gradient descent; the kernel is the identity, so x are the logits."""
    before = model.get_weights()
    model.reset_metrics()  # before Keras 3.15, TensorFlow's losses are averages of all calls
    value = model.train_on_batch(x, y, return_dict=True, **options)["loss"]
    assert float(value) == pytest.approx(loss, rel=1e-6)
    kernel, bias = (a - b for a, b in zip(before, model.get_weights(), strict=True))
    np.testing.assert_allclose(bias, gradient.sum(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(kernel, x.T @ gradient, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("build", "activation"), BUILD)
def test_loss_and_gradient_are_those_of_the_logits(build, activation):
    x, y = data(activation)
    model = COMPILE[activation](build(activation), optimizer=SGD(1.0))
    check_a_step(model, x, y, *defined(x, y))


@pytest.mark.parametrize("activation", COMPILE)
def test_each_certain_and_wrong_sample_counts_in_full(activation):
    model = COMPILE[activation](sequential(activation))
    x, y = data(activation)
    for one, label in zip(x, y, strict=True):
        found = model.evaluate(one[None], np.array([label]), verbose=0)[0]
        assert found == pytest.approx(defined(one[None], np.array([label]))[0], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("activation", COMPILE)
def test_weights_of_samples_and_classes(activation):
    x, y = data(activation)
    weights = RNG.random(len(y))
    model = COMPILE[activation](sequential(activation), optimizer=SGD(1.0))
    check_a_step(model, x, y, *defined(x, y, weights), sample_weight=weights.astype("float32"))
    model.set_weights(sequential(activation).get_weights())
    by_class = {0: 0.5, 1: 2.0, 2: 0.25}
    weights = np.array([by_class[label] for label in y])
    check_a_step(model, x, y, *defined(x, y, weights), class_weight=by_class)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("activation", COMPILE)
def test_in_mixed_precision_the_loss_is_computed_in_float32(policy, activation):
    x, y = data(activation)  # which both dtypes hold exactly
    units = x.shape[1]
    layer = layers.Dense(units, activation, dtype=policy, kernel_initializer="identity")
    model = COMPILE[activation](keras.Sequential([keras.Input((units,)), layer]))
    assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(defined(x, y)[0], rel=1e-6)


@pytest.mark.parametrize("options", [{"run_eagerly": True}, {"jit_compile": True}])
def test_eagerly_and_with_xla(options):
    x, y = data("softmax")
    model = COMPILE["softmax"](sequential("softmax"), optimizer=SGD(1.0))
    model.compile(model.optimizer, model.loss, **options)
    check_a_step(model, x, y, *defined(x, y))


def test_several_steps_of_one_execution():
    x, y = data("softmax")
    model = COMPILE["softmax"](sequential("softmax"), optimizer=SGD(0.0), steps_per_execution=3)
    found = model.fit(x, y, batch_size=2, verbose=0).history["loss"]
    assert found[0] == pytest.approx(defined(x, y)[0], rel=1e-6)


@pytest.mark.parametrize("activation", COMPILE)
def test_masked_samples_are_left_out(activation):
    x, y = data(activation)
    x, y = np.concatenate([x, np.zeros_like(x)]), np.concatenate([y, y])
    masking = layers.Masking(0.0)
    model = keras.Sequential([keras.Input(x.shape[1:]), masking, last_layer(activation)])
    COMPILE[activation](model, optimizer=SGD(1.0))
    check_a_step(model, x, y, *defined(x, y, np.where(np.any(x, axis=1), 2.0, 0.0)))


def test_penalties_of_layers_are_added():
    layer = layers.Dense(3, "softmax", kernel_initializer="identity", kernel_regularizer="l2")
    model = COMPILE["softmax"](keras.Sequential([keras.Input((3,)), layer]))
    x, y = data("softmax")
    expected = defined(x, y)[0] + 0.01 * 3
    assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(expected, rel=1e-6)


def test_sigmoids_over_several_classes_are_no_softmax():
    x, y = np.array([[0.5, -1, 2], [3, 1, 0]], "float32"), np.array([1, 0])
    model = keras.Sequential([keras.Input((3,)), layers.Activation("sigmoid")])
    kcore.models.compile_classifier(model)
    p = 1 / (1 + np.exp(-x))
    expected = -np.log(p[[0, 1], y] / p.sum(axis=1)).mean()
    assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(expected, rel=1e-6)


class OfUnknownOrigin(layers.Layer):
    def call(self, x):
        p = keras.ops.exp(x - keras.ops.max(x, axis=-1, keepdims=True))
        return p / keras.ops.sum(p, axis=-1, keepdims=True)


def test_probabilities_of_unknown_origin_are_exact_up_to_a_loss_of_87():
    model = keras.Sequential([keras.Input((3,)), OfUnknownOrigin()])
    kcore.models.compile_classifier(model)
    for logit, expected in [(20, 20), (60, 60), (200, -np.log(1.2e-38))]:
        x = np.array([[logit, 0, 0]], "float32")
        found = model.evaluate(x, np.array([1]), verbose=0)[0]
        assert found == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match=r"Labels of shape \(1, 3\) don't fit an output"):
        model.loss(np.eye(3)[:1], np.ones((1, 3)) / 3)


def test_probabilities_of_two_classes_of_unknown_origin():
    loss = _exact_loss.exact_loss("binary_crossentropy")
    p, y = np.array([[0.0], [1], [0.25], [1e-30]], "float32"), np.array([1.0, 0, 1, 1])
    losses = [-np.log(1.2e-38), -np.log(1.2e-38), -np.log(0.25), 30 * np.log(10)]
    assert float(loss(y, p)) == pytest.approx(np.mean(losses), rel=1e-6)
    weighted = float(loss(y, p, sample_weight=np.array([0, 0, 1, 1.0])))
    assert weighted == pytest.approx(np.sum(losses[2:]) / 4, rel=1e-6)


LOAD = """
import sys, keras, numpy as np
for path in sys.argv[1:]:
    model = keras.saving.load_model(path, compile=True)
    assert "kcore" not in sys.modules
    assert type(model.loss) is keras.losses.SparseCategoricalCrossentropy
    assert not model.loss.get_config()["from_logits"]
    assert model.layers[-1].activation is keras.activations.softmax
    print(*model.predict(np.array([[1.0, 2.0, 3.0]]), verbose=0)[0])
"""


@pytest.mark.slow
def test_a_file_loads_in_plain_keras_and_gives_probabilities(tmp_path):
    model = COMPILE["softmax"](sequential("softmax"))
    paths = [tmp_path / "model.keras", tmp_path / "model.h5"]
    for path in paths:
        model.save(path)
    with zipfile.ZipFile(paths[0]) as archive:
        assert b"kcore" not in archive.read("config.json")
        assert json.loads(archive.read("config.json"))["compile_config"]["loss"]["config"]
    command = [sys.executable, "-c", LOAD, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum()
    for line in done.stdout.split("\n")[-3:-1]:
        np.testing.assert_allclose(np.array(line.split(), float), expected, rtol=1e-6)


def copies(model):
    yield keras.models.clone_model(model)
    yield pickle.loads(pickle.dumps(model))
    yield copy.deepcopy(model)


def test_clones_and_pickles_are_plain_keras():
    model = COMPILE["softmax"](sequential("softmax"))
    model.train_on_batch(*data("softmax"))
    for copied in copies(model):
        assert copied.layers[-1].activation is keras.activations.softmax
        loss = getattr(copied, "loss", None)
        assert loss is None or type(loss) is keras.losses.SparseCategoricalCrossentropy


def test_a_reproducible_copy_has_the_loss_and_the_checks_of_its_model():
    x, y = data("softmax")
    model = keras.Sequential([keras.Input((3,)), layers.Dropout(0.5), last_layer("softmax")])
    COMPILE["softmax"](model, steps_per_execution=2)
    copied = kcore.layers.reproducible(kcore.layers.reproducible(model, 7), 8)
    assert copied.evaluate(x, y, verbose=0)[0] == pytest.approx(defined(x, y)[0], rel=1e-6)
    assert copied.get_compile_config() == model.get_compile_config()
    assert copied.layers[-1].activation.__wrapped__ is keras.activations.softmax
    with pytest.raises(ValueError, match=r"y\[0\]=6"):
        copied.fit(x, y + 5, verbose=0)
    model.compile("sgd", "mse")
    assert kcore.layers.reproducible(model, 7).loss == "mse"


def test_a_model_compiled_again_has_the_loss_given_there():
    x, y = np.array([[1.0, 2, 3]], "float32"), np.array([[0.0, 1, 0]])
    model = COMPILE["softmax"](sequential("softmax"))
    smoothing = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    p = np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum()
    expected = -np.log(p) @ (y[0] * 0.9 + 0.1 / 3)
    model.compile("sgd", smoothing)
    found = model.evaluate(x, y, batch_size=len(x), return_dict=True, verbose=0)["loss"]
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_compiling_twice_keeps_one_note():
    model = sequential("softmax")
    COMPILE["softmax"](model)
    noting = model.layers[-1].activation
    COMPILE["softmax"](model)
    assert model.layers[-1].activation is noting
    assert noting.__wrapped__ is keras.activations.softmax
    assert keras.activations.serialize(noting) == "softmax"


@pytest.mark.parametrize(
    "kind", [keras.losses.SparseCategoricalCrossentropy, keras.losses.BinaryCrossentropy]
)
def test_a_loss_serializes_as_that_of_keras(kind):
    loss = _exact_loss.exact_loss(kind().name)
    config = keras.losses.serialize(loss)
    assert isinstance(loss, kind)
    assert config["config"] == keras.losses.serialize(kind())["config"]
    for copied in (keras.losses.deserialize(config), loss.from_config(loss.get_config())):
        assert type(copied) is kind


def test_other_sigmoids_of_a_model_make_no_difference():
    inputs = keras.Input((1, 3))
    gated = layers.LSTM(3, activation="sigmoid")(inputs)
    gated = layers.Multiply()([layers.Dense(3, "sigmoid")(gated), gated])
    outputs = layers.Dense(3, "softmax", name="last")(gated)
    model = COMPILE["softmax"](keras.Model(inputs, outputs))
    x, y = CERTAIN[:, None].astype("float32"), WRONG
    p = model.predict(x, verbose=0)
    expected = -np.log(p[np.arange(len(y)), y]).mean()
    assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(expected, rel=1e-5)


def test_a_note_goes_with_its_tensor():
    model = COMPILE["softmax"](sequential("softmax"))
    x, y = data("softmax")
    model.fit(x, y, verbose=0)
    model.predict(x, verbose=0)
    output = model(x)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(
        _exact_loss._noted(output, "softmax"), x @ kernel + bias, rtol=1e-5, atol=1e-4
    )
    assert _exact_loss._noted(output, "sigmoid") is None
    assert _exact_loss._noted(output + 0, "softmax") is None
    del output
    gc.collect()
    assert not _exact_loss._NOTES


def test_threads_find_their_own_logits():
    models = [COMPILE["softmax"](sequential("softmax")) for _ in range(2)]
    parts = [(CERTAIN[:3], WRONG[:3]), (CERTAIN[3:], WRONG[3:])]
    found = {}

    def evaluate(index):
        x, y = parts[index]
        found[index] = [models[index].evaluate(x, y, verbose=0)[0] for _ in range(5)]

    threads = [threading.Thread(target=evaluate, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, (x, y) in enumerate(parts):
        np.testing.assert_allclose(found[index], [defined(x, y)[0]] * 5, rtol=1e-6)


def mlp_by_definition(weights, x, y, rate, epochs):
    """Train a two-layer network by gradient descent in float64, one batch an epoch."""
    w1, b1, w2, b2 = (a.astype("float64") for a in weights)
    losses = []
    for _ in range(epochs):
        hidden = np.maximum(x @ w1 + b1, 0)
        loss, gradient = defined(hidden @ w2 + b2, y)
        losses.append(loss)
        back = (gradient @ w2.T) * (hidden > 0)
        w1, b1 = w1 - rate * x.T @ back, b1 - rate * back.sum(0)
        w2, b2 = w2 - rate * hidden.T @ gradient, b2 - rate * gradient.sum(0)
    return losses


def test_a_network_trains_on_unscaled_data_as_by_definition():
    """With clipped losses it stops learning on JAX: most samples are wrong with certainty."""
    x = RNG.integers(0, 256, (64, 6)).astype("float32")
    y = RNG.integers(0, 3, 64)
    hidden, last = layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")
    model = seed_weights(keras.Sequential([keras.Input((6,)), hidden, last]), 1)
    expected = mlp_by_definition(model.get_weights(), x, y, 1e-4, 5)
    assert expected[0] > 16.2  # more than any clipped loss
    kcore.models.compile_classifier(model, optimizer=SGD(1e-4))
    found = model.fit(x, y, batch_size=64, epochs=5, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
