"""Train a model so that training can be stopped at any moment and resumed exactly."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kcore._arguments import check_instance, check_integer, check_path, check_positive
from kcore.data._division import check_division, process
from kcore.data._image_batches import ImageBatches
from kcore.training._callback_states import check_callbacks
from kcore.training._checkpoint_directory import CheckpointDirectory
from kcore.training._checkpoint_file import Checkpoint
from kcore.training._fit_arguments import (
    check_class_weight,
    check_validation_data,
    check_validation_freq,
    check_verbose,
    optional_count,
)
from kcore.training._identity import check_identity, identity
from kcore.training._interruption import Interruption
from kcore.training._model_state import build
from kcore.training._processes import (
    check_callbacks_of_processes,
    check_same_checkpoint,
    check_weights_are_whole,
    own_callbacks,
)
from kcore.training._resumable import Resumable
from kcore.training._schedule import Schedule

__all__ = ["fit"]


def fit(
    model: Any,
    data: ImageBatches,
    *,
    epochs: int,
    resume: str | os.PathLike[str],
    every: int | None = None,
    every_seconds: float | None = 60,
    validation_data: Any = None,
    callbacks: Sequence[Any] = (),
    verbose: bool | int | str = "auto",
    class_weight: Mapping[int, float] | None = None,
    validation_batch_size: int | None = None,
    validation_steps: int | None = None,
    validation_freq: int | Sequence[int] = 1,
) -> Any:
    """Train a model so that training can be stopped at any moment and resumed exactly.

    This runs `model.fit` and saves checkpoints in the directory `resume`. A checkpoint holds the
    weights, the states of layers, optimizer, metrics and callbacks, the history, and the position
    in the dataset. If the process ends, whether by a kill, a crash or Ctrl-C, make the same call in
    a new process: training resumes from the last checkpoint, even in the middle of an epoch. On the
    same backend and the same kind of machine, it ends with the same weights, history and callbacks,
    bit for bit, as an uninterrupted run. If the run was finished, the same call returns its result.

    On Ctrl-C and SIGTERM, training continues to the end of the current batch or validation. Then a
    checkpoint is saved, a message says how to resume, and the signal acts as usual. A second signal
    acts at once. Signals only reach the main thread.

    The directory keeps the last two checkpoints. If the last one is damaged, a warning says so and
    the one before it is used. If the directory can't be written, the first save raises the error.
    Later saves give a warning instead, and training continues.

    A callback with the methods `get_state()` and `set_state(state)` is saved by them. Of others,
    the attributes are saved that are variables, or that consist of numbers, strings, arrays, lists,
    tuples, sets and dictionaries. `CSVLogger` appends to its file, after the rows that follow the
    checkpoint are removed. Numbers that callbacks or layers draw from the global random states of
    Python, NumPy and Keras are not repeated, and what functions keep in variables of the script,
    such as those of a `LambdaCallback`, is not saved.

    Several processes that `kcore.training.distribute` has joined make the same call, with a
    directory that all of them share. The first one saves, shows progress and runs `CSVLogger`. If
    one process ends, end the others, and start all of them again. A signal makes the first process
    save only if all processes reach the end of that batch.

    Args:
        model: a compiled model.
        data: a dataset of `kcore`; `kcore.data.from_arrays(x, y, seed=...)` makes one from arrays.
            If it has a `transform`, mark that with `kcore.data.pure`.
        epochs: the number of epochs, including those before a checkpoint. When you resume, it may
            be larger than before, but not smaller than the number of epochs that were begun.
        resume: directory for the checkpoints of this training run alone; it is made if needed.
        every: number of batches between checkpoints; None saves by time alone.
        every_seconds: seconds between checkpoints, more if saving takes over 2% of the time; None
            saves by batches alone. A checkpoint is also saved when training ends.
        validation_data: as for `model.fit`, but not a generator. It must give the same batches in
            every process.
        callbacks: callbacks of Keras.
        verbose: as for `model.fit`.
        class_weight: as for `model.fit`.
        validation_batch_size: as for `model.fit`.
        validation_steps: as for `model.fit`.
        validation_freq: as for `model.fit`.

    Returns:
        The `keras.callbacks.History` of the whole run, including the epochs of earlier processes.

    Raises:
        TypeError: if `data` is not a dataset of `kcore`, or an argument is of a wrong type.
        ValueError: if an argument is out of its range; if the directory holds the checkpoints of
            another model, loss, dataset, seed or backend, or only damaged ones; if another training
            run uses it; if a callback can't be resumed, such as `TensorBoard`, or can't run in one
            of several processes, such as `ModelCheckpoint`; or if the model has
            several optimizers, or other variables than when training began.
        OSError: if the directory can't be read or written when training begins.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> import kcore
        >>> x = np.linspace(0, 1, 64, dtype="float32").reshape(-1, 1)
        >>> data = kcore.data.from_arrays(x, 2 * x - 1, seed=1)
        >>> model = kcore.models.compile_regression(kcore.models.linear(seed=2))
        >>> with tempfile.TemporaryDirectory() as run:
        ...     history = kcore.training.fit(model, data, epochs=2, resume=run, verbose=0)
        >>> history.epoch
        [0, 1]
    """
    path = check_path("resume", resume, "directory")
    epochs = check_integer("epochs", epochs)
    schedule = Schedule(
        optional_count("every", every),
        None if every_seconds is None else check_positive("every_seconds", every_seconds),
    )
    chosen = [] if callbacks is None else keras.tree.flatten(callbacks)
    _check_model(model)
    _check_data(data)
    check_validation_data(validation_data)
    check_division(data._maker.order)  # `model.fit` does so too, but a batch is used before
    check_weights_are_whole()
    check_callbacks(chosen)
    check_callbacks_of_processes(chosen)
    check_verbose(verbose)
    weights = check_class_weight(class_weight)
    options: dict[str, Any] = {
        "validation_batch_size": optional_count("validation_batch_size", validation_batch_size),
        "validation_steps": optional_count("validation_steps", validation_steps),
        "validation_freq": check_validation_freq(validation_freq),
    }
    # The keys of JSON are text.
    by_text = {str(label): weight for label, weight in weights.items()} if weights else None
    logs = build(model, data[0])
    is_first = process()[0] == 0
    with CheckpointDirectory(path, is_first) as directory, Interruption() as interruption:
        arguments = {"class_weight": by_text, **options}
        now = identity(model, data, validation_data, arguments, chosen, logs)
        checkpoint = directory.load()
        if checkpoint is not None:
            now = _checked(str(path), checkpoint, now)
        check_same_checkpoint(directory.number, path)
        verbose = verbose if is_first else 0
        runner = Resumable(
            own_callbacks(chosen),
            model=model,
            data=data,
            directory=directory,
            checkpoint=checkpoint,
            identity=now,
            schedule=schedule,
            interruption=interruption,
            epochs=epochs,
            verbose=verbose,
        )
        checkpoint = None  # it is as large as the model, and no longer needed once restored
        try:
            return model.fit(
                data,
                epochs=runner.first_epoch if runner.is_finished else epochs,
                initial_epoch=runner.first_epoch,
                callbacks=runner,
                verbose=verbose,
                shuffle=False,
                class_weight=weights,
                validation_data=validation_data,
                **options,
            )
        finally:
            runner.end()


def _checked(resume: str, checkpoint: Checkpoint, now: dict[str, Any]) -> dict[str, Any]:
    """Return the identity with which the run began, if this process may resume it."""
    saved: dict[str, Any] = checkpoint.description["identity"]
    check_identity(resume, saved, now, checkpoint.description["learning_rate"])
    return {**saved, "versions": now["versions"]}


def _check_model(model: Any) -> None:
    check_instance("model", model, keras.Model)
    if not getattr(model, "compiled", False):
        raise ValueError("model is not compiled: call model.compile first.")
    if not isinstance(model.optimizer, keras.optimizers.Optimizer):
        raise ValueError(f"model has optimizer={model.optimizer!r}: compile it with one of Keras.")
    others = [
        name
        for name, value in vars(model).items()
        if any(
            isinstance(one, keras.optimizers.Optimizer) and one is not model.optimizer
            for one in (value if isinstance(value, list | tuple) else [value])
        )
    ]
    if others:
        raise ValueError(
            f"model has other optimizers besides model.optimizer ({', '.join(others)}), whose "
            "state can't be resumed."
        )


def _check_data(data: Any) -> None:
    if not isinstance(data, ImageBatches):
        raise TypeError(
            f"data is of type {type(data).__name__}: give a dataset of kcore, whose order can be "
            "repeated. kcore.data.from_arrays(x, y, seed=...) makes one from arrays."
        )
    if not data.is_pure:
        raise ValueError(
            "data has a transform that may depend on earlier calls, which can't be resumed: mark "
            "it with kcore.data.pure if its result depends on its arguments alone."
        )
    if keras.config.max_steps_per_epoch():
        raise ValueError(
            f"keras.config.max_steps_per_epoch()={keras.config.max_steps_per_epoch()} cuts epochs, "
            "which can't be resumed: set it to None."
        )
