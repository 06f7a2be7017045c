"""Save training while `fit` runs, and restore it to where it was saved."""

import os
import time
from collections.abc import Sequence
from typing import Any

import keras

from kcore._console import say
from kcore._warning import warn
from kcore.data._image_batches import ImageBatches
from kcore.data._resumption import skip_batches
from kcore.training._callback_states import CallbackStates
from kcore.training._checkpoint_directory import CheckpointDirectory
from kcore.training._checkpoint_file import Checkpoint
from kcore.training._interruption import Interruption
from kcore.training._model_state import arrays_of, assign, describe_variables, learning_rate
from kcore.training._plain_values import decoded, encoded, is_plain
from kcore.training._schedule import Schedule

__all__ = ["Resumable"]


class Resumable(keras.callbacks.CallbackList):
    """The callbacks of a `fit` that saves its state, or that resumes from a saved one.

    `fit` runs unchanged. To resume within an epoch, it is led past the steps that were done: the
    model's `train_function` is replaced by one that does nothing for these calls, the callbacks
    don't hear of these calls, and the dataset serves the batches after them.

    Args:
        callbacks: the callbacks of the user.
        model: the model, whose variables exist.
        data: the dataset.
        directory: where checkpoints are written.
        checkpoint: what to resume from, or None.
        identity: what must not change between runs.
        schedule: when to save.
        interruption: signals that end the training.
        epochs: the number of epochs.
        verbose: as for `fit`.
    """

    def __init__(
        self,
        callbacks: Sequence[Any],
        *,
        model: Any,
        data: ImageBatches,
        directory: CheckpointDirectory,
        checkpoint: Checkpoint | None,
        identity: dict[str, Any],
        schedule: Schedule,
        interruption: Interruption,
        epochs: int,
        verbose: Any,
    ) -> None:
        super().__init__(
            list(callbacks),
            add_history=True,
            add_progbar=verbose != 0,
            model=model,
            epochs=epochs,
            steps=len(data),
            verbose=verbose,
        )
        # On JAX, `self.model` brings the variables up to date each time, which takes a while.
        self._trained = model
        self._data, self._directory, self._checkpoint = data, directory, checkpoint
        self._identity, self._schedule, self._interruption = identity, schedule, interruption
        self._epochs = epochs
        position = {
            "epoch": 0,
            "batch": 0,
            "first_data_epoch": data.epoch,
            "data_epoch": data.epoch,
            "stopped": False,
        }
        self._saved = position if checkpoint is None else checkpoint.description["position"]
        self._check_epochs()
        # Not the progress bar, which `verbose` decides on.
        bar = keras.callbacks.ProgbarLogger
        self._states = CallbackStates([one for one in self.callbacks if not isinstance(one, bar)])
        self._logs: dict[str, Any] = {}
        self._train: Any = None
        self._skipped = 0
        self._epoch = self.first_epoch

    @property
    def first_epoch(self) -> int:
        """The epoch with which `fit` begins, from 0."""
        return int(self._saved["epoch"])

    @property
    def is_finished(self) -> bool:
        """Whether all epochs were done, or a callback had stopped the training."""
        return bool(self._saved["stopped"]) or self.first_epoch >= self._epochs

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin; a new run writes its first checkpoint, so that errors are found early."""
        loggers = []
        if self._checkpoint is not None:
            loggers = self._states.prepare_files(self._checkpoint.description["callbacks"])
        super().on_train_begin(logs)
        for logger in loggers:
            logger.append = False
        if self._checkpoint is None:
            if self._directory.is_written:
                self._directory.save(self._snapshot(0, 0))
            self._schedule.note_saved()
        elif self.is_finished:
            self._restore(self._checkpoint)
            self._data.epoch = int(self._saved["data_epoch"])
            self._checkpoint = None

    def on_train_end(self, logs: Any = None) -> None:
        """Tell the callbacks; `fit` has no logs if training was finished before."""
        super().on_train_end(logs or self._logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begin an epoch, the first one of a resumed run where it was left."""
        self._epoch = epoch
        self._data.epoch = int(self._saved["first_data_epoch"]) + epoch
        checkpoint, self._checkpoint = self._checkpoint, None
        batch = 0 if checkpoint is None else int(self._saved["batch"])
        # A checkpoint between two epochs was made before, one within an epoch after this call.
        if checkpoint is not None and not batch:
            self._restore(checkpoint)
        super().on_epoch_begin(epoch, logs)
        if checkpoint is not None and batch:
            self._restore(checkpoint)
            self._skip(batch)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Tell the callbacks, unless the batch is skipped."""
        if batch >= self._skipped:
            super().on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Tell the callbacks, unless the batch is skipped, and save if it is time."""
        if batch < self._skipped:
            return
        super().on_train_batch_end(batch, logs)
        self._schedule.count(self._trained.steps_per_execution)
        # After the last batch, and if a callback has stopped the epoch, its end comes at once.
        if batch + 1 >= len(self._data) or self._trained.stop_training:
            return
        if self._interruption.received or self._schedule.is_due():
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Tell the callbacks, and save if it is time or training ends."""
        super().on_epoch_end(epoch, logs)
        self._logs = {name: value for name, value in (logs or {}).items() if is_plain(value)}
        self._skipped = 0
        ends = self._trained.stop_training or epoch + 1 >= self._epochs
        if ends or self._interruption.received or self._schedule.is_due():
            self._save(epoch + 1, 0)

    def end(self) -> None:
        """Give the model its own `train_function` back, if an error came before that."""
        if self._train is not None:
            self._trained.train_function, self._train = self._train, None

    def _check_epochs(self) -> None:
        epoch, batch, end = self.first_epoch, int(self._saved["batch"]), self._epochs
        begun = epoch + bool(batch)
        if begun > end:
            raise ValueError(
                f"epochs={end}, but the training run in resume="
                f"{os.fspath(self._directory.path)!r} is in epoch {begun}: give at least "
                f"epochs={begun}, or another directory."
            )
        swaps = getattr(keras.callbacks, "SwapEMAWeights", ())
        if (
            begun
            and epoch == int(self._saved["epochs"]) < end
            and any(isinstance(one, swaps) and one.swap_on_epoch for one in self.callbacks)
        ):
            raise ValueError(
                f"epochs={end}: the training run in resume={os.fspath(self._directory.path)!r} "
                f"ended with epochs={epoch}, and SwapEMAWeights(swap_on_epoch=True) then replaced "
                "the weights by their averages, so it can't continue. Give another directory."
            )

    def _skip(self, batch: int) -> None:
        """Let `fit` pass over the batches before one."""
        model, self._skipped = self._trained, batch
        skip_batches(self._data, batch)
        self._train, left = model.train_function, batch // model.steps_per_execution

        def skip(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if not left:
                self.end()
            # JAX gives (state, iterator) and expects (logs, state), TensorFlow gives (iterator).
            return ({}, arguments[0]) if len(arguments) == 2 else {}

        model.train_function = skip

    def _snapshot(self, epoch: int, batch: int) -> Checkpoint:
        arrays = arrays_of(self.model)
        count = len(arrays)
        self._check_variables()
        description = {
            "identity": self._identity,
            "position": {
                **self._saved,
                "epoch": epoch,
                "batch": batch,
                "epochs": self._epochs,
                "data_epoch": self._data.epoch,
                "stopped": bool(self._trained.stop_training),
            },
            "learning_rate": learning_rate(self._trained.optimizer),
            "variables": count,
            "logs": encoded(self._logs, arrays),
            "callbacks": self._states.described(arrays),
        }
        return Checkpoint(description, arrays)

    def _check_variables(self) -> None:
        """Raise an error if a checkpoint wouldn't fit the model of a new process."""
        if describe_variables(self._trained) != self._identity["model"]["variables"]:
            raise ValueError(
                "The variables of model changed during training, which can't be resumed: build all "
                "layers and metrics and choose which layers are trainable before training begins. "
                "To train in phases, make a call for each, with its own directory."
            )

    def _restore(self, checkpoint: Checkpoint) -> None:
        description, arrays = checkpoint.description, list(checkpoint.arrays)
        # Between epochs `fit` resets the metrics, whose old values only look like a running epoch.
        within_epoch = bool(description["position"]["batch"])
        assign(self._trained, arrays[: description["variables"]], with_metrics=within_epoch)
        self._states.restore(description["callbacks"], arrays)
        self._logs = decoded(description["logs"], arrays)
        self._trained.stop_training = bool(description["position"]["stopped"])

    def _save(self, epoch: int, batch: int) -> None:
        """Save; then act on a signal."""
        begin = time.perf_counter()
        outcome = self._saved_or_not(epoch, batch)
        self._schedule.note_saved(time.perf_counter() - begin)
        if self._interruption.received:
            name = self._interruption.received.name
            say(
                f"\nTraining received {name} before epoch {epoch + 1}, batch {batch + 1}; "
                f"{outcome}. Start the same script again to resume from there."
            )
            self._interruption.act()

    def _saved_or_not(self, epoch: int, batch: int) -> str:
        """Save, or warn that it failed, and return what has happened."""
        where = f"resume={os.fspath(self._directory.path)!r}"
        if not self._directory.is_written:
            return f"process 0 saves it in {where}"
        try:
            self._directory.save(self._snapshot(epoch, batch))
        except OSError as error:
            warn(
                f"Training could not be saved in {where}: {error}. The last checkpoint is kept. "
                "Training continues and tries to save again later.",
                RuntimeWarning,
            )
            return f"it could not be saved in {where} ({error}), whose last checkpoint is kept"
        return f"it is saved in {where}"
