import keras
import numpy as np
import pytest
from oracles import models as reference

import kcore

RNG = np.random.default_rng(0)


def images(*shape):
    return RNG.random((3, *shape), dtype=np.float32)


def close(model, x, expected):
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_linear_computes_a_line():
    model = kcore.models.linear((3,), units=2, seed=1)
    x = images(3)
    close(model, x, reference.dense(x, *model.get_weights()))


def test_mlp_matches_the_definition():
    model = kcore.models.mlp(seed=1)
    x = images(28, 28)
    first, bias, second, last_bias = model.get_weights()
    hidden = reference.relu(reference.dense(x.reshape(3, -1), first, bias))
    close(model, x, reference.softmax(reference.dense(hidden, second, last_bias)))


def test_functional_mlp_matches_the_definition():
    model = kcore.models.functional_mlp(seed=1)
    x = images(784)
    weights = model.get_weights()
    hidden = x
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        hidden = reference.relu(reference.dense(hidden, kernel, bias))
    close(model, x, reference.softmax(reference.dense(hidden, *weights[-2:])))


def test_functional_mlp_has_the_courses_shape():
    model = kcore.models.functional_mlp()
    assert [tuple(w.shape) for w in model.weights[::2]] == [(784, 64), (64, 64), (64, 10)]


def test_cnn_matches_the_definition():
    model = kcore.models.cnn(seed=1)
    x = images(28, 28, 1)
    close(model, x, reference.convolutional(x, model.get_weights(), reference.softmax))


@pytest.mark.parametrize("size", [(22, 22), (23, 30), (40, 25)])
def test_binary_cnn_matches_the_definition_at_any_size(size):
    model = kcore.models.binary_cnn((*size, 3), filters=(2, 3, 4), hidden_units=5, seed=1)
    x = images(*size, 3)
    close(model, x, reference.convolutional(x, model.get_weights(), reference.sigmoid))


def test_cnn_has_the_courses_shapes():
    shapes = [tuple(layer.output.shape) for layer in kcore.models.cnn().layers]
    assert shapes == [
        (None, 26, 26, 64),
        (None, 13, 13, 64),
        (None, 11, 11, 64),
        (None, 5, 5, 64),
        (None, 1600),
        (None, 128),
        (None, 10),
    ]


def test_binary_cnn_has_the_courses_shapes():
    shapes = [tuple(layer.output.shape) for layer in kcore.models.binary_cnn().layers]
    assert shapes == [
        (None, 298, 298, 16),
        (None, 149, 149, 16),
        (None, 147, 147, 32),
        (None, 73, 73, 32),
        (None, 71, 71, 64),
        (None, 35, 35, 64),
        (None, 78400),
        (None, 512),
        (None, 1),
    ]


def test_subclassed_mlp_matches_the_definition_without_training():
    model = kcore.models.subclassed_mlp((8,), seed=1)
    x = images(8)
    first, bias, second, last_bias = model.get_weights()
    hidden = reference.relu(reference.dense(x, first, bias))
    close(model, x, reference.softmax(reference.dense(hidden, second, last_bias)))


def test_subclassed_mlp_drops_hidden_units_only_while_training():
    model = kcore.models.subclassed_mlp((8,), hidden_units=1000, dropout=0.25, seed=1)
    model.hidden.bias.assign(np.ones(1000))
    x = np.zeros((4, 8), dtype=np.float32)
    model.predictions.kernel.assign(np.repeat([[1, 0, 0, 0, 0]], 1000, axis=0) * 1e-3)
    still = keras.ops.convert_to_numpy(model(x, training=False))
    np.testing.assert_allclose(still, np.repeat(still[:1], 4, axis=0))
    trained = keras.ops.convert_to_numpy(model(x, training=True))
    # logit of class 0 is the mean of the hidden units: kept ones are scaled by 1 / (1 - 0.25)
    logits = np.log(trained[:, 0] / trained[:, 1])
    kept = logits * 0.75
    assert np.all((kept > 0.70) & (kept < 0.80))
    assert len(set(kept)) > 1, "each sample must have its own mask"


@pytest.mark.parametrize("seed", [np.int64(1), 2**32, 2**40])
def test_subclassed_mlp_takes_any_seed_on_every_backend(seed):
    model = kcore.models.SubclassedMLP(np.int64(3), hidden_units=4, dropout_seed=seed)
    model(np.ones((2, 8), dtype=np.float32), training=True)
    kcore.models.subclassed_mlp((8,), seed=seed)


def test_channels_last_models_stay_so_under_other_settings():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        model = kcore.models.cnn((12, 14, 1), filters=(2,), hidden_units=3, seed=0)
    finally:
        keras.config.set_image_data_format(before)
    x = images(12, 14, 1)
    close(model, x, reference.convolutional(x, model.get_weights(), reference.softmax))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: kcore.models.mlp((28,)), r"input_shape=\(28,\) has 1 axes; .* \(height, width\)"),
        (lambda: kcore.models.mlp((None, 28, 28)), "Leave the batch axis out"),
        (lambda: kcore.models.mlp(28), r"input_shape=28 must be a tuple"),
        (lambda: kcore.models.mlp((28, 0)), r"input_shape\[1\]=0 must be an integer"),
        (lambda: kcore.models.mlp(classes=1), r"classes=1 must be an integer of at least 2"),
        (lambda: kcore.models.mlp(hidden_units=1.5), r"hidden_units=1.5 must be an integer"),
        (lambda: kcore.models.mlp(seed=-1), r"seed=-1 must be an integer of at least 0"),
        (lambda: kcore.models.cnn((28, 28)), r"\(height, width, channels\)"),
        (lambda: kcore.models.cnn((9, 28, 1)), r"height and width of at least 10"),
        (lambda: kcore.models.cnn(filters=(8, True)), r"filters\[1\]=True must be an integer"),
        (lambda: kcore.models.binary_cnn((21, 300, 3)), r"height and width of at least 22"),
        (lambda: kcore.models.functional_mlp(hidden_units=(0,)), r"hidden_units\[0\]=0"),
        (lambda: kcore.models.subclassed_mlp(dropout=20), r"dropout=20 must be a fraction: 0 <="),
        (lambda: kcore.models.cnn(filters=64), r"filters=64 must be a sequence such as \(64, 64\)"),
        (lambda: kcore.models.functional_mlp(hidden_units="64"), "hidden_units='64' must be a seq"),
        (lambda: kcore.models.subclassed_mlp(seed=-1), "seed=-1 must be an integer"),
        (lambda: kcore.models.linear(units=0), r"units=0 must be an integer of at least 1"),
    ],
)
def test_wrong_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("size", [10, 22, 46])
def test_the_smallest_size_really_is_the_smallest(size):
    stages = {10: 2, 22: 3, 46: 4}[size]
    model = kcore.models.cnn((size, size, 1), filters=(1,) * stages, hidden_units=1)
    assert model.layers[-4].output.shape[1:3] == (1, 1)
    with pytest.raises(ValueError, match=f"at least {size}"):
        kcore.models.cnn((size - 1, size, 1), filters=(1,) * stages)
