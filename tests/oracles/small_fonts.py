"""Fonts of a few characters, so that no test depends on those of the machine."""

import inspect

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from kcore.visualize import _fonts
from kcore.visualize._fonts import Typeface


def only_fonts(monkeypatch, directory, **families):
    """Let fonts of some characters, by family, be all that the system has besides DejaVu Sans."""
    made = tuple(small_font(directory, family, signs) for family, signs in families.items())
    monkeypatch.setattr(_fonts, "_installed", lambda: made)
    # What was found among other fonts is no longer true, neither now nor after the test.
    monkeypatch.setattr(_fonts, "_covering", inspect.unwrap(_fonts._covering))


def small_font(directory, family, characters):
    """Make a font in which each of the characters is a black square, and return it."""
    pen = TTGlyphPen(None)
    for step, point in enumerate([(100, 0), (100, 700), (800, 700), (800, 0)]):
        (pen.lineTo if step else pen.moveTo)(point)
    pen.closePath()
    square, nothing = pen.glyph(), TTGlyphPen(None).glyph()
    names = {ord(one): f"u{ord(one):04X}" for one in characters}
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    builder.setupGlyf({".notdef": nothing} | dict.fromkeys(names.values(), square))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (900, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    path = directory / f"{family.replace(' ', '')}.ttf"
    builder.save(path)
    return Typeface(family, str(path))
