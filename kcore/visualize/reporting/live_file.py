"""The file of a report that is rewritten as the training goes on."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from kcore.visualize.reporting.report import report
from kcore.warning import warn

__all__ = ["History", "LiveFile"]


class LiveFile:
    """The file of a report, and what was last known of the training.

    It knows nothing of the callback, so that it can be written after the callback has gone.
    """

    def __init__(self, path: os.PathLike[str], contents: dict[str, Any]):
        self.contents = contents
        self._path = path
        self._is_running = False
        self._process = os.getpid()

    def begin(self, reason: str) -> None:
        """Write for the first time that the training runs; what can't be shown raises here."""
        self._is_running = False
        self._write("running", reason, OSError)

    def write(self, status: str, reason: str) -> None:
        """Write the report, or warn why it can't be written."""
        self._write(status, reason, Exception)

    def _write(self, status: str, reason: str, forgiven: type[Exception]) -> None:
        try:
            report(self._path, status=status, stop_reason=reason, **self.contents)
        except forgiven as error:
            warn(
                f"LiveReport could not write {os.fspath(self._path)!r} ({reason}): {error}. "
                "The training goes on, and the next epoch tries again.",
                RuntimeWarning,
            )
        self._is_running = status == "running"

    def interrupt(self) -> None:
        """Write that the training ended before its time, if it did.

        A forked process that ends has a copy of this, and is not the one that trains.
        """
        if not self._is_running or self._process != os.getpid():
            return
        error = sys.exc_info()[0] or getattr(sys, "last_type", None)
        by = f" by {error.__name__}" if error is not None else ""
        seconds = self.contents.get("epoch_seconds") or ()
        self.write("interrupted", f"The training was interrupted{by} after {len(seconds)} epochs.")


class History:
    """The part of `keras.callbacks.History` that a report reads."""

    def __init__(self, epoch: list[int], history: Mapping[str, Sequence[float | None]]):
        self.epoch = epoch
        self.history = history
