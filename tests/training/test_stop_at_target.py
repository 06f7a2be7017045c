"""The callback sees the logs of real `fit` runs; values that must be exact are scripted in."""

import functools

import keras
import numpy as np
import pytest

import kcore
from kcore.training import StopAtTarget


class Scripted(keras.callbacks.Callback):
    """Put chosen values into the epoch logs, before the callback under test sees them."""

    def __init__(self, **values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        for name, series in self.values.items():
            logs[name] = series[epoch]


def data(samples=64):
    x = np.linspace(-1, 1, samples, dtype=np.float32).reshape(-1, 1)
    return x, 2 * x - 1


@functools.cache
def compiled():
    return kcore.models.compile_regression(kcore.models.linear(seed=0))


def fit(*callbacks, epochs=6, **arguments):
    model = compiled()
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    x, y = data()
    return model.fit(x, y, epochs=epochs, verbose=0, callbacks=list(callbacks), **arguments)


def run(stop, values):
    """Fit with scripted values of `stop.monitor`; return how many epochs ran."""
    history = fit(Scripted(**{stop.monitor: values}), stop, epochs=len(values))
    return len(history.epoch)


def test_stops_in_the_epoch_that_reaches_the_target():
    stop = StopAtTarget("score", 0.9)
    assert run(stop, [0.1, 0.8, 0.95, 0.99]) == 3
    assert (stop.stopped_epoch, stop.stopped_batch, stop.value) == (2, None, 0.95)
    assert stop.reason == "stopped in epoch 3: score 0.95 reached the target of at least 0.9."


def test_may_fire_in_the_first_epoch():
    stop = StopAtTarget("loss", 0.4)
    assert run(stop, [0.3, 0.2]) == 1
    assert stop.stopped_epoch == 0


@pytest.mark.parametrize("value", [0.95, float(np.float32(0.95))])
def test_reaching_the_target_exactly_counts(value):
    # As float32, in which Keras computes, 0.95 is 0.949999988, which is below the double 0.95.
    assert run(StopAtTarget("accuracy", 0.95), [0.5, value, 1.0]) == 2


def test_just_missing_the_target_does_not_count():
    missed = float(np.nextafter(np.float32(0.95), np.float32(0)))
    assert run(StopAtTarget("accuracy", 0.95), [missed, missed]) == 2


def test_95_of_100_right_answers_in_a_real_fit_are_0_95():
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid", kernel_initializer="ones")(inputs))
    model.compile(keras.optimizers.SGD(0.0), "binary_crossentropy", metrics=["accuracy"])
    x = np.ones((100, 1), dtype=np.float32)
    y = np.array([1] * 95 + [0] * 5, "float32")
    stop = StopAtTarget("accuracy", 0.95)
    model.fit(x, y, epochs=2, verbose=0, callbacks=[stop])
    assert stop.stopped_epoch == 0


def test_patience_wants_consecutive_epochs():
    stop = StopAtTarget("accuracy", 0.9, patience=2)
    assert run(stop, [0.9, 0.5, 0.9, 0.95, 0.99]) == 4
    assert stop.reason.startswith("stopped in epoch 4, 2 epochs in a row: accuracy 0.95")


def test_nan_breaks_the_row_and_never_reaches():
    nan, infinity = float("nan"), float("inf")
    assert run(StopAtTarget("accuracy", 0.9, patience=2), [0.9, nan, 0.9, 0.9, 0.9]) == 4
    for monitor, target in (("loss", 1.0), ("accuracy", 0.0)):
        stop = StopAtTarget(monitor, target)
        assert run(stop, [nan, infinity, -infinity]) == 3
        assert stop.reason == f"not stopped: {monitor} was never a finite number."


def test_the_floor_epoch_keeps_training_going():
    stop = StopAtTarget("accuracy", 0.9, start_from_epoch=2)
    assert run(stop, [0.9, 0.9, 0.9, 0.9]) == 3


def test_epochs_before_the_floor_count_for_patience():
    assert run(StopAtTarget("accuracy", 0.9, patience=3, start_from_epoch=2), [0.9] * 5) == 3


def test_an_explicit_mode_wins():
    stop = StopAtTarget("loss", 0.5, mode="max")
    assert run(stop, [0.1, 0.6, 0.7]) == 2
    assert "at least 0.5" in stop.reason


def test_a_real_loss_is_watched():
    stop = StopAtTarget("loss", 1.5)
    history = fit(stop, epochs=500)
    losses = history.history["loss"]
    assert losses[-1] <= 1.5 < losses[-2]
    assert stop.value == losses[-1]


def test_validation_metrics_are_watched():
    stop = StopAtTarget("val_loss", 1.5)
    history = fit(stop, epochs=500, validation_data=data(8))
    losses = history.history["val_loss"]
    assert losses[-1] <= 1.5 < losses[-2]


@pytest.mark.filterwarnings("ignore:StopAtTarget can't see:UserWarning")
def test_validation_in_some_epochs_only():
    stop = StopAtTarget("val_loss", 1e9)
    history = fit(stop, epochs=9, validation_data=data(8), validation_freq=3)
    assert len(history.epoch) == 3


@pytest.mark.filterwarnings("ignore:StopAtTarget can't see:UserWarning")
@pytest.mark.parametrize("frequency", [2, [1, 4]])
def test_epochs_without_validation_are_passed_over(frequency):
    stop = StopAtTarget("val_loss", 1e-30)
    history = fit(stop, epochs=8, validation_data=data(8), validation_freq=frequency)
    assert len(history.epoch) == 8
    assert stop.reason.startswith("not stopped: the best value, val_loss")


def test_epochs_without_validation_do_not_break_a_row():
    stop = StopAtTarget("val_loss", 1e9, patience=2)
    history = fit(
        stop, epochs=8, validation_data=data(8), validation_freq=[1, 3], validation_batch_size=8
    )
    assert len(history.epoch) == 3


def test_every_looks_inside_an_epoch():
    stop = StopAtTarget("loss", 1e9, every=3)
    fit(stop, batch_size=4)
    assert (stop.stopped_epoch, stop.stopped_batch) == (0, 2)
    assert stop.reason.startswith("stopped in epoch 1, batch 3: loss")


def test_every_counts_batches_when_executions_hold_several():
    model = kcore.models.compile_regression(kcore.models.linear(), steps_per_execution=4)
    stop = StopAtTarget("loss", 1e9, every=5)
    model.fit(*data(), batch_size=4, epochs=2, verbose=0, callbacks=[stop])
    assert (stop.stopped_epoch, stop.stopped_batch) == (0, 7)


def test_a_partly_filled_execution_ends_at_the_last_real_batch():
    model = kcore.models.compile_regression(kcore.models.linear(), steps_per_execution=125)
    stop = StopAtTarget("loss", 1e9, every=5)
    model.fit(*data(), batch_size=8, epochs=2, verbose=0, callbacks=[stop])
    assert (stop.stopped_epoch, stop.stopped_batch) == (0, 7)
    assert stop.reason.startswith("stopped in epoch 1, batch 8:")


def test_every_with_a_floor_epoch():
    stop = StopAtTarget("loss", 1e9, every=3, start_from_epoch=1)
    fit(stop, batch_size=4)
    assert (stop.stopped_epoch, stop.stopped_batch) == (1, 2)


def test_every_still_looks_at_the_end_of_the_epoch():
    stop = StopAtTarget("loss", 1e9, every=1000)
    fit(stop, batch_size=4)
    assert (stop.stopped_epoch, stop.stopped_batch) == (0, None)


def test_prints_one_line_when_it_stops(capsys):
    run(StopAtTarget("accuracy", 0.9), [0.5, 0.9])
    assert capsys.readouterr().out == (
        "StopAtTarget: stopped in epoch 2: accuracy 0.9 reached the target of at least 0.9.\n"
    )


def test_prints_one_line_when_it_does_not(capsys):
    stop = StopAtTarget("loss", 0.1)
    run(stop, [0.5, 0.3, 0.4])
    assert capsys.readouterr().out == (
        "StopAtTarget: not stopped: the best value, loss 0.3, did not reach "
        "the target of at most 0.1.\n"
    )
    assert (stop.stopped_epoch, stop.value) == (None, None)


def test_prints_nothing_if_it_is_told_so(capsys):
    stop = StopAtTarget("loss", 0.4, verbose=0)
    run(stop, [0.5, 0.3])
    assert capsys.readouterr().out == ""
    assert stop.reason == "stopped in epoch 2: loss 0.3 reached the target of at most 0.4."
    for verbose in (2, -1, "auto", None, 0.5):
        with pytest.raises(ValueError, match=r"verbose=.* must be 0, to print nothing, or 1"):
            StopAtTarget("loss", 0.4, verbose=verbose)


def test_it_shows_what_it_waits_for_and_then_what_came_of_it():
    stop = StopAtTarget("loss", 0.4)
    assert repr(stop) == "<StopAtTarget: loss of at most 0.4>"
    run(stop, [0.5, 0.3])
    reason = "stopped in epoch 2: loss 0.3 reached the target of at most 0.4."
    assert repr(stop) == f"<StopAtTarget: loss of at most 0.4; {reason}>"
    assert repr(StopAtTarget("accuracy", 0.9)) == "<StopAtTarget: accuracy of at least 0.9>"


def test_says_so_when_the_target_was_reached_too_rarely(capsys):
    run(StopAtTarget("loss", 0.4, patience=2), [0.3, 0.5, 0.3])
    assert capsys.readouterr().out == (
        "StopAtTarget: not stopped: loss 0.3 reached the target of at most 0.4, "
        "but not in enough epochs (2 in a row, from epoch 1 on).\n"
    )


def test_the_line_never_shows_a_value_that_looks_like_the_target(capsys):
    run(StopAtTarget("loss", 0.4), [0.4000001])
    assert "the best value, loss 0.4000001, did not reach" in capsys.readouterr().out


def test_a_value_that_equals_the_target_in_float32_is_written_as_the_target():
    stop = StopAtTarget("accuracy", 0.95)
    run(stop, [float(np.float32(0.95))])
    assert "accuracy 0.95 reached the target of at least 0.95." in stop.reason


def test_a_second_fit_starts_afresh():
    stop = StopAtTarget("accuracy", 0.9)
    run(stop, [0.95])
    run(stop, [0.1, 0.2])
    assert (stop.stopped_epoch, stop.value) == (None, None)
    assert "best value, accuracy 0.2," in stop.reason


def classifier():
    return kcore.models.compile_classifier(kcore.models.mlp((2, 2), 2), steps_per_execution=1)


def test_acc_is_refused_after_the_first_batch():
    batches = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(1))
    x, y = np.zeros((64, 2, 2)), np.zeros(64)
    for monitor in ("acc", "val_acc"):
        batches.clear()
        with pytest.raises(ValueError, match=f"'{monitor}' is not among the logs") as caught:
            classifier().fit(x, y, verbose=0, callbacks=[count, StopAtTarget(monitor, 0.9)])
        assert f"Did you mean '{monitor}uracy'?" in str(caught.value)
        assert len(batches) == 1


