"""The windows, multiply-adds and reach of Keras layers."""

import math
from typing import Any

import keras

from kcore import shapes

__all__ = ["keeps_cells", "multiply_adds", "windows_of"]

L = keras.layers
CONVOLUTIONS = (L.Conv1D, L.Conv2D, L.Conv3D)
DEPTHWISE = (L.DepthwiseConv1D, L.DepthwiseConv2D)
SEPARABLE = (L.SeparableConv1D, L.SeparableConv2D)
TRANSPOSED = (L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose)
POOLS = (
    *(L.MaxPooling1D, L.MaxPooling2D, L.MaxPooling3D),
    *(L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D),
)
GLOBAL_POOLS = (
    *(L.GlobalMaxPooling1D, L.GlobalMaxPooling2D, L.GlobalMaxPooling3D),
    *(L.GlobalAveragePooling1D, L.GlobalAveragePooling2D, L.GlobalAveragePooling3D),
)
UPSAMPLING = (L.UpSampling1D, L.UpSampling2D, L.UpSampling3D)
ADAPTIVE_POOLS = tuple(
    getattr(L, name)
    for kind in ("Max", "Average")
    for name in (f"Adaptive{kind}Pooling{axes}D" for axes in (1, 2, 3))
    if hasattr(L, name)
)
MOVES_CELLS = (
    *(L.ZeroPadding1D, L.ZeroPadding2D, L.ZeroPadding3D),
    *(L.Cropping1D, L.Cropping2D, L.Cropping3D),
)


def windows_of(layer: Any, input_shape: tuple[int, ...]) -> shapes.Windows | None:
    """Describe the windows that a layer slides over its input; None for a layer without windows."""
    sizes = shapes.spatial_sizes(input_shape, getattr(layer, "data_format", "channels_last"))
    if isinstance(layer, GLOBAL_POOLS):
        return shapes.global_pool_windows(sizes)
    if isinstance(layer, ADAPTIVE_POOLS):
        return shapes.adaptive_pool_windows(sizes, layer.output_size)
    if isinstance(layer, POOLS):
        return shapes.pool_windows(sizes, layer.pool_size, layer.strides, layer.padding)
    if isinstance(layer, TRANSPOSED):
        return shapes.conv_transpose_windows(
            sizes,
            layer.kernel_size,
            layer.strides,
            layer.padding,
            layer.output_padding,
            layer.dilation_rate,
        )
    if isinstance(layer, (*CONVOLUTIONS, *DEPTHWISE, *SEPARABLE)):
        return shapes.depthwise_conv_windows(
            sizes, layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate
        )
    if isinstance(layer, UPSAMPLING) and getattr(layer, "interpolation", "nearest") == "nearest":
        # A cell repeated by an integer is a transposed window as wide as its strides.
        factors = layer.size if isinstance(layer.size, tuple) else (layer.size,)
        return shapes.conv_transpose_windows(sizes, factors, factors)
    return None


def keeps_cells(layer: Any, input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> bool:
    """Tell whether each output cell of a layer without windows sees one cell of its input."""
    if isinstance(layer, MOVES_CELLS):
        return True
    data_format = getattr(layer, "data_format", "channels_last")
    if len(input_shape) != len(output_shape):
        return False
    before, after = (shapes.spatial_sizes(one, data_format) for one in (input_shape, output_shape))
    return before == after


def multiply_adds(
    layer: Any, windows: shapes.Windows | None, input_shape: tuple[int, ...], output_shape: Any
) -> int | None:
    """Count products with kernels for one sample; None for a kernel that kcore doesn't know.

    Biases, normalization, activations and pooling aren't counted.
    """
    if isinstance(layer, L.Dense):
        return math.prod(output_shape[1:]) * int(input_shape[-1])
    if windows is None or not hasattr(layer, "kernel_size"):
        known = not layer.trainable_variables or isinstance(layer, _WITHOUT_KERNEL)
        return 0 if known else None
    taps = math.prod(layer.kernel_size)
    first = layer.data_format == "channels_first"
    channels = input_shape[1] if first else input_shape[-1]
    positions = math.prod(size or 0 for size in windows.output_size)
    if isinstance(layer, TRANSPOSED):
        read = math.prod(input_shape[2:] if first else input_shape[1:-1])
        return read * taps * channels * layer.filters
    if isinstance(layer, CONVOLUTIONS):
        return positions * taps * channels // layer.groups * layer.filters
    deep = channels * layer.depth_multiplier
    pointwise = deep * layer.filters if isinstance(layer, SEPARABLE) else 0
    return positions * (taps * deep + pointwise)


_WITHOUT_KERNEL = (
    L.BatchNormalization,
    L.LayerNormalization,
    L.GroupNormalization,
    L.UnitNormalization,
    L.PReLU,
    L.Embedding,
)
