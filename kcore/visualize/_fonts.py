"""Choose fonts that have the characters of some texts, and name characters that no font has."""

import contextlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from PIL import features

from kcore._warning import warn

__all__ = ["REPLACEMENT", "Fonts", "Typeface", "fonts_for", "needs_shaping"]

# Drawn for a character that no font holds.
REPLACEMENT = "\ufffd"
# Characters that surround names, such as digits.
_ALWAYS = frozenset([*map(chr, range(32, 127)), "…", REPLACEMENT])
# These choose between forms of their neighbors, and are not drawn themselves.
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
# Never a character: a font with a glyph for it, such as "Last Resort", shows a box for everything.
_NO_CHARACTER = 0xFDD0
_REGULAR = frozenset({400, "normal", "regular", "book"})
_PLAIN = "DejaVu Sans"
_SHAPING_MATPLOTLIB = (3, 11)  # the first release that shapes text

# First word of the Unicode names of a script's characters -> what people call it.
_NAMES = {
    "BOPOMOFO": "Chinese",
    "CJK": "Chinese",
    "HALFWIDTH": "Japanese",
    "HANGUL": "Korean",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "KATAKANA-HIRAGANA": "Japanese",
}
_PACKAGES = dict.fromkeys(_NAMES.values(), "fonts-noto-cjk") | {
    "emoji": "fonts-symbola",
    "symbols": "fonts-symbola",
}
_OTHER_PACKAGE = "fonts-noto-core"
# What draws -> why it can't shape text, and what to do.
_REMEDIES = {
    "pillow": (
        "Pillow has no Raqm here",
        "It needs FriBiDi, which on Debian and Ubuntu is the package libfribidi0",
    ),
    "matplotlib": ("this matplotlib has no shaping", "Install matplotlib 3.11 or newer"),
}


@dataclass(frozen=True)
class Typeface:
    """A font that can be drawn.

    Attributes:
        family: the name by which matplotlib finds it.
        path: its file.
        index: which of the fonts in the file it is.
    """

    family: str
    path: str
    index: int = 0

    def covered(self, characters: Iterable[str]) -> set[str]:
        """Return the characters that the font has a glyph for."""
        font = _opened(self)
        if font.get_char_index(_NO_CHARACTER):
            return set()
        return {one for one in characters if font.get_char_index(ord(one))}


class Fonts:
    """Fonts for some texts, in the order in which they are asked for a character.

    Args:
        typefaces: at least one.
        characters: all characters of texts given to `drawable`; others count as missing.
    """

    def __init__(self, typefaces: Sequence[Typeface], characters: Iterable[str]):
        self.typefaces = tuple(typefaces)
        self._covered = {typeface: typeface.covered(characters) for typeface in self.typefaces}

    @cached_property
    def families(self) -> list[str]:
        """Their names, as matplotlib's `fontfamily=` takes them."""
        return list(dict.fromkeys(typeface.family for typeface in self.typefaces))

    def drawable(self, text: str) -> str:
        """Return the text in characters that these fonts hold.

        White space becomes a space, characters without a glyph are left out, and characters that no
        font has become "\ufffd".
        """
        return "".join(map(self._drawable, unicodedata.normalize("NFC", text)))

    def runs(self, text: str) -> Iterator[tuple[Typeface, str]]:
        """Cut a text that `drawable` returned into pieces of one font each, in their order.

        A word is drawn in one font if a font has all of it.
        """
        piece, last = "", self.typefaces[0]
        for word in re.findall(r"\S+| +", text):
            whole = self._typeface_for(word, last)
            for part in [word] if whole else word:
                typeface = whole or self._typeface_for(part, last) or self.typefaces[0]
                if typeface != last and piece:
                    yield last, piece
                    piece = ""
                piece, last = piece + part, typeface
        if piece:
            yield last, piece

    def _typeface_for(self, characters: str, last: Typeface) -> Typeface | None:
        """Return the first font that holds all of the characters; signs alone stay in the last."""
        are_signs = all(unicodedata.category(one)[0] in "MZPN" for one in characters)
        order = (last, *self.typefaces) if are_signs else self.typefaces
        return next((one for one in order if self._covered[one].issuperset(characters)), None)

    def _drawable(self, character: str) -> str:
        if character.isspace():
            return " "
        is_invisible = unicodedata.category(character) == "Cf" or character in _JOINERS
        is_covered = any(character in covered for covered in self._covered.values())
        if is_invisible:
            return character if is_covered and character in _JOINERS else ""
        return character if is_covered else REPLACEMENT


def fonts_for(texts: Iterable[str], drawn_by: str = "pillow") -> Fonts:
    """Choose fonts that hold the texts' characters, and warn of characters that none holds.

    DejaVu Sans, which comes with matplotlib, is used first; for matplotlib, the fonts of its own
    settings. For other characters the fonts of the system are searched.

    Args:
        texts: all that will be drawn with these fonts.
        drawn_by: "pillow" or "matplotlib", the library that will draw the texts.

    Returns:
        The fonts. What is drawn must pass their `drawable` first.

    Warns:
        UserWarning: once for all texts, if no font holds some of the characters, or if the library
            can't put letters in order and join them as their script requires.
    """
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    base = _plain() if drawn_by == "pillow" else _of_matplotlib()
    characters = {*"".join(texts), *_ALWAYS, *_JOINERS}
    missing = {one for one in characters if _has_glyph(one)}
    for typeface in base:
        missing -= typeface.covered(missing)
    # Only the font that a private character was made for knows its meaning.
    sought = frozenset(one for one in missing if unicodedata.category(one) != "Co")
    found = _covering(sought) if sought else ()
    fonts = Fonts([*base, *found], characters)
    lacking = [text for text in texts if REPLACEMENT in fonts.drawable(text)]
    still_missing = missing.difference(*(one.covered(missing) for one in found))
    problems = [
        _missing(lacking, still_missing),
        _unshaped([text for text in texts if text not in lacking], drawn_by),
    ]
    if any(problems):
        warn(" ".join(filter(None, problems)))
    return fonts


