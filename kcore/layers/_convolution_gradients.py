"""The gradients of a convolution of images, computed in small parts.

XLA writes the gradient of a kernel as a convolution whose window is the whole image. On a CPU it is
slow, most of all for many images at once. A loop over a few images at a time takes 0.2 to 0.6 of
the time, and less memory.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kcore.shapes import Windows

__all__ = ["convolve_in_parts", "pays"]

_IMAGES_AT_ONCE = 4
_FEWEST_PIXELS, _FEWEST_IN_BATCH = 100, 8000

Pads = Sequence[tuple[int, int]]


def pays(shape: tuple[int | None, ...], kernel: Any, windows: Windows) -> bool:
    """Tell whether gradients in parts are known to be faster.

    Args:
        shape: (batch, *spatial, channels) of the images.
        kernel: (*kernel size, channels in, channels out).
        windows: the window of each spatial axis.
    """
    sizes = [size for size in shape if size is not None]
    if len(sizes) != 4 or len(shape) != 4:
        return False
    batch, height, width, channels = sizes
    is_plain = all(axis.strides == axis.dilation_rate == 1 for axis in windows.axes)
    if not is_plain or channels != kernel.shape[-2]:
        return False
    pixels = height * width
    return pixels >= _FEWEST_PIXELS and batch * pixels >= _FEWEST_IN_BATCH


def convolve_in_parts(x: Any, kernel: Any, windows: Windows) -> Any:
    """Convolve images with strides and dilation of 1, with gradients in parts.

    Args:
        x: images (batch, height, width, channels) of known shape.
        kernel: (kernel height, kernel width, channels in, channels out).
        windows: the window of height and width.

    Returns:
        Images (batch, height, width, channels out).
    """
    padding = windows.axes[0].padding
    pads: Any = [(0, 0), *windows.pads, (0, 0)]

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def convolve(x: Any, kernel: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            padded = ops.pad(x, pads) if padding == "same" else x
            return _of_images(upstream, kernel, pads), _of_kernel(padded, upstream, kernel.dtype)

        return ops.conv(x, kernel, 1, padding, "channels_last"), gradient

    return convolve(x, kernel)


def _of_images(upstream: Any, kernel: Any, pads: Pads) -> Any:
    padded = ops.conv_transpose(upstream, kernel, 1, "valid", data_format="channels_last")
    kept = (
        slice(before, size - after)
        for (before, after), size in zip(pads, padded.shape, strict=True)
    )
    return padded[tuple(kept)]


def _of_kernel(x: Any, upstream: Any, dtype: Any) -> Any:
    """Sum the gradients of a few images at a time, in at least float32."""
    count, rest = divmod(x.shape[0], _IMAGES_AT_ONCE)
    exact = "float64" if keras.backend.standardize_dtype(dtype) == "float64" else "float32"

    def add(index: Any, total: Any) -> Any:
        some = (_part(each, index * _IMAGES_AT_ONCE) for each in (x, upstream))
        return total + ops.cast(_of_kernel_at_once(*some), exact)

    total = _of_kernel_at_once(x[-rest:], upstream[-rest:]) if rest else None
    if count:
        heights, widths = (x.shape[axis] - upstream.shape[axis] + 1 for axis in (1, 2))
        start = ops.zeros((x.shape[-1], heights, widths, upstream.shape[-1]), dtype=exact)
        whole = ops.fori_loop(0, count, add, start)
        total = whole if total is None else whole + ops.cast(total, exact)
    return ops.cast(ops.transpose(total, (1, 2, 0, 3)), dtype)


def _part(x: Any, first: Any) -> Any:
    return ops.slice(x, (first, 0, 0, 0), (_IMAGES_AT_ONCE, *x.shape[1:]))


def _of_kernel_at_once(x: Any, upstream: Any) -> Any:
    """Return (channels in, kernel height, kernel width, channels out).

    It is a convolution in which images and channels have changed roles.
    """
    return ops.conv(
        ops.transpose(x, (3, 1, 2, 0)),
        ops.transpose(upstream, (1, 2, 0, 3)),
        1,
        "valid",
        "channels_last",
    )
