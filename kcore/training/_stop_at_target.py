"""Stop training when a metric has reached a target."""

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import keras
import numpy as np

from kcore._arguments import check_choice, check_finite, check_integer
from kcore._console import say
from kcore._logs import described, numbers_in
from kcore._warning import warn
from kcore.training._direction import Mode, infer_mode
from kcore.training._verbosity import check_verbosity

__all__ = ["StopAtTarget"]

_ALIASES = {"acc": "accuracy", "accuracy": "acc"}


class StopAtTarget(keras.callbacks.Callback):
    """Stop `fit` as soon as a metric reaches a target; reaching it exactly counts.

    A value reaches the target when it is at most (mode `"min"`) or at least (mode `"max"`) the
    target, both compared in float32, the precision in which Keras computes its metrics: 95 right
    answers out of 100 do reach `target=0.95`. A value that is NaN or infinite never does.

    Args:
        monitor: name of the metric in the logs: `"loss"`, `"accuracy"`, `"val_accuracy"`, …
        target: the value to reach, in the metric's own unit (accuracy is a fraction, 0..1).
        mode: `"min"` to stop at or below the target, `"max"` at or above it; `"auto"` infers it
            from the name of the metric.
        every: number of batches after which the metric is checked too; None checks it only at the
            end of each epoch. The value is then Keras's running mean since the epoch began. With
            `steps_per_execution` above 1, Keras reports the value less often, so it is checked less
            often.
        patience: number of consecutive epochs in which the target must be reached.
        start_from_epoch: index of the first epoch that may stop training; 0 is the first.
        verbose: 1 prints one line at the end that says why training was stopped, or why not; 0
            prints nothing. `reason` holds the sentence either way.

    Attributes:
        stopped_epoch: index of the epoch in which training was stopped (the first is 0), or `None`.
        stopped_batch: index of the batch, if `every` stopped training within an epoch.
        value: value of the metric that stopped training, or `None`.
        reason: one sentence that says why training was stopped, or why it was not.

    Raises:
        ValueError: if an argument is out of range. While training: if the logs don't contain
            `monitor` (the message lists the names that they contain), or if its value is not a
            single number, as for a metric that gives one for each class.

    Example:
        >>> import kcore
        >>> stop = kcore.training.StopAtTarget("accuracy", 0.95)
        >>> stop
        <StopAtTarget: accuracy of at least 0.95>
    """

    stopped_epoch: int | None
    stopped_batch: int | None
    value: float | None
    reason: str | None
    _streak: int
    _available: list[str]
    _seen: bool
    _is_checked: bool
    _best: float | None

    def __init__(
        self,
        monitor: str,
        target: float,
        *,
        mode: Literal["auto", "min", "max"] = "auto",
        every: int | None = None,
        patience: int = 1,
        start_from_epoch: int = 0,
        verbose: bool | int = 1,
    ) -> None:
        super().__init__()
        if not isinstance(monitor, str):
            raise ValueError(f"monitor={monitor!r} must be the name of a metric.")
        self.monitor = monitor
        self.target = check_finite("target", target)
        self.mode = _mode(monitor, mode)
        self.every = None if every is None else check_integer("every", every, minimum=1)
        self.patience = check_integer("patience", patience, minimum=1)
        self.start_from_epoch = check_integer("start_from_epoch", start_from_epoch, minimum=0)
        self.verbose = check_verbosity(verbose)
        self._check_batchwise()
        self._reset()

    def __repr__(self) -> str:
        bound = "at most" if self.mode == "min" else "at least"
        wanted = f"{self.monitor} of {bound} {self.target:g}"
        return f"<StopAtTarget: {wanted}{'; ' + self.reason if self.reason else ''}>"

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Forget what an earlier `fit` recorded."""
        self._reset()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Start to count batches again."""
        self._epoch = epoch
        self._next_batch = self.every or 0
        self._validated = False

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Check the running value if `every` asks for it."""
        logs = logs or {}
        self._refuse_alias(logs)
        self._refuse_several(logs)
        if self.every is None or batch + 1 < self._next_batch:
            return
        self._next_batch = batch + 1 + self.every
        value = self._read(logs)
        if self._reached(value) and self._epoch >= self.start_from_epoch:
            self.stopped_batch = self._last_real(batch)
            self._stop(self._epoch, value)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Check the value of the epoch."""
        logs = logs or {}
        self._available = sorted(logs)
        if self.stopped_epoch is not None or self._lacks_validation(logs):
            return
        value = self._read(logs)
        self._streak = self._streak + 1 if self._reached(value) else 0
        if self._streak >= self.patience and epoch >= self.start_from_epoch:
            self._stop(epoch, value)

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Note that this epoch validates, so that `val_` metrics must appear in its logs."""
        self._validated = True
        self._warned = True

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Print why training was stopped, or why not, after the last progress bar."""
        if not self._seen and self._is_validation_metric():
            raise ValueError(
                f"monitor={self.monitor!r} was never computed: fit ran no validation in the epochs "
                "that it had. Give it validation_data or validation_split, and more epochs than "
                f"validation_freq. The logs hold: {', '.join(self._available) or 'nothing'}."
            )
        if self.reason is None:
            self.reason = self._why_not()
        if self.verbose:
            say(f"StopAtTarget: {self.reason}")

    def _reset(self) -> None:
        self.stopped_epoch = None
        self.stopped_batch = None
        self.value = None
        self.reason = None
        self._epoch = 0
        self._next_batch = self.every or 0
        self._streak = 0
        self._validated = False
        self._warned = False
        self._seen = False
        self._is_checked = False
        self._best = None
        self._available = []

    def _check_batchwise(self) -> None:
        if self.every is None:
            return
        if self._is_validation_metric():
            raise ValueError(
                f"every={self.every} looks at batches, but monitor={self.monitor!r} is computed at "
                "the end of an epoch only. Leave `every` out."
            )
        if self.patience > 1:
            raise ValueError(
                f"patience={self.patience} counts epochs and every={self.every} looks at batches. "
                "Leave one of them out."
            )

    def _is_validation_metric(self) -> bool:
        return self.monitor.startswith("val_")

    def _lacks_validation(self, logs: Mapping[str, Any]) -> bool:
        """Tell whether a `val_` metric is absent because this epoch ran no validation.

        That is expected if `validation_freq` is above 1, and a mistake if `fit` was given no
        validation data. Before the first validation a callback can't tell which it is, so it warns
        once and decides at the end.
        """
        if self.monitor in logs or not self._is_validation_metric() or self._validated:
            return False
        if not self._warned:
            self._warned = True
            warn(
                f"StopAtTarget can't see {self.monitor!r} yet: no validation has run. "
                "Without validation_data or validation_split it never will."
            )
        return True

    def _refuse_alias(self, logs: Mapping[str, Any]) -> None:
        """Fail after the first batch, not after the first epoch, for `acc` against `accuracy`."""
        prefix = "val_" if self._is_validation_metric() else ""
        name = self.monitor.removeprefix("val_")
        if name not in logs and _ALIASES.get(name) in logs:
            raise ValueError(_missing(self.monitor, [prefix + known for known in logs]))

    def _refuse_several(self, logs: Mapping[str, Any]) -> None:
        """Fail after the first batch, also for a metric of the validation data.

        It has the same shape as that of the training data.
        """
        if not self._is_checked:
            self._is_checked = True
            value = logs.get(self.monitor.removeprefix("val_"))
            if math.prod(getattr(value, "shape", ())) != 1:
                raise ValueError(_no_number(self.monitor, value))

    def _read(self, logs: Mapping[str, Any]) -> float:
        if self.monitor not in logs:
            raise ValueError(_missing(self.monitor, logs))
        numbers = numbers_in(logs[self.monitor])
        if numbers is None or numbers.ndim:
            raise ValueError(_no_number(self.monitor, logs[self.monitor]))
        value = float(numbers)
        self._seen = True
        if math.isfinite(value) and (self._best is None or self._better(value, self._best)):
            self._best = value
        return value

    def _last_real(self, batch: int) -> int:
        """Return the batch, or the epoch's last one: an execution may be only partly filled."""
        steps = self.params.get("steps")
        return batch if steps is None else min(batch, steps - 1)

    def _better(self, value: float, other: float) -> bool:
        return value < other if self.mode == "min" else value > other

    def _reached(self, value: float) -> bool:
        if not math.isfinite(value):
            return False
        with np.errstate(over="ignore"):  # values beyond float32 become infinite
            value32, target32 = np.float32(value), np.float32(self.target)
        return bool(value32 <= target32 if self.mode == "min" else value32 >= target32)

    def _stop(self, epoch: int, value: float) -> None:
        self.stopped_epoch = epoch
        self.value = value
        self.model.stop_training = True
        where = f"epoch {epoch + 1}"
        if self.stopped_batch is not None:
            where += f", batch {self.stopped_batch + 1}"
        elif self.patience > 1:
            where += f", {self.patience} epochs in a row"
        self.reason = (
            f"stopped in {where}: {self.monitor} {self._number(value)} reached {self._goal()}."
        )

    def _goal(self) -> str:
        bound = "at most" if self.mode == "min" else "at least"
        return f"the target of {bound} {self.target:g}"

    def _number(self, value: float) -> str:
        """Format a value briefly, with more digits where a miss would look like the target."""
        short = f"{value:.6g}"
        is_misleading = float(short) == self.target and not self._reached(value)
        return f"{value:.10g}" if is_misleading else short

    def _why_not(self) -> str:
        if self._best is None:
            return f"not stopped: {self.monitor} was never a finite number."
        value = f"{self.monitor} {self._number(self._best)}"
        if not self._reached(self._best):
            return f"not stopped: the best value, {value}, did not reach {self._goal()}."
        demand = f"{self.patience} in a row, from epoch {self.start_from_epoch + 1} on"
        return f"not stopped: {value} reached {self._goal()}, but not in enough epochs ({demand})."


