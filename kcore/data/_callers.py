"""Find out who asks a dataset for batches: Keras, in which call and for what, or a user.

Keras wraps a `PyDataset` in an adapter: one for the training of a `fit`, one for its validation,
one for each `evaluate` and `predict`. They all call the same methods of the dataset, without saying
who they are. Which batches are due depends on the caller, so it is read from the call stack: the
adapter is the object whose method makes the call, and the arguments of the running public method of
`keras.Model` say what it is for.
"""

import inspect
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import keras

__all__ = [
    "Asker",
    "Call",
    "asker",
    "is_called_by_fit",
    "is_fitted",
    "running_call",
    "running_fit",
]

_STEPS = {"fit": "steps_per_epoch", "evaluate": "steps", "predict": "steps"}


@dataclass(frozen=True)
class Asker:
    """The object that calls a method of a dataset.

    Attributes:
        adapter: the Keras object whose method makes the call.
        iterates: whether the caller is a generator, which serves one pass over the batches;
            otherwise Keras only looks at batches to learn their shapes.
    """

    adapter: Any
    iterates: bool


@dataclass(frozen=True)
class Call:
    """A running call of `fit`, `evaluate` or `predict`.

    Attributes:
        name: name of the method.
        frame: identifies the call while it runs.
        instruction: how far the call has progressed.
        trains: whether it is a `fit` whose argument `x` is the dataset.
        steps: its argument `steps_per_epoch` or `steps`.
        validation_steps: the argument of `fit`; None for other methods.
        steps_per_execution: how many steps the model runs at a time.
    """

    name: str
    frame: int
    instruction: int
    trains: bool
    steps: int | None
    validation_steps: int | None
    steps_per_execution: int


def asker(frame: FrameType) -> Asker | None:
    """Return the caller whose method runs in a frame, or None if it is not a method of Keras."""
    adapter = frame.f_locals.get("self")
    if adapter is None or not str(frame.f_globals.get("__name__")).startswith("keras."):
        return None
    return Asker(adapter, bool(frame.f_code.co_flags & inspect.CO_GENERATOR))


def running_call(dataset: object) -> Call | None:
    """Return the innermost call of `fit`, `evaluate` or `predict` on this thread's stack.

    Args:
        dataset: the dataset whose method was called.
    """
    names = _codes()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = names.get(frame.f_code)
        if name is not None:
            return _call(name, frame, dataset)
        frame = frame.f_back
    return None


def running_fit() -> dict[str, Any] | None:
    """Return the arguments of `fit`, if it is the innermost call of Keras on this stack."""
    names = _codes()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code not in names:
        frame = frame.f_back
    is_fit = frame is not None and names[frame.f_code] == "fit"
    return dict(frame.f_locals) if frame is not None and is_fit else None


def is_fitted(dataset: object) -> bool:
    """Return whether some thread runs a `fit` with this dataset as its training data."""
    return _some_fit(lambda arguments: arguments.get("x") is dataset)


def is_called_by_fit(callback: object) -> bool:
    """Return whether some thread runs a `fit` with this callback."""
    return _some_fit(lambda arguments: _has_callback(arguments.get("callbacks"), callback))


def _has_callback(callbacks: Any, callback: object) -> bool:
    # What was given, or what Keras has replaced it with.
    listed = getattr(callbacks, "callbacks", callbacks)
    return any(one is callback for one in keras.tree.flatten(listed))


def _some_fit(fulfills: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Return whether the arguments of a `fit` that runs in any thread meet a condition."""
    frames = sys._current_frames()
    # A frame that refers to itself would keep all its variables until the next garbage collection.
    frames[threading.get_ident()] = sys._getframe(1)
    return any(_is_within_fit(frame, fulfills) for frame in frames.values())


def _is_within_fit(frame: FrameType | None, fulfills: Callable[[Mapping[str, Any]], bool]) -> bool:
    fit = _code("fit")
    while frame is not None:
        if frame.f_code is fit and fulfills(frame.f_locals):
            return True
        frame = frame.f_back
    return False


def _call(name: str, frame: FrameType, dataset: object) -> Call:
    arguments = frame.f_locals
    return Call(
        name,
        id(frame),
        frame.f_lasti,
        name == "fit" and arguments.get("x") is dataset,
        _capped(arguments.get(_STEPS[name])),
        _capped(arguments.get("validation_steps")),
        int(getattr(arguments.get("self"), "steps_per_execution", 1) or 1),
    )


def _capped(steps: int | None) -> int | None:
    """Return the number of steps that Keras runs, which its configuration may limit."""
    most = keras.config.max_steps_per_epoch()
    return min(filter(None, (steps, most)), default=None)


def _codes() -> dict[CodeType, str]:
    return {_code(name): name for name in _STEPS}


def _code(name: str) -> CodeType:
    code: CodeType = inspect.unwrap(getattr(keras.Model, name)).__code__
    return code
