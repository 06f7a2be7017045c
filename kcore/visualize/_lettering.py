"""Write text into pictures, each character in a font that has it."""

import bisect
import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont, features

from kcore.visualize._fonts import Typeface, fonts_for

__all__ = ["Lettering", "distinct"]


class Lettering:
    """Measure, shorten and write some texts in letters of one size.

    Args:
        texts: all texts that will be written.
        size: size of the letters, in pixels.

    Warns:
        UserWarning: if characters have no font, or are drawn wrongly.
    """

    def __init__(self, texts: Iterable[str], size: int):
        self._fonts, self._size = fonts_for(texts), size
        # Within a line from left to right, text from right to left is put in order.
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
        lengths = range(len(text))
        fitting = bisect.bisect(lengths, width, key=lambda kept: self.width(text[:kept] + "…"))
        kept = text[: max(0, fitting - 1)]
        # In scripts that join letters, fewer of them may be wider.
        while kept and self.width(kept + "…") > width:
            kept = kept[:-1]
        return kept + self._ellipsis(kept)

    def _ellipsis(self, text: str) -> str:
        """Return "…", which must come left of a text that ends in letters from right to left."""
        directions = [unicodedata.bidirectional(one) for one in text]
        strong = [one for one in directions if one in ("L", "R", "AL")]
        is_from_right = self._direction is not None and strong[-1:] not in ([], ["L"])
        return "…\u200f" if is_from_right else "…"

    def fitted(self, texts: Sequence[str], width: float) -> list[str]:
        """Return drawable texts of at most `width` pixels that differ from each other.

        If not even the index fits, it is cut too.
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
        """Write a drawable text into a picture, given its upper left corner."""
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


def distinct(texts: Sequence[str], cut: Callable[[str, str], str]) -> list[str]:
    """Cut texts, and append the index to each of those that then look alike.

    Args:
        texts: texts such as the names of all classes.
        cut: function of a text and an ending that returns both together, with the text cut if the
            two would be too long.

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
