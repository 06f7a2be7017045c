"""Convert between Pillow images and arrays."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore._arguments import check_switch
from kcore._settings import floatx, is_channels_first

__all__ = ["array_to_img", "img_to_array"]

Pixels: TypeAlias = npt.NDArray[Any]


def img_to_array(
    img: Image.Image, data_format: str | None = None, dtype: npt.DTypeLike | None = None
) -> Pixels:
    """Copy a picture's values into an array.

    Args:
        img: a Pillow image of any mode, or an array (height, width) or (height, width, channels).
            A palette image (mode "P") gives its palette indices, which is what label masks need;
            `img.convert("RGB")` gives its colors. A 1-bit image gives 0 and 255.
        data_format: "channels_last", "channels_first", or None for Keras's default.
        dtype: dtype of the result; None for `keras.config.floatx()`.

    Returns:
        A new array (height, width, channels), or (channels, height, width) for "channels_first",
        with the picture's own values: 0 to 255, or more for gray pictures of more than 8 bits.

    Raises:
        ValueError: if a value doesn't fit `dtype`, or `img` has no height and width.
        TypeError: if `img` doesn't hold real numbers.

    Example:
        >>> from PIL import Image
        >>> from kcore.images import img_to_array
        >>> gray = Image.new("L", (40, 30), 7)  # width, height
        >>> img_to_array(gray, data_format="channels_first", dtype="uint8").shape
        (1, 30, 40)
    """
    channels_first = is_channels_first(data_format)
    pixels = _pixels(img)
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.ndim != 3:
        raise ValueError(
            f"img has shape {pixels.shape}: a picture has two axes, (height, width), or three, "
            "(height, width, channels)."
        )
    if channels_first:
        pixels = pixels.transpose(2, 0, 1)
    return _cast(pixels, _dtype(floatx() if dtype is None else dtype))


def array_to_img(
    x: npt.ArrayLike,
    data_format: str | None = None,
    scale: bool = True,
    dtype: npt.DTypeLike | None = None,
) -> Image.Image:
    """Convert an array to a picture.

    Fractions are cut off, as in Keras: apply `numpy.rint` first if the values have rounding errors.

    Args:
        x: array (height, width, channels), or (channels, height, width) for "channels_first", of
            1 (gray), 3 (red, green, blue) or 4 channels (with alpha).
        data_format: "channels_last", "channels_first", or None for Keras's default.
        scale: stretch the values so that the smallest becomes 0 and the largest 255, over all
            channels together, alpha too: use `scale=False` for pictures with alpha. A constant
            array has nothing to stretch and keeps its value, clipped to 0 to 255. False keeps the
            values, which must be 0 to 255, or 32-bit integers for gray pictures.
        dtype: dtype to convert the values to first. None keeps integers as they are, and converts
            others to `keras.config.floatx()`.

    Returns:
        A Pillow image of mode "L", "RGB" or "RGBA". With `scale=False`, gray pictures that are
        uint16 or have values from 256 to 65535 get mode "I;16", and those that don't fit into it
        mode "I".

    Raises:
        ValueError: if the shape isn't allowed, a value is NaN or infinite, or, with `scale=False`,
            the picture can't hold a value.
        TypeError: if `x` doesn't hold real numbers.

    Example:
        >>> import numpy as np
        >>> from kcore.images import array_to_img
        >>> gray = np.array([[[10], [20], [30]]])
        >>> list(array_to_img(gray, data_format="channels_last").tobytes())
        [0, 127, 255]
    """
    check_switch("scale", scale)
    pixels = _channels_last(_finite_numbers(x), is_channels_first(data_format))
    if dtype is not None:
        target = _dtype(dtype)
    else:
        target = np.dtype(pixels.dtype if pixels.dtype.kind in "bui" else floatx())
    if scale:
        return _image(_stretched(_cast(pixels, target)))
    if target.kind in "bui":
        pixels = _without_fractions(pixels)
    return _image(_in_smallest_depth(_without_fractions(_cast(pixels, target))))


def _dtype(dtype: npt.DTypeLike) -> np.dtype[Any]:
    try:
        target = np.dtype(dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"dtype={dtype!r} is not a NumPy dtype: use one such as 'float32' or 'uint8'."
        ) from error
    if not _is_real(target):
        raise ValueError(
            f"dtype={dtype!r} holds no real numbers: use one such as 'float32' or 'uint8'."
        )
    return target


def _array(name: str, value: object) -> Pixels:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is not an array: its parts differ in length.") from error


def _pixels(img: Image.Image) -> Pixels:
    if isinstance(img, Image.Image) and img.mode == "1":
        img = img.convert("L")
    pixels = _array("img", img)
    _check_real("img", pixels)
    return pixels


def _check_real(name: str, pixels: Pixels) -> None:
    if not _is_real(pixels.dtype):
        raise TypeError(f"{name} has dtype {pixels.dtype}: a picture needs real numbers.")


def _is_real(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "buif" or dtype.name == "bfloat16"


def _cast(pixels: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Convert to a new array of `dtype`; any change but the rounding of floats is an error."""
    if np.can_cast(pixels.dtype, dtype):
        return pixels.astype(dtype, order="C")
    with np.errstate(over="ignore", invalid="ignore"):
        converted = pixels.astype(dtype, order="C")
    if dtype.kind in "bui":
        fits = np.array_equal(converted, pixels)
    else:
        fits = not np.any(np.isinf(converted) & np.isfinite(pixels))
    if not fits:
        raise ValueError(
            f"dtype={dtype.name!r} can't hold all values of the {pixels.dtype.name} data, which go "
            f"from {pixels.min()} to {pixels.max()}: use a wider dtype, or scale them first."
        )
    return converted


