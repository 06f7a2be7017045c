"""Text in pictures, in the font that comes with Pillow."""

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

from PIL import ImageFont

__all__ = ["Font", "distinct", "drawable", "fitted", "font_of", "shorten"]

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


def distinct(texts: Sequence[str], cut: Callable[[str, str], str]) -> list[str]:
    """Cut texts, and write the index behind each of those that look alike then.

    Args:
        texts: such as the names of all classes.
        cut: takes a text and what is to stand behind it, and returns both together, the text cut
            where the two would be too long.

    Example:
        >>> distinct(["a long name", "a long note", "b"], lambda text, end: text[:8] + end)
        ['a long n [0]', 'a long n [1]', 'b']
    """
    shown = [cut(text, "") for text in texts]
    while True:
        counts = Counter(shown)
        ends = [f" [{index}]" for index in range(len(texts))]
        numbered = [
            cut(text, end) if counts[old] > 1 else old
            for text, old, end in zip(texts, shown, ends, strict=True)
        ]
        if numbered == shown:
            return shown
        shown = numbered


def fitted(texts: Sequence[str], font: Font, width: int) -> list[str]:
    """Return texts that can be drawn in at most `width` pixels, and can be told from each other.

    Where not even the index fits, it is cut too.
    """

    def cut(text: str, end: str) -> str:
        left = width - math.ceil(font.getlength(end))
        if end and left <= 0:
            return shorten(end.strip(), font, width)
        return shorten(drawable(text), font, left) + end

    return distinct(texts, cut)


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
