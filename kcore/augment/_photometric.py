"""Change the values of pixels, not their positions, with operations of `keras.ops`."""

from typing import Any

from keras import ops

__all__ = ["as_dtype", "changed"]

_SPACE_AND_CHANNELS = (1, 2, 3)


def changed(images: Any, intensity: Any, factor: Any, rescale: Any, *, channels_first: bool) -> Any:
    """Shift the channels, then change the brightness, then rescale.

    The first two don't change opacity, the fourth of four channels.

    Args:
        images: float `(n, height, width, channels)`, or with the channels first.
        intensity: float `(n,)`, number added to the colors of each image, clipped to the smallest
            and largest of their values; `None` for no shift.
        factor: float `(n,)`, the brightness: 0 for black, 1 for no change; `None` for no change.
        rescale: float `(n,)`, factor that multiplies each image at the end.
        channels_first: whether the axis of the channels comes before height and width.
    """
    if intensity is not None:
        images = _channels_shifted(images, intensity, channels_first)
    if factor is not None:
        images = _brightened(images, factor, channels_first)
    return images * _spread(rescale)


def as_dtype(pixels: Any, dtype: str) -> Any:
    """Convert pixels to a dtype; for uint8 they are rounded half to even and clipped."""
    if dtype == "uint8":
        pixels = ops.minimum(ops.maximum(ops.round(pixels), 0), 255)
    return ops.cast(pixels, dtype)


def _channels_shifted(images: Any, intensity: Any, channels_first: bool) -> Any:
    """Add to the colors of each image, clipped to the smallest and largest of their values."""
    colors = _colors(images, channels_first)
    least = ops.min(colors, axis=_SPACE_AND_CHANNELS, keepdims=True)
    greatest = ops.max(colors, axis=_SPACE_AND_CHANNELS, keepdims=True)
    shifted = ops.minimum(ops.maximum(colors + _spread(intensity), least), greatest)
    return _with_opacity(shifted, images, channels_first)


def _brightened(images: Any, factor: Any, channels_first: bool) -> Any:
    """Multiply each image; black stays black and nothing becomes brighter than white.

    Black is 0 and white is 255, unless the image has values outside that range; then they are its
    own smallest and largest values.
    """
    least = ops.min(images, axis=_SPACE_AND_CHANNELS, keepdims=True)
    greatest = ops.max(images, axis=_SPACE_AND_CHANNELS, keepdims=True)
    is_outside = (least < 0) | (greatest > 255)
    black = ops.where(is_outside, least, 0.0)
    white = ops.where(is_outside, greatest, 255.0)
    colors = _colors(images, channels_first)
    bright = ops.minimum(black + (colors - black) * _spread(factor), white)
    return _with_opacity(bright, images, channels_first)


def _colors(images: Any, channels_first: bool) -> Any:
    """Return the channels without opacity, the fourth of four."""
    if images.shape[_channel_axis(channels_first)] != 4:
        return images
    return images[:, :3] if channels_first else images[..., :3]


def _with_opacity(colors: Any, images: Any, channels_first: bool) -> Any:
    """Join changed colors with the opacity of their images."""
    axis = _channel_axis(channels_first)
    if images.shape[axis] != 4:
        return colors
    opacity = images[:, 3:] if channels_first else images[..., 3:]
    return ops.concatenate([colors, opacity], axis)


def _channel_axis(channels_first: bool) -> int:
    return 1 if channels_first else 3


def _spread(values: Any) -> Any:
    return ops.reshape(values, (-1, 1, 1, 1))
