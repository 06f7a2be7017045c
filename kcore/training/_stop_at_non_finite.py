"""Stop training when the loss is no longer a finite number."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore._console import say
from kcore._logs import numbers_in
from kcore.data._callers import running_fit
from kcore.data._image_batches import ImageBatches
from kcore.training._model_state import training_variables
from kcore.training._verbosity import check_verbosity

__all__ = ["StopAtNonFinite"]

_STATE = (
    "stopped_epoch",
    "stopped_batch",
    "indices",
    "reason",
    "_epoch",
    "_next",
    "_copied",
    "_copy",
    "_where",
    "_begin",
)


class StopAtNonFinite(keras.callbacks.Callback):
    """Stop `fit` when the loss is NaN or infinite, and restore the last finite weights.

    `keras.callbacks.TerminateOnNaN` leaves a model whose weights are NaN. This callback copies the
    weights and the optimizer's variables from time to time, and restores the last copy in which all
    numbers are finite. It names the batch and, with a dataset of `kcore`, the samples in it, so
    that `dataset.indices` and `dataset.replay` return exactly that batch again.

    With `steps_per_execution` above 1, Keras reports the loss of several batches at once, so all of
    these batches are named. If the loss is NaN although the samples are finite, an earlier step has
    ruined the weights, for instance because the learning rate is too high.

    Args:
        every: number of batches between two copies. A copy is also made at the beginning of each
            epoch. A smaller number loses fewer steps and takes more time.
        verbose: 1 prints `reason` when training ends; 0 prints nothing.

    Attributes:
        stopped_epoch: index of the epoch in which the loss was not finite, or None.
        stopped_batch: index of the batch in that epoch, the first if there are several, or None.
        indices: the indices of the samples, int64 of shape (samples,); None if the data are not a
            dataset of `kcore`, or if `fit` shuffles its batches.
        reason: a sentence that says where the loss was not finite, and which weights the model has
            now; None if the loss was always finite.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> import kcore
        >>> kcore.training.StopAtNonFinite(every=50)
        <StopAtNonFinite: a copy every 50 batches>
    """

    stopped_epoch: int | None
    stopped_batch: int | None
    indices: npt.NDArray[np.int64] | None
    reason: str | None

    def __init__(self, every: int = 100, *, verbose: bool | int = 1) -> None:
        super().__init__()
        self.every = check_integer("every", every)
        self.verbose = check_verbosity(verbose)
        self._reset()

    def __repr__(self) -> str:
        reason = f"; {self.reason}" if self.reason else ""
        return f"<StopAtNonFinite: a copy every {self.every} batches{reason}>"

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Forget what an earlier `fit` recorded."""
        self._reset()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Copy the weights."""
        self._epoch, self._begin, self._next, self._copied = epoch, 0, 0, 0
        if self.model.optimizer.built:
            self._keep(f"the beginning of epoch {epoch + 1}")

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Stop if the loss is not finite; otherwise copy the weights if a copy is due."""
        loss = numbers_in((logs or {}).get("loss"))
        if loss is not None and not np.isfinite(loss).all():
            self._stop(self._next, batch, f"loss is {float(np.ravel(loss)[0])}")
        elif batch + 1 - self._copied >= self.every:
            self._keep(f"epoch {self._epoch + 1}, batch {batch + 1}")
            self._copied = batch + 1
        self._begin, self._next = self._next, batch + 1

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Stop if the last batch has broken the weights, which its own loss doesn't show."""
        weights = (variable.value for variable in self.model.trainable_variables)
        if self.reason is None and not all(_is_finite(weight) for weight in weights):
            self._stop(self._begin, self._next - 1, "the weights are not finite after it")

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Print why training was stopped."""
        if self.verbose and self.reason is not None:
            say(f"StopAtNonFinite: {self.reason}")

    def get_state(self) -> dict[str, Any]:
        """Return what is to be saved by `kcore.training.fit`, with the copy of the weights."""
        return {name: getattr(self, name) for name in _STATE}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on with what `get_state` has returned."""
        for name in _STATE:
            setattr(self, name, state[name])

    def _reset(self) -> None:
        self.stopped_epoch = self.stopped_batch = self.indices = self.reason = None
        self._epoch = self._begin = self._next = self._copied = 0
        self._copy: list[npt.NDArray[Any]] | None = None
        self._where = ""

    def _keep(self, where: str) -> None:
        copy = [
            np.array(keras.ops.convert_to_numpy(variable.value))
            for variable in training_variables(self.model)
        ]
        if all(_is_finite(array) for array in copy):
            self._copy, self._where = copy, where

    def _stop(self, first: int, last: int, what: str) -> None:
        end = min(last + 1, self.params.get("steps") or last + 1)
        numbers = range(min(first, end - 1), end)
        self.stopped_epoch, self.stopped_batch = self._epoch, numbers[0]
        self.indices = _samples(numbers)
        restored = "no weights were restored, as none were finite"
        if self._copy is not None:
            variables = training_variables(self.model)
            for variable, array in zip(variables, self._copy, strict=True):
                variable.assign(array)
            restored = f"the weights are those of {self._where}"
        self.model.stop_training = True
        several = f" to {numbers[-1] + 1}" if len(numbers) > 1 else ""
        self.reason = (
            f"stopped in epoch {self._epoch + 1}, batch {numbers[0] + 1}{several}: {what}; "
            f"{restored}."
        )


def _samples(numbers: range) -> npt.NDArray[np.int64] | None:
    """Return the samples of batches of the running `fit`, or None if they are unknown."""
    arguments = running_fit() or {}
    data = arguments.get("x")
    if not isinstance(data, ImageBatches) or arguments.get("steps_per_epoch"):
        return None
    # A dataset that doesn't shuffle itself is shuffled by `fit`, with Python's random state.
    if arguments.get("shuffle") and not data._maker.order.shuffle:
        return None
    return np.concatenate([data.indices(number) for number in numbers if number < len(data)])


def _is_finite(array: npt.NDArray[Any]) -> bool:
    numbers = numbers_in(array)
    return numbers is None or bool(np.isfinite(numbers).all())
