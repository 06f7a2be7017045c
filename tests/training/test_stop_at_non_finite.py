"""The loss is made NaN by one sample, so the batch that holds it is known."""

import keras
import numpy as np
import pytest
from training.resumption import Cut, cut_and_resume, dense_model, everything

import kcore
from kcore.training import StopAtNonFinite

BAD = 23


def data(shuffle=True):
    x = np.ones((64, 6), "float32")
    x[BAD] = np.nan
    return kcore.data.from_arrays(x, np.zeros(64, "int32"), batch_size=8, seed=3, shuffle=shuffle)


def plain_model(**options):
    kernel = keras.initializers.GlorotUniform(1)
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(3, "softmax", kernel_initializer=kernel)]
    )
    model.compile("adam", "sparse_categorical_crossentropy", **options)
    return model


def test_names_the_batch_and_restores_the_weights_before_it(capsys):
    dataset, weights = data(), []
    keep = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: weights.append(stop.model.get_weights())
    )
    stop, model = StopAtNonFinite(every=1), plain_model()
    model.fit(dataset, epochs=2, verbose=0, callbacks=[keep, stop])
    bad = next(number for number in range(8) if BAD in dataset.indices(number, 0))
    assert (stop.stopped_epoch, stop.stopped_batch) == (0, bad)
    np.testing.assert_array_equal(stop.indices, dataset.indices(bad, 0))
    np.testing.assert_equal(model.get_weights(), weights[bad - 1])
    assert len(weights) == bad + 1
    reason = (
        f"stopped in epoch 1, batch {bad + 1}: loss is nan; the weights are those of epoch 1, "
        f"batch {bad}."
    )
    assert stop.reason == reason
    assert capsys.readouterr().out == f"StopAtNonFinite: {reason}\n"
    assert int(np.asarray(model.optimizer.iterations.value)) == bad


def test_several_steps_in_one_execution():
    dataset, stop = data(shuffle=False), StopAtNonFinite(verbose=0)
    plain_model(steps_per_execution=4).fit(dataset, verbose=0, shuffle=False, callbacks=[stop])
    assert stop.stopped_batch == 0
    np.testing.assert_array_equal(stop.indices, np.arange(32))
    assert "batch 1 to 4: loss is nan" in stop.reason


def test_samples_are_not_guessed():
    stop = StopAtNonFinite(verbose=0)
    plain_model().fit(data(shuffle=False), verbose=0, callbacks=[stop])  # shuffled by fit
    assert stop.reason is not None
    assert stop.indices is None


def test_weights_that_the_last_batch_has_broken_are_replaced():
    x = np.ones((16, 6), "float32")
    x[14] = 0  # where the square root is finite, and its slope is not
    dataset = kcore.data.from_arrays(x, np.ones(16), batch_size=8, shuffle=False)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(1, keras.ops.sqrt, use_bias=False, kernel_initializer="ones"),
        ]
    )
    model.compile(keras.optimizers.SGD(1e-4), "mse")
    stop = StopAtNonFinite(every=1, verbose=0)
    model.fit(dataset, epochs=1, verbose=0, shuffle=False, callbacks=[stop])
    assert np.isfinite(model.get_weights()[0]).all()
    assert (stop.stopped_epoch, stop.stopped_batch) == (0, 1)
    np.testing.assert_array_equal(stop.indices, np.arange(8, 16))
    assert stop.reason == (
        "stopped in epoch 1, batch 2: the weights are not finite after it; the weights are those "
        "of epoch 1, batch 1."
    )


def test_a_resumed_training_restores_the_same_weights(tmp_path):
    def train(cut, directory):
        stop, model = StopAtNonFinite(verbose=0), plain_model()
        history = kcore.training.fit(
            model, data(), epochs=2, resume=directory, every=1, callbacks=[cut, stop], verbose=0
        )
        return {**everything(model, history), "reason": stop.reason, "indices": stop.indices}

    bad = next(number for number in range(8) if BAD in data().indices(number, 0))
    cuts = [(0, bad - 1)]
    whole = train(Cut(), tmp_path / "whole")
    assert "the weights are those of the beginning of epoch 1" in whole["reason"]
    np.testing.assert_equal(cut_and_resume(train, tmp_path / "cut", cuts), whole)


def test_a_finite_training_is_left_alone():
    stop, (x, y) = StopAtNonFinite(every=2), (np.ones((24, 6), "float32"), np.zeros(24, "int32"))
    weights = []
    for callbacks in ([stop], []):
        model = dense_model()
        model.fit(x, y, batch_size=8, verbose=0, shuffle=False, callbacks=callbacks)
        weights.append(model.get_weights())
    assert stop.reason is None
    np.testing.assert_equal(*weights)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="every=0 must be"):
        StopAtNonFinite(every=0)
    with pytest.raises(ValueError, match="verbose=2 must be"):
        StopAtNonFinite(verbose=2)
