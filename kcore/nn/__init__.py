"""Convolutions, pools and dense layers as functions of explicit filters, on images.

Each function has one meaning on every backend, with known and unknown batch, in both data formats,
on arrays and in functional models. Where a backend computes something else, another lowering is
taken; where something has no meaning, a ValueError says so before a backend is asked.

The output has the dtype of the input, to which filters are cast; integers are taken as
`keras.config.floatx()`.

`strides`, `ksize` and `dilation_rate` are one integer, a pair (height, width), or four numbers in
the order of the input's axes, such as `[1, 8, 8, 1]`, whose first and channel entries must be 1.
"""

import kcore._backend  # noqa: F401
from kcore.nn.convolution import conv2d, depthwise_conv2d, separable_conv2d
from kcore.nn.dense import dense, flatten
from kcore.nn.pooling import avg_pool, max_pool
from kcore.nn.transpose import conv2d_transpose

__all__ = [
    "avg_pool",
    "conv2d",
    "conv2d_transpose",
    "dense",
    "depthwise_conv2d",
    "flatten",
    "max_pool",
    "separable_conv2d",
]
