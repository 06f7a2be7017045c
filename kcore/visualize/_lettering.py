"""Text in pictures, in the font that comes with Pillow."""

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont, features

from kcore.visualize._fonts import Typeface, fonts_for

__all__ = ["Font", "Lettering", "distinct", "drawable", "fitted", "font_of", "shorten"]

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FOR_PRIVATE_USE = "\ue000"  # in no font, so it shows what a missing sign looks like


class Lettering:
    """Letters of one size, which hold the characters of some texts as far as fonts do.

    Args:
        texts: all that will be written.
        size: of the letters, in pixels.

    Warns:
        UserWarning: if characters have no font, or are drawn wrongly.
    """

    def __init__(self, texts: Iterable[str], size: int):
        self._fonts, self._size = fonts_for(texts), size
        # Text in a script from right to left is put in order within a line from left to right.
        self._direction = "ltr" if features.check("raqm") else None
        plain = _font(self._fonts.typefaces[0], size)
        self._ascent = plain.getmetrics()[0]

    def drawable(self, text: str) -> str:
        """Return the text as it can be written."""
        return self._fonts.drawable(text)

    def width(self, text: str) -> float:
        """Return how wide a drawable text is, in pixels."""
        pieces = self._fonts.runs(text)
        return sum((self._length(typeface, piece) for typeface, piece in pieces), 0.0)

    def _length(self, typeface: Typeface, piece: str) -> float:
        return _font(typeface, self._size).getlength(piece, direction=self._direction)

    def shorten(self, text: str, width: float) -> str:
        """Cut a drawable text, with "…" for what is left out, to at most `width` pixels."""
        if self.width(text) <= width:
            return text
        while text and self.width(text + "…") > width:
            text = text[:-1]
        return text + self._ellipsis(text)

    def _ellipsis(self, text: str) -> str:
        """Return "…", which stands to the left of a text that ends in letters from the right."""
        directions = [unicodedata.bidirectional(one) for one in text]
        strong = [one for one in directions if one in ("L", "R", "AL")]
        is_from_right = self._direction is not None and strong[-1:] not in ([], ["L"])
        return "…\u200f" if is_from_right else "…"

    def fitted(self, texts: Sequence[str], width: float) -> list[str]:
        """Return drawable texts of at most `width` pixels, which can be told from each other.

        Where not even the index fits, it is cut too.
        """

        def cut(text: str, end: str) -> str:
            left = width - math.ceil(self.width(end))
            if end and left <= 0:
                return self.shorten(end.strip(), width)
            return self.shorten(self.drawable(text), left) + end

        return distinct(texts, cut)

    def write(
        self, img: Image.Image, text: str, position: tuple[float, float], color: int | str
    ) -> None:
        """Write a drawable text into a picture, from its left upper corner on."""
        draw = ImageDraw.Draw(img)
        left, top = position
        for typeface, piece in self._fonts.runs(text):
            draw.text(
                (left, top + self._ascent),
                piece,
                fill=color,
                font=_font(typeface, self._size),
                anchor="ls",
                direction=self._direction,
            )
            left += self._length(typeface, piece)


@cache
def _font(typeface: Typeface, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(typeface.path, size, index=typeface.index)


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
