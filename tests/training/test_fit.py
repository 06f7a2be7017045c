"""Resumed training runs equal, bit for bit, runs that were never cut."""

import errno
import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from oracles.image_trees import write_tree
from training.resumption import (
    Cut,
    cut_and_resume,
    dense_data,
    dense_model,
    everything,
    few_data,
    softmax_model,
)

import kcore
from kcore.training import _checkpoint_directory as checkpoint_directory
from kcore.training import fit
from kcore.training._checkpoint_file import read, write


def assert_same(found, expected):
    np.testing.assert_equal(found, expected)


def test_a_resumed_run_ends_like_an_uninterrupted_one(tmp_path):
    def train(cut, directory):
        model = dense_model(optimizer=keras.optimizers.Adam(0.01, use_ema=True))
        stop = kcore.training.StopAtTarget("accuracy", 0.99, verbose=0)
        callbacks = [
            keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau("loss", patience=1, factor=0.5),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
            stop,
        ]
        directory.mkdir(exist_ok=True)
        log = keras.callbacks.CSVLogger(directory / "log.csv")
        report = kcore.visualize.LiveReport(directory / "report.html")
        best = keras.callbacks.ModelCheckpoint(directory / "best.keras", save_best_only=True)
        try:
            history = fit(
                model,
                dense_data(),
                epochs=4,
                resume=directory,
                every=2,
                callbacks=[cut, *callbacks, log, report, best],
                validation_data=dense_data(seed=9),
                verbose=0,
            )
        finally:
            log.on_train_end()  # left open, the file could fail a later test, as garbage
        result = everything(model, history, *callbacks)
        result["log"] = (directory / "log.csv").read_text()
        result["report"] = report._file.contents["history"].history, report._logs
        result["best"] = best.best
        return result

    whole = train(Cut(), tmp_path / "whole")
    found = cut_and_resume(train, tmp_path / "cut", [(0, 4), (1, 9), (3, 1)])
    assert len(whole["epoch"]) > 1
    assert_same(found, whole)
    # A finished run only returns its result.
    assert_same(train(Cut(0, 0), tmp_path / "cut"), whole)


def test_several_steps_in_one_execution(tmp_path):
    def train(cut, directory):
        model = dense_model(steps_per_execution=3)  # the last of an epoch has one step
        history = fit(
            model, dense_data(), epochs=3, resume=directory, every=1, callbacks=[cut], verbose=0
        )
        return everything(model, history)

    whole = train(Cut(), tmp_path / "whole")
    assert_same(cut_and_resume(train, tmp_path / "cut", [(0, 5), (2, 8)]), whole)


