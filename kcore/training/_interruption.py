"""Let Ctrl-C and SIGTERM end training at a moment at which it can be saved."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interruption"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Notes the first SIGINT or SIGTERM in a `with` statement; the second acts at once.

    A signal that was noted and has not acted until the end of the statement acts then. Only the
    main thread of a process can receive signals. In others this does nothing.

    Attributes:
        received: the signal, or None.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interruption":
        self._wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.act()
        self._put_back()

    def act(self) -> None:
        """Do what the signal would have done: raise KeyboardInterrupt, or end the process.

        If the script handles the signal itself and goes on, the next one is noted.
        """
        received, self.received = self.received, None
        if received is None:
            return
        self._put_back()
        if signal.getsignal(received) is signal.SIG_DFL:
            # Not the signal itself, as nothing would be cleaned up.
            raise SystemExit(128 + received)
        signal.raise_signal(received)
        self._wait()

    def _wait(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                before = signal.getsignal(number)
                if before is not None and before is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = signal.Signals(number)
        self._put_back()

    def _put_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
