"""Callbacks with state of every kind continue as if training had never been cut."""

import collections

import keras
import numpy as np
import pytest
from training.resumption import Cut, cut_and_resume, everything, few_data, softmax_model

import kcore
from kcore.training import fit


def compare(tmp_path, callbacks, cuts, epochs=6):
    """Compare a whole training with one that was cut."""

    def train(cut, directory):
        directory.mkdir(exist_ok=True)
        its = callbacks(directory)
        model = softmax_model()
        history = fit(
            model,
            few_data(),
            epochs=epochs,
            resume=directory,
            every=1,
            callbacks=[cut, *its],
            verbose=0,
        )
        result = everything(model, history, *its)
        for one in result["callbacks"]:
            one.pop("filepath", None)
        return result

    whole = train(Cut(), tmp_path / "whole")
    np.testing.assert_equal(cut_and_resume(train, tmp_path / "cut", cuts), whole)


@pytest.mark.parametrize("kind", ["EarlyStopping", "ReduceLROnPlateau"])
def test_min_delta_keeps_its_sign(tmp_path, kind):
    """Keras turns it when it first compares two values."""

    def callbacks(_):
        return [getattr(keras.callbacks, kind)("loss", min_delta=0.03, patience=1)]

    compare(tmp_path, callbacks, [(0, 2), (1, 1)])


def test_model_checkpoint_goes_on_within_an_epoch(tmp_path):
    """It compares values only after the end of an epoch, before which it can't."""

    def callbacks(directory):
        return [
            keras.callbacks.ModelCheckpoint(
                directory / "best.weights.h5",
                "loss",
                save_best_only=True,
                save_weights_only=True,
                save_freq=5,
            )
        ]

    compare(tmp_path, callbacks, [(1, 1), (2, 1)], epochs=4)


class Keeper(keras.callbacks.Callback):
    """Keeps values of many kinds, and a list of the script."""

    def __init__(self, losses):
        super().__init__()
        self.losses = losses
        self.factor = keras.Variable(1.0)
        self.last = keras.ops.zeros((2,))
        self.seen = {"batches": 0, "names": set()}

    def on_train_batch_end(self, batch, logs=None):
        self.factor.assign(self.factor + 0.5)
        self.last = keras.ops.full((2,), batch)
        self.seen["batches"] += 1
        self.seen["names"] |= set(logs)
        self.losses.append(float(logs["loss"]))


def test_values_keep_their_types_and_their_identity(tmp_path):
    def train(cut, directory):
        losses = []
        keeper, model = Keeper(losses), softmax_model()
        factor = keeper.factor
        fit(
            model,
            few_data(),
            epochs=2,
            resume=directory,
            every=1,
            callbacks=[cut, keeper],
            verbose=0,
        )
        assert keeper.factor is factor
        assert keras.ops.is_tensor(keeper.last)
        last = keras.ops.convert_to_numpy(keeper.last)
        return losses, float(keras.ops.convert_to_numpy(factor.value)), keeper.seen, last

    whole = train(Cut(), tmp_path / "whole")
    assert len(whole[0]) == whole[2]["batches"] == 8
    np.testing.assert_equal(cut_and_resume(train, tmp_path / "cut", [(0, 2), (1, 1)]), whole)


def run(directory, *callbacks, epochs=1):
    fit(
        softmax_model(),
        few_data(),
        epochs=epochs,
        resume=directory,
        callbacks=callbacks,
        verbose=0,
    )


class Stop(keras.callbacks.EarlyStopping):
    """Has the arguments of `EarlyStopping`, without naming them."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


def test_settings_of_a_parent_class_are_the_ones_of_the_script(tmp_path):
    run(tmp_path, Stop("loss", patience=2))
    stop = Stop("loss", patience=7)
    with pytest.warns(UserWarning, match="Stop continues with patience=7; it was 2"):
        run(tmp_path, stop, epochs=2)
    assert stop.patience == 7


def test_a_setting_that_the_training_has_changed_is_named(tmp_path):
    run(tmp_path, Stop("loss", min_delta=0.5))
    with pytest.warns(UserWarning, match=r"min_delta=-0\.5, to which.* not with 0\.25; .* 0\.5"):
        run(tmp_path, Stop("loss", min_delta=0.25), epochs=2)


@pytest.mark.parametrize(
    "others",
    [
        [keras.callbacks.EarlyStopping("accuracy"), keras.callbacks.EarlyStopping("loss")],
        [keras.callbacks.EarlyStopping("loss", mode="max"), keras.callbacks.EarlyStopping("loss")],
    ],
)
def test_the_state_for_one_metric_is_not_given_to_another(tmp_path, others):
    def stops():
        return [keras.callbacks.EarlyStopping("loss"), keras.callbacks.EarlyStopping("loss")]

    run(tmp_path, *stops())
    with pytest.raises(ValueError, match=r"callbacks was .*monitor='loss'.* and is .*monitor="):
        run(tmp_path, *others, epochs=2)


class Hidden(keras.callbacks.Callback):
    """Keeps what can't be saved, which it makes when training begins."""

    def on_train_begin(self, logs=None):
        self.window = collections.deque()
        self.accuracy = keras.metrics.Mean()  # which is callable
        self.names = ["a"]
        self.function = len


def test_attributes_made_in_training_are_named_if_they_are_not_saved(tmp_path):
    with pytest.warns(UserWarning, match=r"save: window, accuracy\. If training") as seen:
        run(tmp_path, Hidden(), epochs=2)
    assert len([one for one in seen if "don't save" in str(one.message)]) == 1


def test_a_film_goes_on_with_its_frames(tmp_path):
    def train(cut, directory):
        directory.mkdir(exist_ok=True)
        model = keras.Sequential(
            [
                keras.Input((6, 1)),
                keras.layers.Reshape((3, 2, 1)),
                keras.layers.Conv2D(1, 2, name="maps"),
                keras.layers.Flatten(),
                keras.layers.Dense(3, "softmax"),
            ]
        )
        kcore.initializers.reinitialize(model, 2)
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
        writers = [
            kcore.visualize.FeatureMapWriter(directory / name, np.ones((6, 1)), "maps")
            for name in ("film.png", "maps")
        ]
        fit(
            model,
            few_data(),
            epochs=3,
            resume=directory / "run",
            every=1,
            callbacks=[cut, *writers],
            verbose=0,
        )
        first = (directory / "maps" / "epoch-000.png").read_bytes()
        return (directory / "film.png").read_bytes(), first

    whole = train(Cut(), tmp_path / "whole")
    assert cut_and_resume(train, tmp_path / "cut", [(1, 2), (2, 1)]) == whole
    assert train(Cut(), tmp_path / "cut") == whole


def test_a_list_of_callbacks_in_one_object_is_refused(tmp_path):
    with pytest.raises(TypeError, match="CallbackList: give a list"):
        run(tmp_path, keras.callbacks.CallbackList([keras.callbacks.History()]))