def test_augmented_photos_and_fine_tuning(tmp_path):
    tree = write_tree(tmp_path / "tree", {"cat": 11, "dog": 10})

    def train(cut, directory):
        generator = kcore.augment.ImageDataGenerator(
            rescale=1 / 255, rotation_range=40, zoom_range=0.3, horizontal_flip=True
        )
        data = generator.flow_from_directory(
            tree, target_size=(10, 10), batch_size=4, seed=3, class_mode="binary"
        )
        model = kcore.models.binary_cnn((10, 10, 3), seed=1, filters=(3,), hidden_units=4)
        model.layers[0].trainable = False
        model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
        history = fit(model, data, epochs=2, resume=directory, every=1, callbacks=[cut], verbose=0)
        return {**everything(model, history), "next epoch": data.epoch}

    whole = train(Cut(), tmp_path / "whole")
    assert whole["next epoch"] == 2
    assert_same(cut_and_resume(train, tmp_path / "cut", [(0, 3), (1, 1)]), whole)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the directory of a finished run of two epochs."""
    directory = tmp_path_factory.mktemp("finished")
    fit(dense_model(run_eagerly=True), dense_data(), epochs=2, resume=directory, verbose=0)
    return directory


@pytest.mark.parametrize(
    ("model", "data", "options", "message"),
    [
        ({}, {"seed": 6}, {}, "data seed was 5 and is 6"),
        ({}, {"batch_size": 7}, {}, "data batch_size was 8 and is 7"),
        ({}, {"samples": 76}, {}, "data samples was 77 and is 76"),
        ({"units": 9}, {}, {}, r"a variable of model was .*\(6, 8\).* and is .*\(6, 9\)"),
        ({"rate": 0.4}, {}, {}, "layers of model have other settings"),
        ({"seed": 4}, {}, {}, "layers of model have other settings, such as another seed"),
        ({"optimizer": keras.optimizers.Adam(0.02)}, {}, {}, "learning_rate was 0.00999.* is 0.01"),
        ({"optimizer": "sgd"}, {}, {}, "optimizer|variable of model"),
        ({}, {}, {"callbacks": [keras.callbacks.TerminateOnNaN()]}, "callbacks was"),
        ({}, {}, {"class_weight": {0: 2.0, 1: 1.0, 2: 1.0}}, "fit class_weight was None and is"),
    ],
)
def test_another_training_is_refused(finished, model, data, options, message):
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    with pytest.raises(ValueError, match=message) as error:
        fit(
            dense_model(run_eagerly=True, **model),
            dense_data(**data),
            epochs=3,
            resume=finished,
            verbose=0,
            **options,
        )
    assert "another directory" in str(error.value)
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before


def test_other_initial_weights_give_a_warning(finished):
    model = dense_model(run_eagerly=True)
    model.set_weights([weight + 1 for weight in model.get_weights()])
    with pytest.warns(UserWarning, match="has other initial weights"):
        fit(model, dense_data(), epochs=2, resume=finished, verbose=0)


def test_a_changed_setting_of_a_callback_is_kept_and_named(tmp_path):
    def train(target, epochs):
        stop = kcore.training.StopAtTarget("accuracy", target, verbose=0)
        fit(
            softmax_model(metrics=["accuracy"]),
            few_data(),
            epochs=epochs,
            resume=tmp_path,
            callbacks=[stop],
            verbose=0,
        )
        return stop

    train(0.98, 1)
    with pytest.warns(UserWarning, match=r"StopAtTarget continues with target=0\.01; it was 0\.98"):
        stop = train(0.01, 3)
    assert stop.stopped_epoch == 1


@pytest.fixture
def ctrl_c():
    """Let SIGINT raise KeyboardInterrupt, which a shell's background job would ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_saves_and_says_how_to_go_on(tmp_path, capsys, number, error):
    class Signal(Cut):
        def on_train_batch_end(self, batch, logs=None):
            if (self.epoch, batch) == self.cut:
                signal.raise_signal(number)

    def train(callback, directory):
        model = dense_model()
        history = fit(
            model, dense_data(), epochs=2, resume=directory, callbacks=[callback], verbose=0
        )
        return everything(model, history)

    before = signal.getsignal(number)
    with pytest.raises(error):
        train(Signal(1, 4), tmp_path)
    assert signal.getsignal(number) is before
    said = capsys.readouterr().out
    assert f"received {number.name} before epoch 2, batch 6" in said
    assert "Start the same script again" in said
    seen = []

    class See(Signal):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append((self.epoch, batch))

    See.__name__ = "Signal"
    train(See(), tmp_path)
    assert seen == [(1, batch) for batch in range(5, 10)]


@pytest.mark.usefixtures("ctrl_c")
def test_a_signal_after_the_last_epoch_acts_at_the_end(tmp_path):
    raise_it = keras.callbacks.LambdaCallback(
        on_train_end=lambda logs: signal.raise_signal(signal.SIGINT)
    )
    arguments = {"epochs": 1, "resume": tmp_path, "callbacks": [raise_it], "verbose": 0}
    for _ in range(2):  # the second time, training is finished
        with pytest.raises(KeyboardInterrupt):
            fit(softmax_model(), few_data(), **arguments)


def test_a_script_may_handle_a_signal_and_go_on(tmp_path, capsys):
    handled = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: handled.append(number))
    raise_it = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: (
            signal.raise_signal(signal.SIGTERM) if batch in (0, 2) else None
        )
    )
    try:
        history = fit(
            softmax_model(),
            few_data(),
            epochs=1,
            resume=tmp_path,
            callbacks=[raise_it],
            verbose=0,
        )
    finally:
        signal.signal(signal.SIGTERM, before)
    assert history.epoch == [0]
    assert handled == [signal.SIGTERM] * 2
    assert capsys.readouterr().out.count("received SIGTERM") == 2


def test_a_directory_that_can_not_be_written_is_an_error_at_once(tmp_path, monkeypatch):
    def refuse(path, checkpoint):
        raise OSError(errno.EROFS, "Read-only file system", os.fspath(path))

    batches = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(1))
    monkeypatch.setattr(checkpoint_directory, "write", refuse)
    with pytest.raises(OSError, match=r"Read-only file system.*checkpoint-a"):
        fit(softmax_model(), few_data(), epochs=1, resume=tmp_path, callbacks=[count], verbose=0)
    assert not batches