def _mode(monitor: str, mode: str) -> Mode:
    check_choice("mode", mode, ("auto", "min", "max"))
    if mode == "auto":
        return infer_mode(monitor)
    return mode  # type: ignore[return-value] # mypy does not narrow a str by membership


def _missing(monitor: str, available: Iterable[str]) -> str:
    names = sorted(available)
    message = f"monitor={monitor!r} is not among the logs, which hold: {', '.join(names)}."
    close = _suggest(monitor, names)
    if close:
        message += f" Did you mean {close!r}?"
    return message


def _no_number(monitor: str, value: object) -> str:
    return (
        f"monitor={monitor!r} is {described(value)} in the logs, not a single number to compare "
        "with the target. Let the metric give one, as "
        'keras.metrics.F1Score(average="macro") does, or monitor another.'
    )


def _suggest(monitor: str, names: list[str]) -> str | None:
    """Find the name that was meant; Keras 3 says `accuracy` where older code says `acc`."""
    prefix = "val_" if monitor.startswith("val_") else ""
    base = monitor.removeprefix("val_")
    alias = prefix + _ALIASES.get(base, "")
    if alias in names:
        return alias
    if base in _ALIASES:
        endings = ("_acc", "_accuracy")
        candidates = [n for n in names if n.endswith(endings) and n.startswith(prefix)]
        return next(iter(candidates), None)
    return next(iter(difflib.get_close_matches(monitor, names, n=1)), None)
