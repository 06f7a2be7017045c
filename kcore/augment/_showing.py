"""Write out the arguments of an object, for its `__repr__`."""

import inspect
from typing import Any

__all__ = ["shown_options"]


def shown_options(options: Any) -> str:
    """Write out the arguments of an object's constructor that differ from the defaults.

    Args:
        options: an object that has its constructor's arguments as attributes.
    """
    kind = type(options)
    default = kind()
    return ", ".join(
        f"{name}={_shown(getattr(options, name))}"
        for name in inspect.signature(kind).parameters
        if getattr(options, name) != getattr(default, name)
    )


def _shown(value: Any) -> str:
    """Write a value as Python does, and a function by its name."""
    # Functions of NumPy before 2.0 have no qualified name.
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return repr(value) if name is None else name
