"""Which arguments a user's functions take, and whether threads may call them ahead."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

__all__ = ["asked_for", "is_pure", "pure"]

Function = TypeVar("Function", bound=Callable[..., Any])


def pure(function: Function) -> Function:
    """Mark a function whose result depends on its arguments alone; use it as a decorator.

    A dataset calls a `transform` or `preprocessing_function` for batches and samples in the order
    of their use, so that a function that keeps state (a counter, NumPy's global random numbers, a
    pipeline of Albumentations) gives the same results in each run. Threads call a marked function
    ahead of use.

    Args:
        function: a function, or a callable object that accepts attributes.

    Returns:
        The same function.

    Raises:
        TypeError: if it can't be called, or doesn't accept attributes. Wrap a built-in function,
            for example, in a function of your own.

    Example:
        >>> import kcore
        >>> @kcore.data.pure
        ... def inverted(images, indices, epoch):
        ...     return 255 - images
    """
    if not callable(function):
        raise TypeError(f"function={function!r} must be a function.")
    try:
        function.is_pure = True  # type: ignore[attr-defined]
    except AttributeError as error:
        raise TypeError(
            f"function={function!r} can't be marked: wrap it in a function of your own."
        ) from error
    return function


def is_pure(function: object) -> bool:
    """Tell whether a function is marked as pure, or is None."""
    return function is None or bool(getattr(function, "is_pure", False))


def asked_for(function: Callable[..., Any], names: Iterable[str]) -> frozenset[str]:
    """Return which names are parameters of a function, as far as its signature tells."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return frozenset()
    return frozenset(names) & frozenset(parameters)
