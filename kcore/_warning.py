"""Give warnings that point to the user's line, however deep in kcore their cause is."""

import inspect
import warnings

from kcore._console import harmless

__all__ = ["warn"]

# Keras calls kcore's callbacks, and the user calls Keras.
_INSIDE = frozenset({"kcore", "keras"})


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line of the call stack that is neither in kcore nor in Keras.

    Args:
        message: the text. Control characters become escapes, except for line feeds, so names in
            it should have passed `kcore._console.printable` or `repr`.
        category: class of the warning.
    """
    level = 1
    frame = inspect.currentframe()
    while frame is not None and _package(frame.f_globals) in _INSIDE:
        frame = frame.f_back
        level += 1
    # If the whole stack is inside, as in a thread of kcore, the outermost line is given.
    warnings.warn(harmless(message), category, stacklevel=level)


def _package(variables: dict[str, object]) -> str:
    return str(variables.get("__name__", "")).split(".")[0]
