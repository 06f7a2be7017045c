"""Decide when a training run is saved."""

import time

__all__ = ["Schedule"]

# Saves by the clock take at most this part of the time.
_MOST = 0.02


class Schedule:
    """Tells when the next checkpoint is due.

    Args:
        every: number of batches between two checkpoints, or None.
        every_seconds: seconds between two checkpoints, or None. Where a checkpoint takes more than
            2% of this time, the next one is due later.
    """

    def __init__(self, every: int | None, every_seconds: float | None) -> None:
        self._every, self._every_seconds = every, every_seconds
        self._batches = 0
        self._cost = 0.0
        self._saved = time.monotonic()

    def count(self, batches: int) -> None:
        """Note that batches were trained on."""
        self._batches += batches

    def is_due(self) -> bool:
        """Tell whether it is time to save."""
        if self._every is not None and self._batches >= self._every:
            return True
        if self._every_seconds is None:
            return False
        return time.monotonic() - self._saved >= max(self._every_seconds, self._cost / _MOST)

    def note_saved(self, seconds: float = 0.0) -> None:
        """Note that a checkpoint was saved, and how long that took."""
        self._batches, self._cost, self._saved = 0, seconds, time.monotonic()
