"""What processes that train one model together have to agree on, and which of them writes files."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kcore.data._division import process

__all__ = ["check_same_checkpoint", "check_weights_are_whole", "writers_silenced"]


class _Silenced(keras.callbacks.Callback):
    """Takes the place of a callback that writes files, in all processes but the first."""

    def get_state(self) -> None:
        """Return nothing, as the first process saves the state."""

    def set_state(self, state: Any) -> None:
        """Do nothing."""


def writers_silenced(callbacks: Sequence[Any]) -> list[Any]:
    """Return the callbacks, without those that write files unless this is the first process."""
    if process()[0] == 0:
        return list(callbacks)
    return [_Silenced() if _writes(callback) else callback for callback in callbacks]


def _writes(callback: Any) -> bool:
    of_keras = (keras.callbacks.CSVLogger, keras.callbacks.ModelCheckpoint)
    return isinstance(callback, of_keras) or getattr(callback, "writes_files", False)


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
