"""A lock for each model, for what threads must not do to one model at the same time."""

import threading
import weakref
from typing import Any

__all__ = ["lock_of"]

# Held weakly, so that a lock goes with its model and keeps none alive.
_LOCKS: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
_ADDING = threading.Lock()


def lock_of(model: Any) -> Any:
    """Return the lock of a model, always the same; a thread may take it again while it holds it.

    Args:
        model: any object that can be referenced weakly and hashed, such as a `keras.Model`.

    Returns:
        A `threading.RLock`, for `with lock_of(model):`.

    Example:
        >>> class Model: ...
        >>> one, other = Model(), Model()
        >>> lock_of(one) is lock_of(one), lock_of(one) is lock_of(other)
        (True, False)
    """
    with _ADDING:
        return _LOCKS.setdefault(model, threading.RLock())
