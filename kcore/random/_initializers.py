"""Initial weights from a key, distributed as in `keras.initializers`, the same bits everywhere."""

import math
from collections.abc import Sequence
from typing import Any

from kcore.random._distributions import uniform

__all__ = ["glorot_uniform"]


def glorot_uniform(key: Any, shape: Sequence[int]) -> Any:
    """Draw a kernel from U(-a, a) with a = sqrt(6 / (fan_in + fan_out)).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010.

    Args:
        key: a key of shape (2,), or a batch of keys of shape (n, 2).
        shape: shape of the kernel, two or more axes: those of the window, such as its height and
            width, then input channels or features, then output channels or features.

    Returns:
        float32 array or tensor of `shape`, or (n, *shape).
    """
    *window, fan_in, fan_out = shape
    limit = math.sqrt(6 / (math.prod(window) * (fan_in + fan_out)))
    return uniform(key, shape, -limit, limit)
