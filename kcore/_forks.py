"""Refuse to compute in a forked process, where a backend would wait for threads that are gone."""

import os

__all__ = ["check_not_forked"]

# The process in which kcore first computed; None before.
_computed_in: int | None = None


def check_not_forked(name: str) -> None:
    """Note that this process computes, or refuse if it was forked from one that did before.

    `os.fork` copies no threads but one, and those of TensorFlow and JAX would be waited for without
    end. What needs no backend, such as loading images, works in a forked process.

    Args:
        name: the function that is about to compute, such as "kcore.augment.warp".

    Raises:
        RuntimeError: if kcore computed in a parent of this process before it was forked.

    Example:
        >>> check_not_forked("kcore.augment.warp")
    """
    global _computed_in
    if _computed_in is None:
        _computed_in = os.getpid()
    if _computed_in != os.getpid():
        raise RuntimeError(
            f"{name} computes with Keras's backend, and this process was forked from one that "
            "already did so: it would wait for ever, because os.fork copies none of the backend's "
            'threads. Start processes with multiprocessing.get_context("spawn").'
        )
