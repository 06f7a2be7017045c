"""Collect what Pillow warns of while it reads one file, so that it can be said of which.

Pillow's warnings don't name the file, and Python shows equal ones once, so that of a folder's files
nobody knows which are meant. `warnings.catch_warnings` is no help: it exchanges what all threads of
a process share, and images are decoded in several. Instead one filter is put before the others that
only fits in a thread which is collecting: there it notes the warning and leaves it to `issue`.
"""

import threading
import warnings
from types import TracebackType
from typing import Any, Self

from kcore._warning import warn

__all__ = ["PillowWarnings"]


class _Thread(threading.local):
    """What the thread is collecting, if it is, and the text of the warning that is looked at."""

    found: dict[tuple[type[Warning], str], None] | None = None
    text = ""


_THREAD = _Thread()


class PillowWarnings:
    """A context manager that collects the warnings of this thread.

    Args:
        name: what the warnings are about.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[tuple[type[Warning], str], None] = {}

    def __enter__(self) -> Self:
        _put_first()
        self._before, _THREAD.found = _THREAD.found, self._found
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _THREAD.found = self._before

    def issue(self) -> None:
        """Warn of what was found, each once, with the name and by the filters of the user."""
        for category, text in self._found:
            warn(f"{self._name}: {text}", category)


class _Text:
    """Stands in a filter where a pattern for the text of a warning does."""

    def match(self, text: str) -> bool:
        _THREAD.text = text
        return _THREAD.found is not None


class _Category(type):
    """Stands in a filter where the category of a warning does; it is asked after the text."""

    def __subclasscheck__(cls, category: Any) -> bool:
        # Others are of the program: what is deprecated, or was never closed.
        if _THREAD.found is None or not issubclass(category, (UserWarning, RuntimeWarning)):
            return False
        _THREAD.found[category, _THREAD.text] = None
        return True


class _Collected(Warning, metaclass=_Category):
    """The category of the filter."""


class _NeverWarned(Warning):
    """The category of a filter that does nothing."""


_FILTER: Any = ("ignore", _Text(), _Collected, None, 0)
_PUTTING = threading.Lock()


def _put_first() -> None:
    """Put the filter before all others, where somebody has put others, or took it away."""
    filters: Any = warnings.filters  # another list within `catch_warnings`
    if filters and filters[0] is _FILTER:
        return
    with _PUTTING:
        if _FILTER in filters:
            filters.remove(_FILTER)
        filters.insert(0, _FILTER)
        # Has Python forget which warnings it has shown, as always when filters change: it would
        # leave out those that Pillow gave to others before, without asking the filter.
        warnings.simplefilter("ignore", _NeverWarned, append=True)
