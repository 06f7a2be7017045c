"""Functions on images with explicit filters or weights: convolutions, pooling, dense layers.

Each function has one meaning on every backend, with known and unknown batch, in both data formats,
on arrays and in functional models. Where a backend gives another result, kcore computes the
operation in another way; arguments without a meaning raise a ValueError before the backend is
called.

Inputs of float16, bfloat16 and float32 keep their dtype, and filters are cast to it. Everything
else becomes `keras.config.floatx()`: integers, booleans, and float64, which NumPy uses for Python's
floats and which not every backend has. (With `floatx` set to float64, JAX needs `jax_enable_x64`.)
This holds for arrays, lists, tensors and symbolic tensors alike; other dtypes raise a TypeError.

Strides, windows and dilation may be far larger than an image: they give the same values as smaller
ones that read the same cells. An output that doesn't fit into memory raises a ValueError before the
backend is called.

`strides`, `ksize` and `dilation_rate` are one integer, a pair (height, width), or four numbers in
the order of the input's axes, such as `[1, 8, 8, 1]`, whose batch and channel entries must be 1.
"""

import kcore._backend  # noqa: F401
from kcore.nn._convolution import conv2d, depthwise_conv2d, separable_conv2d
from kcore.nn._dense import dense, flatten
from kcore.nn._pooling import avg_pool, max_pool
from kcore.nn._transpose import conv2d_transpose

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
