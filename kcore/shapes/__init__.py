"""Window arithmetic: what a convolution or pooling does to a shape, without any framework.

`Window` describes one axis and draws itself when printed, as do `TransposedWindow` and
`AdaptiveWindow`; `pool_window` and `global_window` make a `Window` from the arguments of a pooling
layer. Functions with plural names, such as `conv_windows`, take the sizes of all spatial axes, as
Keras's layers do, and refuse what these layers refuse. `ReceptiveField` counts the input cells that
an output cell sees through a stack of windows.
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
from kcore.shapes._pool import AdaptiveWindow, global_window, pool_window
from kcore.shapes._receptive_field import ReceptiveField
from kcore.shapes._transpose import TransposedWindow
from kcore.shapes._window import Window

__all__ = [
    "AdaptiveWindow",
    "ReceptiveField",
    "TransposedWindow",
    "Window",
    "Windows",
    "adaptive_pool_windows",
    "conv_transpose_windows",
    "conv_windows",
    "depthwise_conv_windows",
    "global_pool_windows",
    "global_window",
    "pool_window",
    "pool_windows",
    "spatial_sizes",
]
