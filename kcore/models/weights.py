"""Copy weights from one model into another of the same layers."""

from typing import Any

from kcore.models.constants import deriving_constants

__all__ = ["copy_weights"]


def copy_weights(source: Any, copy: Any) -> None:
    """Give `copy` the weights of `source`, and what its layers derive from them."""
    with deriving_constants(copy):
        copy.set_weights(source.get_weights())
