"""Serve each consumer of a dataset the batches that it is due, so that none disturbs another.

A batch depends only on its *position*: batch `number` of epoch `epoch` has the position
`epoch * batches + number`. A dataset keeps one position, that of its training, and every adapter of
Keras has one of its own. So a `fit` receives the batches of its epochs, each once and in order,
whatever callbacks and other threads do with the dataset meanwhile, and only training moves the
dataset on.
"""

import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kcore.data._callers import Asker, Call

__all__ = ["Batches", "Serving"]


@dataclass(frozen=True)
class Batches:
    """The batches of all epochs, by their positions.

    Attributes:
        count: number of batches in an epoch.
        at: position -> batch.
        read: position -> endless iterator over the batches from there on, made ahead.
        is_free: whether the k-th request of a pass gets its k-th batch, whatever number it asks
            for: `fit` shuffles the numbers by Python's global random state, and in a shuffled
            dataset they have no meaning.
    """

    count: int
    at: Callable[[int], Any]
    read: Callable[[int], Iterator[Any]]
    is_free: bool


class Serving:
    """Keeps the position of a dataset's training, and what each adapter of Keras has received."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._lock = threading.RLock()
        self._position = 0
        self._looped: int | None = None
        self._consumers: weakref.WeakKeyDictionary[Any, _Consumer] = weakref.WeakKeyDictionary()

    @property
    def epoch(self) -> int:
        """The current epoch of training."""
        return self._position // self._batches.count

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        """Begin with an epoch from now on; a pass that has begun is served to its end.

        It must not be set during an endless pass of training.
        """
        with self._lock:
            self._move(epoch * self._batches.count)
            for consumer in self._consumers.values():
                consumer.start = self._position

    @property
    def is_endless(self) -> bool:
        """Whether a pass of training has begun for which Keras counts the steps."""
        consumers = list(self._consumers.values())
        return any(one.is_training and one.is_endless and one.has_begun for one in consumers)

    def register(self, adapter: Any, call: Call | None) -> None:
        """Note an adapter when Keras makes it, and for which call."""
        with self._lock:
            is_training = self._is_training(call)
            consumer = _Consumer(self._batches, is_training, call)
            consumer.start = self._position if is_training else self._first_of_epoch()
            if not consumer.is_endless:
                consumer.start = -(-consumer.start // self._batches.count) * self._batches.count
            self._consumers[adapter] = consumer

    def count(self, asker: Asker | None) -> int | None:
        """Return the number of batches of a pass; None for one for which Keras counts the steps.

        If Keras knew the number, `fit(steps_per_epoch=8)` on nine batches would end every second
        epoch after one step.
        """
        consumer = self._consumer(asker)
        if consumer is not None and consumer.is_endless:
            return None
        if consumer is not None and asker is not None and asker.iterates:
            self._begin(consumer)
            return self._batches.count - consumer.skipped
        return self._batches.count

    def serve(self, number: int, asker: Asker | None) -> Any:
        """Return the batch that is due to whoever asks for a number."""
        consumer = self._consumer(asker)
        if consumer is None or asker is None:
            return self._batches.at(self._first_of_epoch() + number)
        if not asker.iterates:
            return consumer.look(number)
        if consumer.is_endless and number == 0:
            self._begin(consumer)
        return consumer.take(number)

    def skip(self, batches: int) -> None:
        """Let the next pass of training begin with a later batch of its epoch.

        The pass ends with its epoch, so it has fewer batches than Keras counts steps.
        """
        with self._lock:
            for consumer in self._consumers.values():
                if consumer.is_training:
                    consumer.skipped = batches

    def end_epoch(self, asker: Asker | None) -> None:
        """Note that an epoch ends; after an epoch of training, the next is due."""
        consumer = self._consumer(asker)
        with self._lock:
            if asker is None:
                self._move(self._first_of_epoch() + self._batches.count)
            elif consumer is not None and consumer.end() and consumer.is_training:
                self._move(consumer.start + consumer.steps_done)

    def begin_loop(self, is_fitted: bool) -> int:
        """Return the epoch that a loop over the dataset serves.

        A loop that begins after a complete one is the next epoch of a user's own training loop.
        While a `fit` runs, the loops of its callbacks only look.
        """
        with self._lock:
            if self._looped == self.epoch and not is_fitted:
                self._move(self._first_of_epoch() + self._batches.count)
            return self.epoch

    def end_loop(self, epoch: int, is_fitted: bool) -> None:
        """Note that a loop has served an epoch to its end."""
        if not is_fitted:
            self._looped = epoch

    def _begin(self, consumer: "_Consumer") -> None:
        """Begin a pass of a consumer: training goes on, all others take the current epoch."""
        with self._lock:
            if not consumer.is_training:
                consumer.start = self._first_of_epoch()
            consumer.begin()

    def _first_of_epoch(self) -> int:
        return self.epoch * self._batches.count

    def _move(self, position: int) -> None:
        self._position, self._looped = position, None

    def _consumer(self, asker: Asker | None) -> "_Consumer | None":
        return None if asker is None else self._consumers.get(asker.adapter)

    def _is_training(self, call: Call | None) -> bool:
        """Return whether an adapter serves training: `fit` makes the one of its training first.

        If no method of Keras is known to run, it serves training by other means.
        """
        if call is None:
            return True
        others = [other.call for other in self._consumers.values() if other.call is not None]
        return call.trains and not any(
            other.frame == call.frame and other.instruction < call.instruction for other in others
        )


class _Consumer:
    """Keeps what one adapter of Keras asks for, and what it has received.

    Attributes:
        is_training: whether it serves training.
        call: the method of Keras for which it works, or None.
        start: position of the first batch of its next pass.
        steps_done: how many batches of an endless pass were used.
        skipped: how many batches of the epoch its next pass leaves out at the beginning.
    """

    def __init__(self, batches: Batches, is_training: bool, call: Call | None) -> None:
        self._batches, self.is_training, self.call = batches, is_training, call
        self.start = self.steps_done = self.skipped = 0
        self._steps = _steps(call, is_training)
        self._lock = threading.RLock()
        self._known: dict[int, Any] = {}
        self._pass: _Pass | None = None
        self._is_ready = False

    @property
    def is_endless(self) -> bool:
        """Whether Keras counts the steps, and a pass goes on from epoch to epoch."""
        return self._steps > 0

    @property
    def has_begun(self) -> bool:
        """Whether a pass is being served."""
        return self._pass is not None

    def begin(self) -> None:
        """Note that a new generator asks for the batches from `start` on."""
        with self._lock:
            self._pass = _Pass(self.start + self.skipped, self._batches.read)

    def look(self, number: int) -> Any:
        """Return a batch from which Keras learns the shapes, and keep it until it is due."""
        position = self.start + number
        with self._lock:
            if position not in self._known:
                self._known[position] = self._batches.at(position)
            return self._known[position]

    def take(self, number: int) -> Any:
        """Return the batch of a pass that is due for this number."""
        with self._lock:
            if self._pass is None:
                return self._batches.at(self.start + number)
            try:
                return self._taken(self._pass, number)
            except BaseException:
                self._pass = None
                raise

    def end(self) -> bool:
        """Note that Keras ends an epoch, and return whether all of it was served.

        Before the first epoch Keras ends one that never began, to prepare itself; what it has
        looked at until then is due again.
        """
        with self._lock:
            its, was_ready = self._pass, self._is_ready
            self._is_ready = True
            if self.is_endless and was_ready:
                self.steps_done += self._steps
                return True
            self._pass = None
            left = self._batches.count - self.skipped
            if its is None or not was_ready or its.asked < left:
                return False
            if its.start == self.start + self.skipped:  # else `epoch` was set while it was served
                self.start += self._batches.count
            self.skipped = 0
            return True

    def _taken(self, its: "_Pass", number: int) -> Any:
        is_next = self._batches.is_free and not self.is_endless
        position = its.next if is_next else its.start + number
        its.asked += 1
        known = self._known.pop(position, None)
        if known is None:
            batch = its.take() if position == its.next else self._batches.at(position)
        else:
            batch = known
            its.skip(position)
        if not self._is_ready:
            self._known[position] = batch
        return batch


class _Pass:
    """Batches read ahead from a position on.

    Attributes:
        start: the position.
        next: position of the next batch.
        asked: how many batches were asked for.
    """

    def __init__(self, start: int, read: Callable[[int], Iterator[Any]]) -> None:
        self.start = self.next = start
        self.asked = 0
        self._read = read
        self._ahead: Iterator[Any] | None = None

    def take(self) -> Any:
        """Return the next batch."""
        if self._ahead is None:
            self._ahead = self._read(self.next)
        batch = next(self._ahead)
        self.next += 1
        return batch

    def skip(self, position: int) -> None:
        """Note that the batch of a position is served already."""
        if position == self.next:
            self.next += 1
            self._ahead = None


def _steps(call: Call | None, is_training: bool) -> int:
    """Return how many batches Keras takes in each epoch, or 0 for all of the dataset."""
    if call is None:
        return 0
    is_validation = call.name == "fit" and not is_training
    steps = call.validation_steps if is_validation else call.steps
    return -(-(steps or 0) // call.steps_per_execution) * call.steps_per_execution
