"""Hints that tell a user of the legacy iterators, once, what a dataset does differently."""

from kcore._console import say

__all__ = ["hint_at_loop", "hint_at_repetition"]

_given: set[str] = set()


def hint_at_loop(batches: int) -> None:
    """Hint that a loop ends with the epoch, if the epoch has only one batch."""
    if batches == 1:
        _hint(
            "A loop over a flow ends with the epoch, here after one batch; legacy Keras goes "
            "on. next(flow) goes on from epoch to epoch."
        )


def hint_at_repetition(number: int) -> None:
    """Hint that a batch stays the same within an epoch."""
    _hint(
        f"flow[{number}] is the same each time within an epoch; legacy Keras draws "
        "anew. kcore.augment.variations(image, generator) shows an image under "
        "several draws, and next(flow) goes on from epoch to epoch."
    )


def _hint(text: str) -> None:
    if text not in _given:
        _given.add(text)
        say(text)
