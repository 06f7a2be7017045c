"""What processes that train one model together have to agree on, and which of them writes files."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kcore.data._division import process

__all__ = [
    "check_callbacks_of_processes",
    "check_same_checkpoint",
    "check_weights_are_whole",
    "own_callbacks",
]


class _Silenced(keras.callbacks.Callback):
    """Takes the place of a `CSVLogger` in all processes but the first."""

    def get_state(self) -> None:
        """Return nothing, as the first process saves the state."""

    def set_state(self, state: Any) -> None:
        """Do nothing."""


def own_callbacks(callbacks: Sequence[Any]) -> list[Any]:
    """Return the callbacks, without those that write files unless this is the first process."""
    if process()[0] == 0:
        return list(callbacks)
    logger = keras.callbacks.CSVLogger
    return [_Silenced() if isinstance(each, logger) else each for each in callbacks]


def check_callbacks_of_processes(callbacks: Sequence[Any]) -> None:
    """Raise a ValueError for a callback with which several processes can't train together."""
    if process()[1] == 1:
        return
    for callback in callbacks:
        is_checkpoint = isinstance(callback, keras.callbacks.ModelCheckpoint)
        if is_checkpoint or getattr(callback, "needs_one_process", False):
            raise ValueError(
                f"callbacks holds {type(callback).__name__}, whose files several processes would "
                "write at the same time: leave it out. The checkpoints in resume hold the model; "
                "after training, save it with kcore.models.save in the first process."
            )


def check_weights_are_whole() -> None:
    """Raise a ValueError if no single process holds all weights, so that none can save them."""
    distribution = keras.distribution.distribution()
    is_divided = isinstance(distribution, keras.distribution.ModelParallel)
    if is_divided and getattr(distribution, "num_processes", 1) > 1:
        raise ValueError(
            "keras.distribution divides the weights among several processes, so that none of them "
            "can save a checkpoint: use keras.distribution.DataParallel, which "
            "kcore.training.distribute sets."
        )


def check_same_checkpoint(number: int, directory: Path) -> None:
    """Wait for all processes, and make sure that they resume from the same checkpoint.

    Args:
        number: number of the checkpoint from which this process resumes, 0 for none.
        directory: where it looked for checkpoints.

    Raises:
        RuntimeError: if another process resumes from another one.
    """
    count = process()[1]
    if count == 1:
        return
    if _difference(number, len(keras.distribution.list_devices()) // count):
        raise RuntimeError(
            f"The processes would resume from different checkpoints, this one from number {number} "
            f"in resume={os.fspath(directory)!r}: it must be a directory that all hosts share."
        )


def _difference(number: int, devices: int) -> float:
    """Return the difference between the largest and the smallest number of all processes."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
    model.compile(loss=_range)
    numbers = np.full((devices, 1), number, np.float32)
    return float(model.test_on_batch(numbers, numbers))


def _range(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.max(y_true) - keras.ops.min(y_true)
