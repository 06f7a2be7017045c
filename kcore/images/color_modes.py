"""Any picture that Pillow decodes, as 8-bit grey, RGB or RGBA, or as the deep grey that it is."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin

from kcore.images.errors import ImageDecodeError

__all__ = ["PILLOW_MODES", "image_like", "in_color_mode"]

PILLOW_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_DEEP_GREY_MODES = ("I;16", "I", "F")


def in_color_mode(img: Image.Image, color_mode: str, name: str | None) -> Image.Image:
    """Convert to `color_mode`, where "grayscale" leaves deep grey as deep as it is.

    Args:
        img: a decoded image of any mode.
        color_mode: a key of `PILLOW_MODES`.
        name: the file's name, for the error.

    Raises:
        ImageDecodeError: if `img` holds 32-bit numbers that 8 bits can't hold.
    """
    wanted = PILLOW_MODES[color_mode]
    img = _in_native_16_bits(img)
    if img.mode == wanted or (wanted == "L" and img.mode in _DEEP_GREY_MODES):
        return img
    if img.mode == "I;16":
        img = _from_16_to_8_bits(img)
    elif img.mode in _DEEP_GREY_MODES:
        img = _from_32_to_8_bits(img, color_mode, name)
    elif img.mode == "P":
        img = img.convert("RGBA")  # Pillow warns on the direct way when the palette has alpha
    elif img.mode == "LAB":
        img = img.convert("RGB")  # the one mode that Pillow converts LAB to
    return img.convert(wanted)


def image_like(pixels: npt.NDArray[Any], img: Image.Image) -> Image.Image:
    """Make an image of `pixels` with the metadata of `img`, such as its EXIF orientation."""
    made = Image.fromarray(pixels)
    made.info = img.info.copy()
    return made


def _in_native_16_bits(img: Image.Image) -> Image.Image:
    """Turn big-endian values into the little-endian ones of mode "I;16", which Pillow resizes well.

    PNG (in old versions of Pillow) and PPM give 16 bits in the 32 of mode "I".
    """
    in_32_bits = img.mode == "I" and img.format in ("PNG", "PPM")
    if not in_32_bits and img.mode not in ("I;16B", "I;16L", "I;16N"):
        return img
    return image_like(np.asarray(img).astype("<u2"), img)


def _from_16_to_8_bits(img: Image.Image) -> Image.Image:
    white = 65535
    if isinstance(img, TiffImagePlugin.TiffImageFile):  # 12-bit TIFF uses 12 of the 16 bits
        bits = img.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (16,))[0]
        white = 2**bits - 1
    deep = np.asarray(img)
    grey = image_like(((deep.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8), img)
    transparent = grey.info.pop("transparency", None)
    if transparent is not None:  # one 16-bit level; others may become the same in 8 bits
        alpha = (deep != transparent).astype(np.uint8) * 255
        grey.putalpha(Image.fromarray(alpha))
    return grey


def _from_32_to_8_bits(img: Image.Image, color_mode: str, name: str | None) -> Image.Image:
    deep = np.asarray(img)
    if not np.all((deep >= 0) & (deep <= 255) & (deep == np.rint(deep))):
        raise ImageDecodeError(
            name,
            f"32-bit values from {deep.min()} to {deep.max()}, for which color_mode="
            f"{color_mode!r} knows no white: load it with color_mode='grayscale', scale the "
            "array to 0 to 255, and repeat its channel",
        )
    return image_like(deep.astype(np.uint8), img)