def test_a_finished_training_is_read_from_a_directory_that_can_not_be_written(
    finished, monkeypatch
):
    monkeypatch.setattr(checkpoint_directory, "write", None)
    assert fit(
        dense_model(run_eagerly=True), dense_data(), epochs=2, resume=finished, verbose=0
    ).epoch == [0, 1]


def test_the_other_backend_is_refused(finished, tmp_path):
    other = {"jax": "tensorflow", "tensorflow": "jax"}[keras.backend.backend()]
    for path in finished.glob("*.kcore"):
        checkpoint = read(path)
        checkpoint.description["identity"]["backend"] = other
        checkpoint.description["identity"]["versions"][other] = "1.0"
        write(tmp_path / path.name, checkpoint)
    message = f"backend was '{other}' and is '{keras.backend.backend()}'"
    with pytest.raises(ValueError, match=message):
        fit(dense_model(run_eagerly=True), dense_data(), epochs=3, resume=tmp_path, verbose=0)


def test_another_process_that_uses_the_directory_is_named(tmp_path):
    source = (
        "import sys\n"
        "from kcore._claims import Claim\n"
        "claim = Claim(sys.argv[1], lambda: True)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", source, str(tmp_path / "training")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        message = f"is used by a training run of process {process.pid}"
        with pytest.raises(ValueError, match=message):
            fit(softmax_model(), few_data(), epochs=1, resume=tmp_path, verbose=0)
        process.stdin.close()
    fit(softmax_model(), few_data(), epochs=1, resume=tmp_path, verbose=0)


def test_a_full_disk_costs_no_checkpoint(tmp_path, monkeypatch):
    write = checkpoint_directory.write
    written = []

    def fill(path, checkpoint):
        written.append(path)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, "No space left on device", os.fspath(path))
        write(path, checkpoint)

    monkeypatch.setattr(checkpoint_directory, "write", fill)
    arguments = {"epochs": 1, "resume": tmp_path, "every": 1, "every_seconds": None, "verbose": 0}
    with pytest.warns(RuntimeWarning, match="No space left.*The last checkpoint is kept") as seen:
        history = fit(softmax_model(), few_data(), **arguments)
    assert len(written) == 5
    assert sum("No space left" in str(one.message) for one in seen) == 3
    monkeypatch.undo()
    again = fit(softmax_model(), few_data(), **arguments)
    assert again.history == history.history


def test_two_training_runs_can_not_share_a_directory(tmp_path):
    class Nested(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            with pytest.raises(ValueError, match="is used by another training run in this process"):
                fit(
                    softmax_model(),
                    few_data(),
                    epochs=1,
                    resume=tmp_path,
                    verbose=0,
                )

    fit(
        softmax_model(),
        few_data(),
        epochs=1,
        resume=tmp_path,
        callbacks=[Nested()],
        verbose=0,
    )


def test_fit_looks_up_train_function_at_every_step():
    """Skipping relies on it: this pins what Keras does."""
    counts = []

    class Replace(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            model = self.model
            train = model.train_function

            def counted(*arguments):
                counts.append(len(arguments))
                if len(counts) == 2:
                    model.train_function = train
                return train(*arguments)

            model.train_function = counted

    dense_model().fit(dense_data(), verbose=0, callbacks=[Replace()])
    assert counts == [2 if keras.backend.backend() == "jax" else 1] * 2


def test_wrong_arguments_are_refused(tmp_path):
    model, data = dense_model(), dense_data()
    arguments = {"epochs": 1, "resume": tmp_path}
    with pytest.raises(TypeError, match=r"from_arrays\(x, y, seed=\.\.\.\) makes one"):
        fit(model, np.zeros((4, 6)), **arguments)
    with pytest.raises(ValueError, match="every=0 must be an integer"):
        fit(model, data, every=0, **arguments)
    with pytest.raises(ValueError, match="every_seconds=0 must be greater"):
        fit(model, data, every_seconds=0, **arguments)
    with pytest.raises(ValueError, match=r"mark it with kcore\.data\.pure"):
        fit(model, dense_data(transform=lambda images, indices, epoch: images), **arguments)
    with pytest.raises(ValueError, match="TensorBoard, which can't be resumed"):
        fit(model, data, callbacks=[keras.callbacks.TensorBoard(tmp_path)], **arguments)
    with pytest.raises(ValueError, match="not compiled"):
        fit(keras.Sequential([keras.layers.Dense(1)]), data, **arguments)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        fit(model, data, epochs=1, resume=tmp_path / "file")
