"""Rewrite the file of a report during training."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kcore._claims import Claim
from kcore._warning import warn
from kcore.visualize._reporting.report import report
from kcore.visualize._reporting.report_file import ReportFile

__all__ = ["History", "LiveFile"]


class LiveFile:
    """The file of a report, and what is known about the training run.

    It doesn't refer to the callback, so that it can be written after the callback is gone.

    Attributes:
        contents: the arguments of `report` except for the path and the status.
        written: what was last written, or None.
    """

    def __init__(self, path: os.PathLike[str], contents: dict[str, Any]):
        self.contents = contents
        self.written: ReportFile | None = None
        self._path = path
        self._is_running = False
        self._process = os.getpid()
        self._claim: Claim | None = None

    def begin(self, reason: str, goes_on: Callable[[], bool] = lambda: False) -> None:
        """Write for the first time that training runs, or raise an error if the contents are wrong.

        Args:
            reason: how many epochs are done.
            goes_on: a function that tells whether the training run still goes on. It is called when
                another run wants to write the same file.

        Raises:
            ValueError: if the contents are wrong, or if another training run that still goes on
                writes the same file.
        """
        self._is_running = False
        self._release()
        self._claim = Claim(self._path, goes_on, self._refusal)
        try:
            self._write("running", reason, OSError)
        except BaseException:
            self._release()
            raise

    def write(self, status: str, reason: str) -> None:
        """Write the report, or warn why it can't be written."""
        if self._claim is not None and not self._claim.is_held:
            if self._is_running:
                self._is_running = False
                warn(
                    f"LiveReport no longer writes {os.fspath(self._path)!r}: another training run "
                    "does now. This one goes on.",
                    RuntimeWarning,
                )
            return
        self._write(status, reason, Exception)
        if not self._is_running:
            self._release()

    def _write(self, status: str, reason: str, forgiven: type[Exception]) -> None:
        self._process = os.getpid()
        try:
            self.written = report(self._path, status=status, stop_reason=reason, **self.contents)
        except forgiven as error:
            warn(
                f"LiveReport could not write {os.fspath(self._path)!r} ({reason}): {error}. "
                "The training goes on, and the next epoch tries again.",
                RuntimeWarning,
            )
        self._is_running = status == "running"

    def interrupt(self) -> None:
        """Write that the training was interrupted, if it was still running."""
        # A forked child has a copy of this, and may end while the training goes on; and if another
        # training has taken the file over, this one ended long ago.
        is_own = os.getpid() == self._process and (self._claim is None or self._claim.is_held)
        if not self._is_running or not is_own:
            return
        error = sys.exc_info()[0] or getattr(sys, "last_type", None)
        by = f" by {error.__name__}" if error is not None else ""
        seconds = self.contents.get("epoch_seconds") or ()
        self.write("interrupted", f"The training was interrupted{by} after {len(seconds)} epochs.")

    def _refusal(self, by: str) -> str:
        path = os.fspath(self._path)
        return f"path={path!r} is written by {by}: give each training run its own report."

    def _release(self) -> None:
        if self._claim is not None:
            self._claim.release()
            self._claim = None


class History:
    """The part of `keras.callbacks.History` that a report reads."""

    def __init__(self, epoch: list[int], history: Mapping[str, Sequence[float | None]]):
        self.epoch = epoch
        self.history = history
