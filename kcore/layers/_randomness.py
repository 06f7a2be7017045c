"""Find layers that draw random numbers."""

from typing import Any

import keras

__all__ = ["STRENGTHS", "draws", "is_turned_off"]

STRENGTHS = frozenset(
    {"rate", "stddev", "drop_path_rate", "drop_rate", "drop_prob", "dropout", "recurrent_dropout"}
)
"""Names of arguments that set how random a layer is."""


def draws(layer: Any) -> bool:
    """Tell whether a layer itself has a generator of random numbers."""
    return any(isinstance(value, keras.random.SeedGenerator) for value in vars(layer).values())


def is_turned_off(layer: Any) -> bool:
    """Tell whether all arguments that set how random a layer is are 0, if it has any."""
    try:
        config = layer.get_config()
    except NotImplementedError:
        return False
    strengths = [config[name] for name in config.keys() & STRENGTHS]
    return bool(strengths) and not any(strengths)
