"""Refuse names that arguments have in other libraries, and say what to use here."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["renamed"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def renamed(
    **instead: str,
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Make a function refuse these argument names, and say what to use instead.

    The function keeps its signature, for people, editors and type checkers.

    Args:
        **instead: for each refused name, the argument to use instead, or a sentence that says what
            to do, without its period.

    Example:
        >>> @renamed(target_size="image_size")
        ... def load(image_size=(256, 256)):
        ...     return image_size
        >>> load(target_size=(32, 32))
        Traceback (most recent call last):
        TypeError: load() has no argument 'target_size': use image_size.
    """

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @functools.wraps(function)
        def checked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            for name in kwargs:
                if name in instead:
                    use = instead[name]
                    remedy = f"use {use}" if use.isidentifier() else use
                    raise TypeError(f"{function.__name__}() has no argument {name!r}: {remedy}.")
            return function(*args, **kwargs)

        return checked

    return decorate
