"""Collect Pillow's warnings while it reads a file, to issue them with the file's name.

Pillow's warnings don't name the file, and Python shows equal warnings only once, so it would be
unknown which files of a folder they are about. `warnings.catch_warnings` doesn't help: it changes
state that all threads share, and images are decoded on several threads. Instead, one filter in
front of all others matches only in a thread that is collecting: it notes the warning, and `issue`
issues it later.
"""

import threading
import warnings
from types import TracebackType
from typing import Any, Self

from kcore._warning import warn

__all__ = ["PillowWarnings"]


class _Thread(threading.local):
    """What a thread is collecting, if anything, and the text of the warning being matched."""

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
        """Issue each collected warning once, with the name, under the user's filters."""
        for category, text in self._found:
            warn(f"{self._name}: {text}", category)


class _Text:
    """Takes the place of the pattern for a warning's text in a filter."""

    def match(self, text: str) -> bool:
        _THREAD.text = text
        return _THREAD.found is not None


class _Category(type):
    """Takes the place of a warning's category in a filter; it is matched after the text."""

    def __subclasscheck__(cls, category: Any) -> bool:
        # Other categories concern the program: deprecations, files that were never closed.
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
    """Put the filter in front of all others again, if others came before it or it was removed."""
    filters: Any = warnings.filters  # `catch_warnings` exchanges the list
    if filters and filters[0] is _FILTER:
        return
    with _PUTTING:
        if _FILTER in filters:
            filters.remove(_FILTER)
        filters.insert(0, _FILTER)
        # Like any change of filters, this makes Python forget which warnings it has shown.
        # Otherwise it would skip warnings that were shown elsewhere, without asking the filter.
        warnings.simplefilter("ignore", _NeverWarned, append=True)
