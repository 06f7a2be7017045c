import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.visualize._lettering import distinct, drawable, fitted, font_of, shorten


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


@given(
    st.lists(st.text(st.sampled_from("ab[]… 012é"), max_size=30), max_size=12), st.integers(60, 200)
)
def test_fitted_texts_differ_and_fit(texts, width):
    font = font_of(12)
    shown = fitted(texts, font, width)
    assert len(set(shown)) == len(texts)
    assert all(font.getlength(text) <= width for text in shown)
    for text, old in zip(shown, texts, strict=True):
        if texts.count(old) == 1 and font.getlength(drawable(old)) <= width:
            assert text == drawable(old) or text.startswith(drawable(old)[:1])


def test_texts_are_numbered_only_where_they_look_alike():
    font = font_of(12)
    assert fitted(["cat", "dog"], font, 60) == ["cat", "dog"]
    assert fitted(["cat", "cät", "dog"], font, 60) == ["cat [0]", "cat [1]", "dog"]
    assert fitted(["猫", "犬"], font, 60) == ["? [0]", "? [1]"]
    assert fitted(["cat [1]", "cat", "cat"], font, 80) == ["cat [1] [0]", "cat [1]", "cat [2]"]


def test_a_width_without_space_for_the_index_ends_too():
    assert distinct(["ab", "ab"], lambda *_: "…") == ["…", "…"]
    assert len(fitted(["abcdef"] * 3, font_of(12), 5)) == 3
