"""Convert any picture that Pillow decodes to 8-bit gray, RGB or RGBA, or keep gray of more bits."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin

from kcore.images._errors import ImageDecodeError

__all__ = [
    "DEEP_WHITE",
    "PILLOW_MODES",
    "Color",
    "checked_background",
    "image_like",
    "in_color_mode",
    "in_native_16_bits",
    "shows_through",
    "white_of",
]

PILLOW_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
DEEP_WHITE = 65535
Color = tuple[int, int, int]

_DEEP_GREY_MODES = ("I;16", "I", "F")
_MIN_IS_WHITE = 0  # value of TIFF's tag PhotometricInterpretation


def checked_background(background: int | Sequence[int] | None, color_mode: str) -> Color | None:
    """Return the background of transparent pixels as (red, green, blue), or say what is wrong."""
    if background is None:
        return None
    levels: tuple[Any, ...]
    levels = tuple(background) if isinstance(background, Sequence) else (background,) * 3
    if len(levels) != 3 or not all(_is_level(level) for level in levels):
        raise ValueError(
            f"background={background!r} must be a level of gray, 0 to 255, three of red, green "
            "and blue, such as (255, 255, 255) for white, or None to drop transparency."
        )
    if color_mode == "rgba":
        raise ValueError(
            f"background={background!r} with color_mode='rgba': transparency is kept there, and "
            "nothing lies behind it. Use color_mode='rgb', or leave background out."
        )
    return (int(levels[0]), int(levels[1]), int(levels[2]))


def in_color_mode(
    img: Image.Image,
    color_mode: str,
    name: str | None,
    white: int = DEEP_WHITE,
    background: Color | None = None,
) -> Image.Image:
    """Convert to `color_mode`; "grayscale" keeps gray of 16 or 32 bits.

    Args:
        img: an image as `in_native_16_bits` returns it.
        color_mode: a key of `PILLOW_MODES`.
        name: the file's name, for the error.
        white: the level of 16-bit gray that is white.
        background: the color behind transparent pixels, unless `color_mode` keeps them; None drops
            transparency, which shows the colors that are stored for such pixels.

    Raises:
        ImageDecodeError: if `img` holds 32-bit numbers that 8 bits can't hold.
    """
    wanted = PILLOW_MODES[color_mode]
    if wanted == "L" and img.mode in _DEEP_GREY_MODES:
        return _deep_on(background, img, white)
    if img.mode == "I;16":
        img = _from_16_to_8_bits(img, white)
    elif img.mode in _DEEP_GREY_MODES:
        img = _from_32_to_8_bits(img, color_mode, name)
    elif img.mode == "P":
        img = img.convert("RGBA")  # a direct conversion warns if the palette has alpha
    elif img.mode == "LAB":
        img = img.convert("RGB")  # the only mode that Pillow converts LAB to
    if background is not None and wanted != "RGBA" and img.has_transparency_data:
        img = _on(background, img)
    return img if img.mode == wanted else img.convert(wanted)


def image_like(pixels: npt.NDArray[Any], img: Image.Image) -> Image.Image:
    """Make an image of `pixels` with the metadata of `img`, such as its EXIF orientation."""
    made = Image.fromarray(pixels)
    made.info = img.info.copy()
    return made


def white_of(img: Image.Image) -> int:
    """Return the level of 16-bit gray that is white; 12-bit TIFF uses 12 of the 16 bits."""
    if not isinstance(img, TiffImagePlugin.TiffImageFile):
        return DEEP_WHITE
    bits = img.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (16,))[0]
    return int(2**bits - 1)


def in_native_16_bits(img: Image.Image) -> Image.Image:
    """Turn 16 bits of any kind into mode "I;16", little-endian, where 0 is black.

    Pillow resizes that mode well. PPM, and PNG in old versions of Pillow, come in mode "I", of 32
    bits. Where 0 is white in a TIFF file, Pillow inverts it if it has 8 bits or less, and not
    otherwise.
    """
    is_over = (
        isinstance(img, TiffImagePlugin.TiffImageFile)
        and img.mode.startswith("I;16")
        and img.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == _MIN_IS_WHITE
    )
    in_32_bits = img.mode == "I" and img.format in ("PNG", "PPM")
    if not (is_over or in_32_bits or img.mode in ("I;16B", "I;16L", "I;16N")):
        return img
    levels = np.asarray(img).astype("<u2")
    return image_like((white_of(img) - levels).astype("<u2") if is_over else levels, img)


def shows_through(img: Image.Image) -> bool:
    """Tell whether a loaded picture has a pixel that is not opaque."""
    if not img.has_transparency_data:
        return False
    if img.mode in _DEEP_GREY_MODES:
        return bool(np.any(np.asarray(img) == img.info["transparency"]))
    alpha = img if img.mode in ("RGBA", "LA") else img.convert("RGBA")
    lowest: Any = alpha.getchannel("A").getextrema()[0]
    return bool(lowest < 255)


def _is_level(level: object) -> bool:
    is_whole = isinstance(level, Integral) and not isinstance(level, bool)
    return is_whole and 0 <= level <= 255  # type: ignore[operator]


def _on(background: Color, img: Image.Image) -> Image.Image:
    """Lay a picture over a color."""
    canvas = Image.new("RGBA", img.size, (*background, 255))
    canvas.alpha_composite(img.convert("RGBA"))
    canvas.info = {key: value for key, value in img.info.items() if key != "transparency"}
    return canvas


def _deep_on(background: Color | None, img: Image.Image, white: int) -> Image.Image:
    """Replace the transparent level of gray of more than 8 bits by the gray of a color."""
    transparent = img.info.get("transparency")
    if background is None or transparent is None:
        return img
    gray: Any = Image.new("RGB", (1, 1), background).convert("L").getpixel((0, 0))
    levels = np.array(img)
    levels[levels == transparent] = (gray * white + 127) // 255
    made = image_like(levels, img)
    del made.info["transparency"]
    return made


def _from_16_to_8_bits(img: Image.Image, white: int) -> Image.Image:
    deep = np.asarray(img)
    gray = image_like(((deep.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8), img)
    transparent = gray.info.pop("transparency", None)
    if transparent is not None:  # compared in 16 bits, as other levels may become the same in 8
        alpha = (deep != transparent).astype(np.uint8) * 255
        gray.putalpha(Image.fromarray(alpha))
    return gray


def _from_32_to_8_bits(img: Image.Image, color_mode: str, name: str | None) -> Image.Image:
    deep = np.asarray(img)
    if not np.all((deep >= 0) & (deep <= 255) & (deep == np.rint(deep))):
        raise ImageDecodeError(
            name,
            f"32-bit values from {deep.min()} to {deep.max()}, and color_mode={color_mode!r} "
            "doesn't know which of them is white: load it with color_mode='grayscale', scale the "
            "array to 0 to 255, and repeat its channel",
        )
    return image_like(deep.astype(np.uint8), img)
