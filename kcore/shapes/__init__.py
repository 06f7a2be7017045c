"""Arithmetic of windows: what a convolution or pooling does to a shape, without any framework.

`window` describes one axis and draws itself when printed; `transposed_window`, `pool_window`,
`global_window` and `adaptive_window` are its relatives. The functions in the plural take a whole
shape, as Keras's layers do, and refuse what these layers refuse. `ReceptiveField` follows a
position of an output back through many windows.
"""

from kcore.shapes._axes import (
    Windows,
    adaptive_pool_windows,
    conv_transpose_windows,
    conv_windows,
    depthwise_conv_windows,
    global_pool_windows,
    pool_windows,
    spatial_sizes,
)
from kcore.shapes._pool import AdaptiveWindow, adaptive_window, global_window, pool_window
from kcore.shapes._receptive_field import ReceptiveField
from kcore.shapes._transpose import TransposedWindow, transposed_window
from kcore.shapes._window import Window, window

__all__ = [
    "AdaptiveWindow",
    "ReceptiveField",
    "TransposedWindow",
    "Window",
    "Windows",
    "adaptive_pool_windows",
    "adaptive_window",
    "conv_transpose_windows",
    "conv_windows",
    "depthwise_conv_windows",
    "global_pool_windows",
    "global_window",
    "pool_window",
    "pool_windows",
    "spatial_sizes",
    "transposed_window",
    "window",
]