def needs_shaping(text: str) -> bool:
    """Tell whether letters must be put in another order or joined, as in Arabic and Hindi."""
    return any(map(_needs_shaping, text))


def _has_glyph(character: str) -> bool:
    """Tell whether a character needs a glyph; controls and the like have none in any font."""
    is_invisible = unicodedata.category(character) in ("Cc", "Cf", "Cs") or character.isspace()
    return not (is_invisible or character in _JOINERS)


def _needs_shaping(character: str) -> bool:
    is_from_right = unicodedata.bidirectional(character) in ("R", "AL")
    is_virama = unicodedata.combining(character) == 9
    return is_from_right or is_virama or unicodedata.category(character) == "Mc"


def _plain() -> list[Typeface]:
    import matplotlib

    path = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return [Typeface(_PLAIN, str(path))]


def _of_matplotlib() -> list[Typeface]:
    """Return the fonts that matplotlib draws with if nobody names one."""
    import matplotlib
    from matplotlib.font_manager import FontProperties, findfont

    found = []
    for family in matplotlib.rcParams["font.family"]:
        path = findfont(FontProperties(family=[family]))
        found.append(Typeface(family, str(path), getattr(path, "face_index", 0)))
    return found


@lru_cache(maxsize=32)
def _covering(characters: frozenset[str]) -> tuple[Typeface, ...]:
    """Return few fonts of the system that together have as many of the characters as possible."""
    covered: dict[Typeface, set[str]] = {}
    for typeface in _installed():
        covered[typeface] = typeface.covered(characters)
        if len(covered[typeface]) == len(characters):
            return (typeface,)
    chosen: list[Typeface] = []
    left = set(characters)
    while left and covered:
        best = max(covered, key=lambda typeface: len(covered[typeface] & left))  # first of equals
        if not covered[best] & left:
            break
        chosen.append(best)
        left -= covered[best]
    return tuple(chosen)


@cache
def _installed() -> tuple[Typeface, ...]:
    """Return the fonts that matplotlib can draw with, plain ones first."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {entry.fname for entry in fontManager.ttflist}
    for path in findSystemFonts():
        if path not in known:
            # matplotlib keeps its list in a file, which may be older than a font. A font that it
            # can't read, for whatever reason, is skipped.
            with contextlib.suppress(Exception):
                fontManager.addfont(path)
    entries = sorted(fontManager.ttflist, key=_preference)
    found = (Typeface(one.name, one.fname, getattr(one, "index", 0)) for one in entries)
    return tuple(dict.fromkeys(found))


def _preference(entry: Any) -> tuple[Any, ...]:
    """Put the plain fonts of a text before bold, slanted and unusual ones."""
    name = entry.name.lower()
    return (
        entry.name != _PLAIN,
        entry.style != "normal" or entry.weight not in _REGULAR,
        "sans" not in name,
        "mono" in name or "serif" in name.replace("sans serif", ""),
        not name.startswith("noto"),
        entry.name,
        entry.fname,
    )


def _opened(typeface: Typeface) -> Any:
    from matplotlib.ft2font import FT2Font

    # Releases before 3.11 know only the first font of a file.
    return (
        FT2Font(typeface.path, face_index=typeface.index)
        if typeface.index
        else FT2Font(typeface.path)
    )


def _missing(texts: Sequence[str], characters: set[str]) -> str:
    """Say which scripts have no font, and where there is one."""
    if not characters:
        return ""
    scripts = sorted({_script(character) for character in characters})
    packages = sorted({_PACKAGES.get(script, _OTHER_PACKAGE) for script in scripts})
    return (
        f"No font here holds {_listed(scripts)}, as in {texts[0]!r}: such characters are drawn as "
        f"{REPLACEMENT}. Install a font that does and start Python again. On Debian and Ubuntu "
        f"that is the package {_listed(packages)}; for other systems there are fonts at "
        "https://fonts.google.com/noto."
    )


def _unshaped(texts: Sequence[str], drawn_by: str) -> str:
    """Say which scripts are drawn wrongly because nothing orders and joins their letters."""
    wrong = [text for text in texts if needs_shaping(text)]
    if not wrong or _shapes(drawn_by):
        return ""
    letters = {one for text in wrong for one in text if _needs_shaping(one)}
    scripts = sorted(set(map(_script, letters)))
    reason, remedy = _REMEDIES[drawn_by]
    return (
        f"Letters of {_listed(scripts)}, as in {wrong[0]!r}, are drawn one by one from left to "
        f"right, without the order and the joined forms that they need: {reason}. {remedy}."
    )


def _shapes(drawn_by: str) -> bool:
    if drawn_by == "pillow":
        return features.check("raqm") is True
    import matplotlib

    return matplotlib.__version_info__[:2] >= _SHAPING_MATPLOTLIB


def _script(character: str) -> str:
    """Return the name of a character's script, as far as its Unicode name tells."""
    if "\U0001f000" <= character <= "\U0001faff":
        return "emoji"
    name = unicodedata.name(character, "")
    if not name:
        return f"U+{ord(character):04X}"
    if unicodedata.category(character)[0] not in "LMN":
        return "symbols"
    first = name.split()[0]
    return _NAMES.get(first, first.title())


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
