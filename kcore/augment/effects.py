"""What changes the values of pixels and not their places, as operations of `keras.ops`."""

from typing import Any

from keras import ops

__all__ = ["changed"]

_SPACE_AND_CHANNELS = (1, 2, 3)


def changed(images: Any, intensity: Any, factor: Any, rescale: Any, *, channels_first: bool) -> Any:
    """Shift the channels, then change the brightness, then rescale.

    Args:
        images: float `(n, height, width, channels)`, or with the channels first.
        intensity: float `(n,)`, what is added to all channels of each image, within the least and
            the greatest value that the image has; `None` for none.
        factor: float `(n,)`, the brightness: 0 for black, 1 for no change; `None` for none.
        rescale: float `(n,)`, what multiplies each image at the end.
        channels_first: which of the two layouts `images` has.
    """
    if intensity is not None:
        images = _channels_shifted(images, intensity)
    if factor is not None:
        images = _brightened(images, factor, channels_first)
    return images * _spread(rescale)


def _channels_shifted(images: Any, intensity: Any) -> Any:
    least = ops.min(images, axis=_SPACE_AND_CHANNELS, keepdims=True)
    greatest = ops.max(images, axis=_SPACE_AND_CHANNELS, keepdims=True)
    shifted = images + _spread(intensity)
    return ops.minimum(ops.maximum(shifted, least), greatest)


def _brightened(images: Any, factor: Any, channels_first: bool) -> Any:
    """Multiply each image, black staying black and nothing brighter than white.

    Black is 0 and white is 255, unless the image has values outside of them; then they are its own
    least and greatest value. The fourth of four channels is opacity and stays as it is.
    """
    least = ops.min(images, axis=_SPACE_AND_CHANNELS, keepdims=True)
    greatest = ops.max(images, axis=_SPACE_AND_CHANNELS, keepdims=True)
    is_outside = (least < 0) | (greatest > 255)
    black = ops.where(is_outside, least, 0.0)
    white = ops.where(is_outside, greatest, 255.0)
    bright = ops.minimum(black + (images - black) * _spread(factor), white)
    axis = 1 if channels_first else 3
    if images.shape[axis] != 4:
        return bright
    parts = (bright[:, :3], images[:, 3:]) if channels_first else (bright[..., :3], images[..., 3:])
    return ops.concatenate(parts, axis)


def _spread(values: Any) -> Any:
    return ops.reshape(values, (-1, 1, 1, 1))
