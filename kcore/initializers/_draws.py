"""Draw initial weights from a key, in NumPy."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.random import normal, uniform
from kcore.random._normals import truncated_normal

__all__ = ["fans", "orthogonal", "variance_scaling"]

# The standard deviation of a standard normal variable that lies within 2 of zero.
_STDDEV_WITHIN_2 = 0.87962566103423978


def fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Return how many inputs and outputs one unit of a kernel has, counted as in Keras.

    Args:
        shape: shape of the kernel: the axes of the window, then input channels or features, then
            output channels or features. For a vector, both counts are its length.
        input_axes: the axes whose sizes give the number of inputs, if `output_axes` is given too.
        output_axes: the axes whose sizes give the number of outputs, likewise.
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[i] for i in input_axes), math.prod(shape[i] for i in output_axes)
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    *window, fan_in, fan_out = shape
    return math.prod(window) * fan_in, math.prod(window) * fan_out


def variance_scaling(
    key: Any,
    shape: Sequence[int],
    counts: tuple[int, int],
    scale: float = 1.0,
    mode: str = "fan_avg",
    distribution: str = "uniform",
) -> Any:
    """Draw a kernel with mean 0 and variance `scale` / n, where n is what `mode` says.

    Args:
        key: a key of shape (2,).
        shape: shape of the kernel.
        counts: its `fans`.
        scale: a positive number.
        mode: "fan_in", "fan_out" or "fan_avg", their mean.
        distribution: "uniform", "untruncated_normal", or "truncated_normal": a normal distribution
            that is cut at two of its standard deviations.

    Returns:
        float32 array of `shape`.
    """
    fan_in, fan_out = counts
    doubled = {"fan_in": 2 * fan_in, "fan_out": 2 * fan_out, "fan_avg": fan_in + fan_out}[mode]
    # Doubled, the mean of both fans is an integer, so Glorot's limit is rounded only once.
    doubled = max(2, doubled)
    if distribution == "uniform":
        limit = math.sqrt(6 * scale / doubled)
        return uniform(key, shape, -limit, limit)
    stddev = math.sqrt(2 * scale / doubled)
    if distribution == "truncated_normal":
        return truncated_normal(key, shape, stddev=stddev / _STDDEV_WITHIN_2)
    return normal(key, shape, stddev=stddev)


def orthogonal(key: Any, shape: Sequence[int], gain: float = 1.0) -> Any:
    """Draw a matrix with orthogonal columns, or orthogonal rows if there are fewer rows.

    Source: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks", ICLR 2014. The signs make it uniform over all such matrices.

    Args:
        key: a key of shape (2,).
        shape: shape of two or more axes; all but the last count as rows.
        gain: a factor.

    Returns:
        float32 array of `shape`, computed in float64.
    """
    rows, columns = math.prod(shape[:-1]), shape[-1]
    drawn = normal(key, (max(rows, columns), min(rows, columns))).astype("float64")
    q, r = np.linalg.qr(drawn)
    q *= np.sign(np.diag(r))
    matrix = q.T if rows < columns else q
    return (gain * matrix).reshape(shape).astype("float32")
