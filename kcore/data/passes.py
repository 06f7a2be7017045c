"""Serve the batches of an epoch in their order, read ahead, whatever order Keras asks in.

`fit` numbers the batches of an epoch and, by default, shuffles the numbers with Python's global
random state, so that nobody can know which one it asks for next. In a shuffled dataset a number
means nothing. So while `fit` runs an epoch, the k-th number that it asks for gets the k-th batch,
and keeps it: each batch is served once, in an order that the seed alone decides, and the next ones
can be made ahead.
"""

import threading
from collections.abc import Callable
from typing import Any

from kcore.data.order import read_ahead

__all__ = ["Passes"]


class Passes:
    """One pass over the batches after another; a pass is an epoch.

    Keras begins an epoch, counts the batches when it makes a new iterator, asks for batches, and
    ends the epoch. Before the first epoch it may look at one batch in this way to learn the shapes,
    and then begins again. Where there is but one batch, such a look is told from an epoch by what
    comes right before it: an epoch begins when another, or the look, has ended.

    Args:
        batches: the number of batches in a pass.
        dataset: epoch -> Grain dataset of its batches.
        free_order: whether a number means nothing while a pass runs, as described above.
        num_threads: how many batches are made at the same time.
    """

    def __init__(
        self, batches: int, dataset: Callable[[int], Any], free_order: bool, num_threads: int
    ) -> None:
        self._batches, self._dataset = batches, dataset
        self._free_order, self._num_threads = free_order, num_threads
        self._lock = threading.RLock()
        self._epoch = 0
        self._running = self._at_start = self._counted = self._has_ended = self._is_look = False
        self._places: dict[int, int] = {}
        self._ahead: Any = None
        self._next_ahead = 0

    @property
    def epoch(self) -> int:
        """The epoch that is served."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        with self._lock:
            self._epoch = epoch
            self._running = False  # Keras doesn't end an epoch that Ctrl-C breaks off
            self._forget()

    def begin(self) -> None:
        """Note that Keras begins an epoch."""
        with self._lock:
            self._running = self._at_start = True
            self._is_look = self._batches == 1 and not self._has_ended
            self._counted = False

    def count(self) -> int:
        """Note that Keras asks for the number of batches, and return it."""
        with self._lock:
            self._counted = True
            self._has_ended = False
        return self._batches

    def end(self) -> None:
        """Note that Keras ends an epoch; if all batches were served, the next epoch follows."""
        with self._lock:
            self._running = False
            self._has_ended = True
            if len(self._places) == self._batches:
                if not self._is_look:
                    self._epoch += 1
                self._forget()

    def __getitem__(self, number: int) -> Any:
        with self._lock:
            if not self._running and not self._places:
                return self._dataset(self._epoch)[number]
            if self._at_start and self._counted:
                self._forget()
            self._at_start = self._counted = False
            try:
                return self._serve(number)
            except BaseException:
                self._running = False  # Keras doesn't end an epoch that an error breaks off
                self._forget()
                raise

    def _serve(self, number: int) -> Any:
        if number in self._places:
            return self._dataset(self._epoch)[self._places[number]]
        place = len(self._places) if self._free_order else number
        self._places[number] = place
        if place == 0:
            self._read_ahead()
        elif place != self._next_ahead:
            return self._dataset(self._epoch)[place]
        batch = next(self._ahead)
        self._next_ahead += 1
        if self._next_ahead == self._batches:
            self._stop_reading()
        return batch

    def _read_ahead(self) -> None:
        self._stop_reading()
        self._ahead = read_ahead(self._dataset(self._epoch), self._num_threads)
        self._next_ahead = 0

    def _stop_reading(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
        self._ahead = None

    def _forget(self) -> None:
        self._stop_reading()
        self._places.clear()
        self._next_ahead = 0
