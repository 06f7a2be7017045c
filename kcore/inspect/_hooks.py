"""Functions put in the place of a layer's own for a while, seen by one thread alone."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Hooks", "hooks", "python_function"]

# One for all models, since models share layers. A hook is in force only while Python runs the
# code of a model, not while a backend compiles or computes it, so nobody waits for long.
_HOOKING = threading.RLock()


class Hooks:
    """What was put in the place of attributes, and what puts the old ones back."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._undo: list[Callable[[], None]] = []

    def put(self, layer: Any, attribute: str, hook: Callable[..., Any]) -> None:
        """Set an attribute past Keras's tracking; other threads go on with the old one."""
        attributes = vars(layer)
        old = getattr(layer, attribute)

        def called(*args: Any, **kwargs: Any) -> Any:
            is_own = threading.get_ident() == self._thread
            return (hook if is_own else old)(*args, **kwargs)

        if attribute in attributes:
            self._undo.append(lambda: attributes.update({attribute: old}))
        else:
            self._undo.append(lambda: attributes.pop(attribute))
        attributes[attribute] = called

    def undo(self) -> None:
        """Put back what was there."""
        while self._undo:
            self._undo.pop()()


@contextmanager
def hooks() -> Iterator[Hooks]:
    """Hold the layers of all models for this thread; what is put is gone at the end."""
    with _HOOKING:
        held = Hooks()
        try:
            yield held
        finally:
            held.undo()


def python_function(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python function behind one that a backend has compiled.

    A `tf.function` runs Python once for each kind of input and replays its graph from then on, in
    which no layer calls anything that could be watched.
    """
    function: Callable[..., Any] = getattr(call, "python_function", call)
    return function
