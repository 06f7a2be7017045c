"""Keep a lock for each model, for work that only one thread at a time may do on it."""

import threading
import weakref
from typing import Any

__all__ = ["lock_of"]

# Weak references, so a lock keeps no model alive and is freed with it.
_LOCKS: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
_ADDING = threading.Lock()


def lock_of(model: Any) -> Any:
    """Return the one lock of a model; a thread that holds it may take it again.

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
