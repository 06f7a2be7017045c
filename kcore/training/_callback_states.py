"""The states of callbacks: read at a checkpoint, and given back to those of a new process."""

import enum
import functools
import hashlib
import inspect
import json
import logging
import os
import re
import types
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import keras
import numpy.typing as npt

from kcore._warning import warn
from kcore.training._plain_values import decoded, encoded, is_plain, is_variable

__all__ = ["CallbackStates", "check_callbacks"]

Arrays = list[npt.NDArray[Any]]

# What `fit` gives to every callback.
_GIVEN = frozenset({"params", "model", "_model", "validation_data"})
_REMEDIES = {
    "BackupAndRestore": "leave it out, as this function does its work",
    "OrbaxCheckpoint": "leave it out, as this function does its work",
    "TensorBoard": "use keras.callbacks.CSVLogger, as event files can't be rolled back to a "
    "checkpoint",
}
# What `monitor_op` of Keras's callbacks can be. It is chosen when it is None, and together with it
# the sign of `min_delta`.
_COMPARISONS = {"less": keras.ops.less, "greater": keras.ops.greater}
_UNCHANGING = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    functools.partial,
    type,
    enum.Enum,
    logging.Logger,
    PurePath,
    re.Pattern,
)


def check_callbacks(callbacks: Sequence[Any]) -> None:
    """Raise an error for a callback that can't be resumed."""
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback) or isinstance(
            callback, keras.callbacks.CallbackList
        ):
            raise TypeError(
                f"callbacks holds an object of type {type(callback).__name__}: give a list of "
                "callbacks of Keras, which are instances of keras.callbacks.Callback."
            )
        for name, remedy in _REMEDIES.items():
            kind = getattr(keras.callbacks, name, None)
            if kind is not None and isinstance(callback, kind):
                raise ValueError(f"callbacks holds {name}, which can't be resumed: {remedy}.")


class CallbackStates:
    """The states of the callbacks of a `fit`.

    A *setting* is a plain attribute for which the constructor has an argument. One that the
    training hasn't changed stays as the script has it.

    Args:
        callbacks: the callbacks, before `fit` begins.
    """

    def __init__(self, callbacks: Sequence[Any]) -> None:
        self._callbacks = callbacks
        self._settings = [_settings_of(callback) for callback in callbacks]
        self._warned: set[tuple[int, str]] = set()

    def described(self, arrays: Arrays) -> list[Any]:
        """Return the states for JSON; arrays are appended to `arrays`."""
        return [
            {
                "name": type(callback).__name__,
                "settings": its,
                "state": self._encoded(number, arrays),
                "size": _size(callback.filename) if _is_logger(callback) else None,
            }
            for number, (callback, its) in enumerate(
                zip(self._callbacks, self._settings, strict=True)
            )
        ]

    def prepare_files(self, states: Sequence[Any]) -> list[Any]:
        """Cut the files of loggers to what they were, and return the loggers that must append.

        It is called before `on_train_begin`, in which a logger opens its file.
        """
        loggers = []
        for callback, written in zip(self._callbacks, states, strict=True):
            if _is_logger(callback):
                _cut(callback.filename, written["size"])
                if not callback.append:
                    callback.append = True
                    loggers.append(callback)
        return loggers

    def restore(self, states: Sequence[Any], arrays: Arrays) -> None:
        """Give the callbacks what `described` has returned."""
        for callback, now, written in zip(self._callbacks, self._settings, states, strict=True):
            state = decoded(written["state"], arrays)
            if _has_own(callback):
                callback.set_state(state)
                continue
            comparison = state.pop("monitor_op", None)
            if comparison in _COMPARISONS:
                callback.monitor_op = _COMPARISONS[comparison]
            for name, value in state.items():
                _put(callback, name, value)
            for name in written["settings"].keys() & now.keys():
                if now[name] != written["settings"][name]:
                    _say_changed(callback, name, now[name], written["settings"][name], state)

    def _encoded(self, number: int, arrays: Arrays) -> Any:
        callback, settings = self._callbacks[number], self._settings[number]
        if _has_own(callback):
            try:
                return encoded(callback.get_state(), arrays)
            except TypeError as error:
                raise TypeError(f"{type(callback).__name__}.get_state(): {error}") from error
        state = {
            name: value
            for name, value in _plain(callback).items()
            if name not in settings or _summary(value) != settings[name]
        }
        for name, value in _own(callback).items():
            if is_variable(value):
                state[name] = keras.ops.convert_to_numpy(value)
        for name, function in _COMPARISONS.items():
            if getattr(callback, "monitor_op", None) is function:
                state["monitor_op"] = name
        if _is_logger(callback):  # `on_train_begin` sets them by what the file holds
            for name in ("append", "append_header"):
                state.pop(name, None)
        self._warn_of_unsaved(number)
        return encoded(state, arrays)

    def _warn_of_unsaved(self, number: int) -> None:
        callback = self._callbacks[number]
        if type(callback).__module__.split(".")[0] in ("keras", "kcore"):
            return
        unsaved = [
            name
            for name, value in _own(callback).items()
            if not (
                is_plain(value)
                or is_variable(value)
                or isinstance(value, _UNCHANGING)
                or value is vars(callback).get("_model")
                or (number, name) in self._warned
            )
        ]
        if unsaved:
            self._warned.update((number, name) for name in unsaved)
            warn(
                f"{type(callback).__name__} has attributes that checkpoints don't save: "
                f"{', '.join(unsaved)}. If training changes them, give the class the methods "
                "get_state() and set_state(state)."
            )


def _settings_of(callback: Any) -> dict[str, list[str]]:
    """Return summaries of the plain attributes that a callback's constructor has arguments for."""
    makers = [vars(kind).get("__init__") for kind in type(callback).__mro__]
    names = {
        name
        for maker in makers
        if isinstance(maker, types.FunctionType)
        for name in inspect.signature(maker).parameters
    }
    return {name: _summary(value) for name, value in _plain(callback).items() if name in names}


def _summary(value: Any) -> list[str]:
    """Return a hash of a plain value, and a short text for it."""
    arrays: Arrays = []
    digest = hashlib.sha256(json.dumps(encoded(value, arrays)).encode())
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return [digest.hexdigest(), repr(value) if len(repr(value)) <= 60 else f"{value!r:.57}..."]


def _say_changed(
    callback: Any, name: str, now: list[str], before: list[str], state: Mapping[str, Any]
) -> None:
    """Warn of a setting that the script has changed since training began."""
    kind = type(callback).__name__
    if name in state:
        warn(
            f"{kind} continues with {name}={state[name]!r:.60}, to which training has changed it, "
            f"and not with {now[1]}; it began with {before[1]}."
        )
    else:
        warn(f"{kind} continues with {name}={now[1]}; it was {before[1]} until now.")


def _put(callback: Any, name: str, value: Any) -> None:
    """Set an attribute, in place where others may hold the same object."""
    now: Any = getattr(callback, name, None)
    if is_variable(now):
        now.assign(value)
    elif type(now) is list and type(value) is list:
        now[:] = value
    elif type(now) is type(value) and type(now) in (dict, set):
        now.clear()
        now.update(value)
    else:
        setattr(callback, name, value)


def _own(callback: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(callback).items() if name not in _GIVEN}


def _plain(callback: Any) -> dict[str, Any]:
    return {name: value for name, value in _own(callback).items() if is_plain(value)}


def _has_own(callback: Any) -> bool:
    return hasattr(callback, "get_state") and hasattr(callback, "set_state")


def _is_logger(callback: Any) -> bool:
    return isinstance(callback, keras.callbacks.CSVLogger)


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
