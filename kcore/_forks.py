"""Refuse to compute in a forked process, where a backend would wait for missing threads."""

import os

__all__ = ["check_not_forked"]

# The process in which kcore first computed; None until then.
_computed_in: int | None = None


def check_not_forked(name: str) -> None:
    """Refuse to compute if this process was forked after kcore had computed.

    `os.fork` copies only one thread, so TensorFlow and JAX would wait forever for their others.
    Functions that need no backend, such as those that load images, work in a forked process.

    Args:
        name: name of the function that is about to compute, such as "kcore.augment.warp".

    Raises:
        RuntimeError: if kcore computed in a parent process before this one was forked.

    Example:
        >>> check_not_forked("kcore.augment.warp")
    """
    global _computed_in
    if _computed_in is None:
        _computed_in = os.getpid()
    if _computed_in != os.getpid():
        raise RuntimeError(
            f"{name} computes with Keras's backend, and this process was forked from one that "
            "already did so: it would wait forever, because os.fork doesn't copy the threads of "
            'the backend. Start processes with multiprocessing.get_context("spawn").'
        )
