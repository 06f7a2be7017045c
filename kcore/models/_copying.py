"""Copy weights from one model into another with the same layers."""

from typing import Any

from kcore.models._constants import deriving_constants

__all__ = ["copy_weights"]


def copy_weights(source: Any, copy: Any, beside: Any = None) -> None:
    """Give `copy` the weights of `source`, and the constants that its layers derive from them.

    Args:
        source: a model.
        copy: a model with the same layers.
        beside: a further layer of `copy`, whose weights stay, or None.
    """
    kept = {id(weight) for weight in getattr(beside, "weights", ())}
    weights = [weight for weight in copy.weights if id(weight) not in kept]
    with deriving_constants(copy):
        for weight, value in zip(weights, source.get_weights(), strict=True):
            weight.assign(value)