def test_an_unknown_metric_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'f1_score' is not .* hold: loss\.$"):
        fit(StopAtTarget("f1_score", 0.9))
    with pytest.raises(ValueError, match=r"hold: loss, val_loss\. Did you mean 'val_loss'\?"):
        fit(StopAtTarget("val_los", 0.9, mode="min"), validation_data=data(8))


def test_an_accuracy_with_a_longer_name_is_suggested():
    model = kcore.models.mlp((2, 2), 2)
    metric = keras.metrics.SparseCategoricalAccuracy()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[metric])
    x, y = np.zeros((8, 2, 2)), np.zeros(8)
    with pytest.raises(ValueError, match=r"Did you mean 'sparse_categorical_accuracy'\?"):
        model.fit(x, y, verbose=0, callbacks=[StopAtTarget("acc", 0.9)])


@pytest.mark.filterwarnings("ignore:StopAtTarget can't see:UserWarning")
def test_a_validation_metric_without_validation_is_an_error():
    with pytest.raises(ValueError, match=r"fit ran no validation .* The logs hold: loss\."):
        fit(StopAtTarget("val_loss", 0.1))


def test_a_validation_metric_without_validation_warns_after_the_first_epoch():
    with (
        pytest.warns(UserWarning, match="no validation has run") as caught,
        pytest.raises(ValueError, match="fit ran no validation"),
    ):
        fit(StopAtTarget("val_loss", 0.1))
    ours = [each for each in caught if "StopAtTarget" in str(each.message)]
    assert len(ours) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"monitor": "loss", "target": float("nan")}, "target=nan must be a finite number"),
        ({"monitor": None, "target": 1}, "monitor=None must be the name of a metric"),
        ({"monitor": "loss", "target": "0.4"}, "target='0.4' must be a finite number"),
        (
            {"monitor": "loss", "target": 1, "mode": "below"},
            "mode='below' is unknown: use one of 'auto'",
        ),
        ({"monitor": "size", "target": 1}, "mode='min' or mode='max'"),
        ({"monitor": "loss", "target": 1, "patience": 0}, "patience=0 must be an integer"),
        ({"monitor": "loss", "target": 1, "every": 0}, "every=0 must be an integer"),
        ({"monitor": "loss", "target": 1, "start_from_epoch": -1}, "at least 0"),
        ({"monitor": "val_loss", "target": 1, "every": 5}, "at the end of an epoch only"),
        ({"monitor": "loss", "target": 1, "every": 5, "patience": 2}, "Leave one of them out"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        StopAtTarget(**arguments)


def fit_f1(stop, average=None, **arguments):
    """Fit with a metric that gives a value for each class, unless it averages."""
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(3, "softmax")(inputs))
    metric = keras.metrics.F1Score(average=average)
    model.compile("sgd", "categorical_crossentropy", metrics=[metric])
    x, y = np.ones((12, 4), "float32"), np.eye(3, dtype="float32")[np.arange(12) % 3]
    return model.fit(x, y, verbose=0, callbacks=[stop], validation_data=(x, y), **arguments)


