"""Check whether a callback prints its line."""

from typing import Any

__all__ = ["check_verbosity"]


def check_verbosity(verbose: Any) -> int:
    """Return `verbose` as 0 or 1, or say that it must be one of them."""
    if not isinstance(verbose, int) or verbose not in (0, 1):
        raise ValueError(f"verbose={verbose!r} must be 0, to print nothing, or 1.")
    return int(verbose)
