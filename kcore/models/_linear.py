"""The smallest model there is: a line fitted by one neuron."""

from collections.abc import Sequence

import keras

from kcore._arguments import check_shape
from kcore.models._arguments import check_units
from kcore.models._initial_weights import seed_weights

__all__ = ["linear"]


def linear(
    input_shape: Sequence[int] = (1,), units: int = 1, *, seed: int | None = None
) -> keras.Sequential:
    """Build a linear regression: one `Dense` layer without an activation.

    Args:
        input_shape: `(features,)`, without the batch axis.
        units: number of outputs; 1 gives the one-neuron model.
        seed: makes the initial weights the same on every backend, 0 <= seed < 2**64; `None` leaves
            them to Keras.

    Returns:
        A `keras.Sequential` that maps `(batch, features)` to `(batch, units)`. Its layer is `line`.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> import kcore
        >>> kcore.models.linear(seed=0).count_params()
        2
    """
    shape = check_shape(input_shape, ("features",))
    units = check_units("units", units)
    model = keras.Sequential(
        [keras.Input(shape, name="features"), keras.layers.Dense(units, name="line")], name="linear"
    )
    return seed_weights(model, seed)
