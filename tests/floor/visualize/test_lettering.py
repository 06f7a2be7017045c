import numpy as np
import pytest

from kcore.visualize.lettering import drawable, font_of, shorten


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("T-shirt/top", "T-shirt/top"),
        ("Müller, São", "Muller, Sao"),
        ("re\u0301sume\u0301", "resume"),
        ("馬 and 人", "? and ?"),
        ("a\nb\tc", "a b c"),
        ("\u202eevil\x00", "?evil?"),
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_replaced(text, shown):
    assert drawable(text) == shown


def test_replaced_signs_are_in_the_font():
    font = font_of(12)
    missing = np.asarray(font.getmask("\ue000"))
    for sign in set(drawable("".join(map(chr, range(32, 0x2FF))))) - {" "}:
        assert not np.array_equal(np.asarray(font.getmask(sign)), missing), sign


def test_long_texts_are_cut():
    font = font_of(12)
    shown = shorten("a long name of a class", font, 60)
    assert font.getlength(shown) <= 60
    assert shown.endswith("…")
    assert shorten("a", font, 60) == "a"