def _finite_numbers(x: npt.ArrayLike) -> Pixels:
    pixels = _array("x", x)
    _check_real("x", pixels)
    if not np.all(np.isfinite(pixels)):
        raise ValueError("x holds NaN or infinite values, which no picture can show.")
    return pixels


def _channels_last(pixels: Pixels, channels_first: bool) -> Pixels:
    axes = "(channels, height, width)" if channels_first else "(height, width, channels)"
    if pixels.ndim != 3:
        raise ValueError(f"x has shape {pixels.shape}: one picture has three axes, {axes}.")
    shape = pixels.shape
    if channels_first:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.shape[2] not in (1, 3, 4):
        raise ValueError(
            f"x has shape {shape}, read as {axes}: a picture has 1 channel (gray), 3 (red, green, "
            "blue) or 4 (with alpha). Check data_format."
        )
    if pixels.size == 0:
        raise ValueError(f"x has shape {shape}: it has no pixels.")
    return pixels


def _stretched(pixels: Pixels) -> Pixels:
    low, high = pixels.min(), pixels.max()
    if low == high:
        return np.full(pixels.shape, min(max(int(low), 0), 255), np.uint8)
    if pixels.dtype.kind in "bui":
        shifted = pixels.astype(np.float64) - float(low)
        return (shifted * 255 // (float(high) - float(low))).astype(np.uint8)
    with np.errstate(over="ignore"):
        span = high - low
    if not np.isfinite(span):
        raise ValueError(f"x goes from {low} to {high}, too far apart for dtype {pixels.dtype}.")
    return ((pixels - low) / span * 255).astype(np.uint8)


def _without_fractions(pixels: Pixels) -> Pixels:
    return pixels if pixels.dtype.kind in "bui" else np.trunc(pixels)


def _in_smallest_depth(levels: Pixels) -> Pixels:
    low, high = int(levels.min()), int(levels.max())
    is_gray = levels.shape[2] == 1
    depths: tuple[type[np.integer[Any]], ...] = (np.uint8,)
    if is_gray:
        # A dark uint16 picture keeps 16 bits; otherwise reading it back in color would brighten it.
        depths = (np.uint16,) if levels.dtype == np.uint16 else (np.uint8, np.uint16, np.int32)
    for depth in depths:
        if np.iinfo(depth).min <= low and high <= np.iinfo(depth).max:
            return levels.astype(depth)
    allowed = "32-bit integers" if is_gray else "0 to 255 per channel"
    raise ValueError(
        f"x has values from {low} to {high}, and the picture can hold {allowed}: bring them into "
        "that range, for example with numpy.clip, or let scale=True stretch them."
    )


def _image(levels: Pixels) -> Image.Image:
    return Image.fromarray(levels[:, :, 0] if levels.shape[2] == 1 else levels)
