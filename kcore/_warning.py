"""Warnings that point to the user's line, however deep in kcore their cause was found."""

import inspect
import warnings

from kcore._console import harmless

__all__ = ["warn"]

# A callback is called by Keras, which the user called.
_INSIDE = frozenset({"kcore", "keras"})


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line up the stack that belongs neither to kcore nor to Keras.

    Args:
        message: text without control characters; those of names in it become escapes, but names
            with a line feed should have passed `kcore._console.printable`, or `repr`.
        category: the class of the warning.
    """
    level = 1
    frame = inspect.currentframe()
    while frame is not None and _package(frame.f_globals) in _INSIDE:
        frame = frame.f_back
        level += 1
    # Where all of the stack is inside, as in a thread of kcore, the outermost line is named.
    warnings.warn(harmless(message), category, stacklevel=level)


def _package(variables: dict[str, object]) -> str:
    return str(variables.get("__name__", "")).split(".")[0]
