"""Functions of users: what they ask for, and whether threads may call them ahead."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

__all__ = ["asked_for", "is_pure", "pure"]

Function = TypeVar("Function", bound=Callable[..., Any])


def pure(function: Function) -> Function:
    """Mark a function as one whose result depends on its arguments alone.

    A dataset calls a `transform` or `preprocessing_function` in the order of batches and samples,
    in which they are used, so that one with a state of its own (a counter, NumPy's global random
    numbers, a pipeline of Albumentations) gives the same in each run. One that is marked is called
    by threads ahead of its use.

    Args:
        function: any function or object that can be called and given an attribute. Usable as a
            decorator.

    Returns:
        The same function.

    Raises:
        TypeError: if it can't be called, or takes no attribute, as a built-in function; wrap it in
            a function of your own then.

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
            f"function={function!r} takes no mark: wrap it in a function of your own."
        ) from error
    return function


def is_pure(function: object) -> bool:
    """Tell whether a function is marked, or there is none."""
    return function is None or bool(getattr(function, "is_pure", False))


def asked_for(function: Callable[..., Any], names: Iterable[str]) -> frozenset[str]:
    """Return which of these names are parameters of a function; none if it doesn't tell."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return frozenset()
    return frozenset(names) & frozenset(parameters)
