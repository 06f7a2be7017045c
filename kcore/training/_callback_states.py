"""The states of callbacks: read at a checkpoint, and given back to those of a new process."""

import inspect
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._warning import warn
from kcore.training._plain_values import decoded, encoded, is_plain

__all__ = ["check_callbacks", "describe", "prepare_files", "restore", "settings_of"]

Arrays = list[npt.NDArray[Any]]

# What `fit` gives to every callback.
_GIVEN = frozenset({"params", "model", "_model", "validation_data"})
_CSV_SIZE = "kcore: size of the file"
_REMEDIES = {
    "BackupAndRestore": "leave it out, as this function does its work",
    "OrbaxCheckpoint": "leave it out, as this function does its work",
    "TensorBoard": "use keras.callbacks.CSVLogger, as event files can't be rolled back to a "
    "checkpoint",
}


def check_callbacks(callbacks: Sequence[Any]) -> None:
    """Raise an error for a callback that can't be resumed, and warn of state that is not saved."""
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                f"callbacks holds an object of type {type(callback).__name__}: give callbacks of "
                "Keras, which are instances of keras.callbacks.Callback."
            )
        for name, remedy in _REMEDIES.items():
            kind = getattr(keras.callbacks, name, None)
            if kind is not None and isinstance(callback, kind):
                raise ValueError(f"callbacks holds {name}, which can't be resumed: {remedy}.")
        _warn_of_unsaved(callback)


def settings_of(callback: Any) -> dict[str, Any]:
    """Return the plain attributes that a callback's constructor has arguments for."""
    return {name: value for name, value in _plain(callback).items() if name in _arguments(callback)}


def describe(callbacks: Sequence[Any], settings: Sequence[Any], arrays: Arrays) -> list[Any]:
    """Return the states of callbacks for JSON; arrays are appended to `arrays`.

    Args:
        callbacks: the callbacks.
        settings: `settings_of` each at the beginning of `fit`.
        arrays: where arrays go.
    """
    return [
        {
            "name": type(callback).__name__,
            "settings": encoded(its, arrays),
            "state": encoded(_state(callback), arrays),
        }
        for callback, its in zip(callbacks, settings, strict=True)
    ]


def prepare_files(callbacks: Sequence[Any], states: Sequence[Any], arrays: Arrays) -> list[Any]:
    """Cut the files of loggers to what they were, and return the loggers that must append.

    It is called before `on_train_begin`, in which a logger opens its file.
    """
    loggers = []
    for callback, state in zip(callbacks, states, strict=True):
        if isinstance(callback, keras.callbacks.CSVLogger) and not callback.append:
            size = decoded(state["state"], arrays)[_CSV_SIZE]
            _cut(callback.filename, size)
            callback.append = True
            loggers.append(callback)
        elif isinstance(callback, keras.callbacks.CSVLogger):
            _cut(callback.filename, decoded(state["state"], arrays)[_CSV_SIZE])
    return loggers


def restore(
    callbacks: Sequence[Any], settings: Sequence[Any], states: Sequence[Any], arrays: Arrays
) -> None:
    """Give callbacks the states that `describe` has read.

    A setting that training has not changed, such as `patience`, stays as the script has it.
    """
    for callback, now, written in zip(callbacks, settings, states, strict=True):
        before = decoded(written["settings"], arrays)
        state = decoded(written["state"], arrays)
        if _has_own(callback):
            callback.set_state(state)
            continue
        state.pop(_CSV_SIZE, None)
        for name, value in state.items():
            is_setting = name in before and name in now and _same(before[name], value)
            if not is_setting:
                setattr(callback, name, value)
            elif not _same(now[name], value):
                warn(
                    f"{type(callback).__name__} continues with {name}={now[name]!r}; it was "
                    f"{value!r} until now."
                )


def _state(callback: Any) -> Any:
    if _has_own(callback):
        return callback.get_state()
    state = _plain(callback)
    if isinstance(callback, keras.callbacks.CSVLogger):
        state[_CSV_SIZE] = _size(callback.filename)
        state.pop("append")
        state.pop("append_header", None)
    return state


def _has_own(callback: Any) -> bool:
    return hasattr(callback, "get_state") and hasattr(callback, "set_state")


def _plain(callback: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(callback).items()
        if name not in _GIVEN and is_plain(value)
    }


def _arguments(callback: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(type(callback).__init__).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _warn_of_unsaved(callback: Any) -> None:
    package = type(callback).__module__.split(".")[0]
    if package in ("keras", "kcore") or _has_own(callback):
        return
    unsaved = [
        name
        for name, value in vars(callback).items()
        if name not in _GIVEN and not is_plain(value) and not callable(value)
    ]
    if unsaved:
        warn(
            f"{type(callback).__name__} has attributes that checkpoints don't save: "
            f"{', '.join(unsaved)}. If training changes them, give the class the methods "
            "get_state() and set_state(state)."
        )


def _size(path: str) -> int:
    return Path(path).stat().st_size if Path(path).exists() else 0


def _cut(path: str, size: int) -> None:
    """Remove the rows that were written after the checkpoint; they will be written again."""
    found = _size(path)
    if found < size:
        raise ValueError(
            f"filename={path!r} of CSVLogger holds {found:,} bytes, but held {size:,} at the "
            "checkpoint: put the file back, or give another directory for resume."
        )
    if found > size:
        os.truncate(path, size)


def _same(one: Any, other: Any) -> bool:
    try:
        return type(one) is type(other) and bool(np.all(one == other))
    except ValueError:
        return False
