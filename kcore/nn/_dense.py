"""Dense layers on the last axis, and flattening."""

import math
from typing import Any

import keras

from kcore.nn._arguments import check_rank, image_data_format
from kcore.nn._operation import TensorFunction

__all__ = ["dense", "flatten"]

Shape = tuple[int | None, ...]


def dense(x: Any, weights: Any, bias: Any = None) -> Any:
    """Multiply the last axis by a matrix, and add a bias.

    Args:
        x: (..., features in), of any rank from 1 on. Integers are converted to floats.
        weights: (features in, features out).
        bias: (features out,), or None.

    Returns:
        (..., features out).

    Raises:
        ValueError: if the last axis of `x` or the bias doesn't match the weights.

    Example:
        >>> import numpy as np
        >>> x, weights = np.ones((2, 5, 3), "float32"), np.ones((3, 4), "float32")
        >>> tuple(dense(x, weights).shape)
        (2, 5, 4)
    """
    return Dense()(x, weights) if bias is None else Dense()(x, weights, bias)


def flatten(x: Any, data_format: str | None = None) -> Any:
    """Join all axes but the first.

    Channels vary fastest in both data formats, so the same images give the same rows.

    Args:
        x: (batch, ...), of any rank from 1 on.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Returns:
        (batch, features); (batch, 1) for a vector.

    Raises:
        ValueError: if `x` has no axis.

    Example:
        >>> import numpy as np
        >>> tuple(flatten(np.ones((2, 8, 8, 3))).shape)
        (2, 192)
    """
    return Flatten(data_format=image_data_format(data_format))(x)


@keras.saving.register_keras_serializable(package="kcore.nn")
class Dense(TensorFunction):
    """`dense` as a node of a functional model."""

    tensors = ("x", "weights", "bias")

    @staticmethod
    def output_shape(x: Any, weights: Any, bias: Any = None) -> Shape:
        """Check that the axes match."""
        check_rank("weights", weights, 2, "(features in, features out)")
        features, units = weights.shape
        if not x.shape or x.shape[-1] not in (None, features):
            raise ValueError(
                f"The last axis of x.shape={tuple(x.shape)} must be {features}, as in "
                f"weights.shape={tuple(weights.shape)}."
            )
        if bias is not None and tuple(bias.shape) != (units,):
            raise ValueError(
                f"bias.shape={tuple(bias.shape)} must be ({units},), one for each unit."
            )
        return (*x.shape[:-1], units)

    @staticmethod
    def compute(x: Any, weights: Any, bias: Any = None) -> Any:
        """Multiply, and add with the operator `+`: `keras.ops.add` guesses axes on TensorFlow."""
        y = keras.ops.matmul(x, weights)
        return y if bias is None else y + bias


@keras.saving.register_keras_serializable(package="kcore.nn")
class Flatten(TensorFunction):
    """`flatten` as a node of a functional model."""

    @staticmethod
    def output_shape(x: Any, *, data_format: str) -> Shape:
        """Multiply the sizes of all axes but the first."""
        if not x.shape:
            raise ValueError("x has no axis; give (batch, ...).")
        batch, *sizes = x.shape
        return (batch, None if None in sizes else math.prod(sizes))

    @staticmethod
    def compute(x: Any, *, data_format: str) -> Any:
        """Reshape with channels last."""
        if data_format == "channels_first" and len(x.shape) > 2:
            x = keras.ops.moveaxis(x, 1, -1)
        batch, *sizes = keras.ops.shape(x)
        return keras.ops.reshape(x, (batch, math.prod(sizes)))