@pytest.mark.parametrize(
    ("monitor", "arguments"), [("f1_score", {}), ("f1_score", {"every": 1}), ("val_f1_score", {})]
)
def test_a_metric_of_several_numbers_is_refused_in_the_first_epoch(monitor, arguments):
    with pytest.raises(
        ValueError,
        match=f"monitor='{monitor}' is 3 numbers in the logs, not a single number .*"
        r'F1Score\(average="macro"\)',
    ):
        fit_f1(StopAtTarget(monitor, 0.5, **arguments))


def test_a_metric_that_averages_is_taken():
    stop = StopAtTarget("val_f1_score", 0.0)
    fit_f1(stop, average="macro", epochs=2)
    assert stop.stopped_epoch == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.99", "'0.99'"),
        (None, "None"),
        (np.array([0.5, 0.75]), "2 numbers"),
        (np.ones((2, 2)), r"numbers of shape \(2, 2\)"),
        (1j, "1j"),
        ("x" * 99, f"'{'x' * 58}…"),
    ],
    ids=["text", "None", "vector", "matrix", "complex", "long"],
)
def test_what_is_no_single_number_is_refused_by_name(value, shown):
    with pytest.raises(ValueError, match=f"monitor='score' is {shown} in the logs, not a single"):
        run(StopAtTarget("score", 0.9), [value, 1.0])


@pytest.mark.parametrize(
    "value", [np.array([0.95]), np.array([[0.95]]), np.float16(0.95), keras.ops.ones((1,))]
)
def test_an_array_of_one_number_is_a_number(value):
    assert run(StopAtTarget("score", 0.9), [0.1, value, 1.0]) == 2


def test_numbers_beyond_float32_are_compared_without_a_warning(recwarn):
    assert run(StopAtTarget("loss", -1e308, mode="min"), [1e308, -1e308, 0.0]) == 2
    assert not [one for one in recwarn if "overflow" in str(one.message)]
