import keras
import numpy as np
import pytest

import kcore
from kcore.models._compiling import _has_convolution

RNG = np.random.default_rng(0)


def test_a_regression_minimizes_the_mean_squared_error_by_gradient_descent():
    model = kcore.models.compile_regression(kcore.models.linear(seed=0))
    w, b = (float(a.ravel()[0]) for a in model.get_weights())
    x, y = np.array([[1.0], [3.0]]), np.array([[2.0], [5.0]])
    loss = model.train_on_batch(x, y)
    error = w * x + b - y
    assert float(loss) == pytest.approx(np.mean(error**2), rel=1e-5)
    stepped = [w - 0.01 * np.mean(2 * error * x), b - 0.01 * np.mean(2 * error)]
    np.testing.assert_allclose([a.ravel()[0] for a in model.get_weights()], stepped, rtol=1e-5)


def test_a_classifier_reports_cross_entropy_and_accuracy():
    model = kcore.models.compile_classifier(kcore.models.mlp((4, 4), 3, seed=0))
    x, y = RNG.random((8, 4, 4), dtype=np.float32), RNG.integers(0, 3, 8)
    probabilities = model.predict(x, verbose=0)
    scores = model.evaluate(x, y, return_dict=True, verbose=0)
    expected = -np.log(probabilities[np.arange(8), y]).mean()
    assert scores["loss"] == pytest.approx(expected, rel=1e-5)
    assert scores["accuracy"] == pytest.approx(np.mean(probabilities.argmax(-1) == y))
    assert isinstance(model.optimizer, keras.optimizers.Adam)


def test_a_binary_classifier_reports_cross_entropy_and_accuracy():
    model = kcore.models.binary_cnn((22, 22, 3), filters=(2, 2, 2), hidden_units=4, seed=0)
    kcore.models.compile_binary_classifier(model)
    x, y = RNG.random((8, 22, 22, 3), dtype=np.float32), np.array([0, 1] * 4)
    p = model.predict(x, verbose=0)[:, 0]
    scores = model.evaluate(x, y, return_dict=True, verbose=0)
    expected = -np.log(np.where(y == 1, p, 1 - p)).mean()
    assert scores["loss"] == pytest.approx(expected, rel=1e-4)
    assert scores["accuracy"] == pytest.approx(np.mean((p > 0.5) == y))
    assert isinstance(model.optimizer, keras.optimizers.RMSprop)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)


def test_steps_per_execution_changes_the_speed_and_not_the_result():
    x, y = RNG.random((70, 4, 4), dtype=np.float32), RNG.integers(0, 3, 70)
    trained = []
    for steps in (1, 4):  # of 9 batches, so the last execution is a short one
        model = kcore.models.mlp((4, 4), 3, seed=0)
        kcore.models.compile_classifier(model, steps_per_execution=steps)
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        trained.append(model.get_weights())
    for a, b in zip(*trained, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_convolutions_keep_the_compilation_that_keras_chooses():
    dense = kcore.models.compile_classifier(kcore.models.mlp())
    convolutional = kcore.models.cnn((12, 12, 1))
    nested = keras.Sequential([keras.Input((12, 12, 1)), convolutional])
    plain = keras.Sequential([keras.Input((12, 12, 1)), kcore.models.cnn((12, 12, 1))])
    plain.compile("adam", "sparse_categorical_crossentropy")
    assert dense.jit_compile is True
    assert kcore.models.compile_classifier(nested).jit_compile == plain.jit_compile


def test_a_wrapped_convolution_is_a_convolution():
    inputs = keras.Input((2, 8, 8, 1))
    features = keras.layers.TimeDistributed(keras.layers.Conv2D(2, 3))(inputs)
    outputs = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(features))
    model = keras.Model(inputs, outputs)
    assert _has_convolution(model)
    assert not _has_convolution(kcore.models.mlp())


def test_compile_functional_with_rmsprop():
    model = kcore.models.compile_classifier(kcore.models.functional_mlp(), optimizer="rmsprop")
    assert isinstance(model.optimizer, keras.optimizers.RMSprop)


def test_a_subclassed_model_compiles_and_trains():
    model = kcore.models.compile_classifier(kcore.models.subclassed_mlp((6,), 3, seed=0))
    x, y = RNG.random((64, 6), dtype=np.float32), RNG.integers(0, 3, 64)
    history = model.fit(x, y, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def two_outputs():
    inputs = keras.Input((4,))
    return keras.Model(inputs, [keras.layers.Dense(3)(inputs), keras.layers.Dense(1)(inputs)])


@pytest.mark.parametrize(
    ("compile_model", "message"),
    [
        (
            lambda: kcore.models.compile_classifier(kcore.models.binary_cnn((22, 22, 3))),
            r"\(None, 1\) is not \(batch, classes\).*compile_binary_classifier",
        ),
        (
            lambda: kcore.models.compile_binary_classifier(kcore.models.mlp()),
            r"\(None, 10\) is not \(batch, 1\).*compile_classifier",
        ),
        (
            lambda: kcore.models.compile_classifier(two_outputs()),
            "several outputs",
        ),
        (
            lambda: kcore.models.compile_classifier(kcore.models.mlp(), steps_per_execution=0),
            "steps_per_execution=0 must be an integer of at least 1",
        ),
    ],
)
def test_a_model_for_another_task_is_refused(compile_model, message):
    with pytest.raises(ValueError, match=message):
        compile_model()
