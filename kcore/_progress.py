"""One line on stderr that tells how far a long piece of work has come."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from kcore._console import say

__all__ = ["Progress", "counted", "megabytes"]

_TERMINAL_INTERVAL = 0.1
_LOG_INTERVAL = 10.0


def counted(number: int) -> str:
    """Write a count with thousands separated: `12,000`."""
    return f"{number:,}"


def megabytes(number: int) -> str:
    """Write a number of bytes in units of 10**6 bytes: `26.4 MB`."""
    return f"{number / 1e6:.1f} MB"


class Progress:
    """A context manager that reports progress while its body runs.

    On a terminal one line is rewritten in place. Elsewhere, as in a log file, a line is added every
    ten seconds. Work that is over within `delay` seconds prints nothing.

    Args:
        label: what is being done.
        total: how much there is to do; `None` if nobody knows.
        delay: seconds to wait before the first line.
        amount: writes an amount of work as text.
        stream: where to write; stderr if `None`.
        clock: returns the time in seconds.

    Example:
        >>> with Progress("Drawing", total=3, stream=sys.stdout) as progress:
        ...     for _ in range(3):
        ...         progress.advance()
        Drawing: 1 of 3 (33%)
        Drawing: 3 of 3 (100%)
    """

    def __init__(
        self,
        label: str,
        total: int | None = None,
        *,
        delay: float = 0.0,
        amount: Callable[[int], str] = counted,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label, self._total, self._amount = label, total, amount
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._on_terminal = self._stream is not None and self._stream.isatty()
        self._next_line_at = clock() + delay
        self._done = 0
        self._shown: int | None = None
        self._line_length = 0

    def advance(self, amount: int = 1) -> None:
        """Note that `amount` more is done, and print the line if it is time to."""
        self._done += amount
        now = self._clock()
        if now >= self._next_line_at:
            self._next_line_at = now + (_TERMINAL_INTERVAL if self._on_terminal else _LOG_INTERVAL)
            self._print()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._shown is None:
            return
        if self._shown != self._done:
            self._print()
        if self._on_terminal:
            self._say("", end="\n")

    def _print(self) -> None:
        line = self._line()
        if self._on_terminal:
            self._say(line.ljust(self._line_length), start="\r")
            self._line_length = len(line)
        else:
            self._say(line, end="\n")
        self._shown = self._done

    def _say(self, text: str, *, start: str = "", end: str = "") -> None:
        if self._stream is not None:  # as in a program with windows alone
            say(text, self._stream, start=start, end=end)
            self._stream.flush()

    def _line(self) -> str:
        done = self._amount(self._done)
        if not self._total:
            return f"{self._label}: {done}"
        percent = 100 * self._done // self._total
        return f"{self._label}: {done} of {self._amount(self._total)} ({percent}%)"
