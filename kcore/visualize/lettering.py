"""Text in pictures, in the font that comes with Pillow."""

import unicodedata
from functools import cache

from PIL import ImageFont

__all__ = ["Font", "drawable", "font_of", "shorten"]

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FOR_PRIVATE_USE = "\ue000"  # in no font, so it shows what a missing sign looks like


@cache
def font_of(size: int) -> Font:
    """Return Pillow's own font in a size, in pixels."""
    return ImageFont.load_default(size)


def drawable(text: str) -> str:
    """Return the text in signs that the font has.

    Pillow's font holds little beyond ASCII. An accented letter becomes the letter, a line break a
    space, and what can't be written at all a question mark, instead of an empty box.

    Example:
        >>> drawable("Café, 猫")
        'Cafe, ?'
    """
    return "".join(map(_drawable_sign, text))


def shorten(text: str, font: Font, width: int) -> str:
    """Cut the text, with "…" for what is left out, so that it is at most `width` pixels wide."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"


@cache
def _drawable_sign(sign: str) -> str:
    if sign.isspace():
        return " "
    if _is_in_font(sign):
        return sign
    base = "".join(part for part in unicodedata.normalize("NFKD", sign) if _is_in_font(part))
    return base or ("" if unicodedata.combining(sign) else "?")


@cache
def _is_in_font(sign: str) -> bool:
    if not sign.isprintable():
        return False
    mask, missing = (font_of(12).getmask(one) for one in (sign, _FOR_PRIVATE_USE))
    return (mask.size, bytes(mask)) != (missing.size, bytes(missing))
