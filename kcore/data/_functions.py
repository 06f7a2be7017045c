"""What functions of the user ask for, and whether threads may call them ahead."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

__all__ = ["asked_for", "is_pure", "pure"]

Function = TypeVar("Function", bound=Callable[..., Any])


def pure(function: Function) -> Function:
    """Mark a function as one whose result depends on its arguments alone.

    A dataset calls a `transform` or `preprocessing_function` for batches and samples in the order
    of their use, so that a function with a state of its own (a counter, NumPy's global random
    numbers, a pipeline of Albumentations) gives the same results in each run. A marked function is
    called ahead of use, by threads.

    Args:
        function: a function, or a callable object that takes attributes. So `pure` is a decorator.

    Returns:
        The same function.

    Raises:
        TypeError: if it can't be called, or takes no attributes, such as a built-in function,
            which you can wrap in a function of your own.

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
    """Tell whether a function is marked as pure, or is None."""
    return function is None or bool(getattr(function, "is_pure", False))


def asked_for(function: Callable[..., Any], names: Iterable[str]) -> frozenset[str]:
    """Return those of the names that are parameters of a function, as far as it tells."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return frozenset()
    return frozenset(names) & frozenset(parameters)
