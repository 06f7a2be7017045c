import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import needs
from oracles.small_fonts import only_fonts
from PIL import Image, features

from kcore.visualize._lettering import Lettering, distinct


def test_a_width_without_space_for_the_index_ends_too():
    assert distinct(["ab", "ab"], lambda *_: "…") == ["…", "…"]
    assert len(Lettering(["abcdef"], 12).fitted(["abcdef"] * 3, 5)) == 3


def written(lettering, text, width=200, height=40):
    """Return where a text is dark, written at (10, 10)."""
    img = Image.new("L", (width, height), 255)
    lettering.write(img, text, (10, 10), 0)
    return np.asarray(img) < 128


def test_each_character_is_written_in_a_font_that_has_it(monkeypatch, tmp_path):
    only_fonts(monkeypatch, tmp_path, Chinese="猫")
    lettering = Lettering(["a猫", "a 猫a"], 20)
    # The font's only character is a square from 100 to 800 of 900 units, on the base line.
    dark = written(lettering, "猫")
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert (columns[0], columns[-1]) == (12, 25)
    assert len(rows) == 14
    assert dark[rows[0] : rows[-1] + 1, 12:26].all()
    letter = written(lettering, "x")
    assert np.flatnonzero(letter.any(axis=1))[-1] == rows[-1]
    advance = 18  # 900 of 1000 units at 20 pixels
    assert lettering.width("猫") == advance
    assert lettering.width("a 猫a") == lettering.width("a ") + advance + lettering.width("a")


def test_shortened_texts_fit():
    lettering = Lettering(["a long name of a class"], 12)
    shown = lettering.shorten("a long name of a class", 60)
    assert lettering.width(shown) <= 60
    assert shown.endswith("…")
    assert lettering.shorten("a", 60) == "a"


@given(
    st.lists(st.text(st.sampled_from("ab[]… 012éقط"), max_size=20), max_size=12),
    st.integers(60, 200),
)
@settings(max_examples=30)
def test_texts_that_are_fitted_differ_and_fit(texts, width):
    lettering = Lettering(texts, 12)
    shown = lettering.fitted(texts, width)
    assert len(set(shown)) == len(texts)
    assert all(lettering.width(text) <= width for text in shown)


def test_indices_tell_texts_apart_that_look_alike(monkeypatch, tmp_path):
    only_fonts(monkeypatch, tmp_path, Chinese="猫")
    texts = ["cat", "cät", "猫"]
    assert Lettering(texts, 12).fitted(texts, 60) == texts
    texts = ["犬", "羊", "猫"]
    with pytest.warns(UserWarning, match="No font here holds Chinese"):
        lettering = Lettering(texts, 12)
    assert lettering.fitted(texts, 60) == ["\ufffd [0]", "\ufffd [1]", "猫"]


@needs.raqm
def test_letters_of_arabic_are_joined_and_run_from_the_right():
    lettering = Lettering(["ببب ا"], 20)
    assert lettering.width("ببب") < 2 * lettering.width("ب")
    # Alif, a vertical stroke, is the last letter, so it stands on the left.
    dark = written(lettering, "ببب ا")
    tall = np.flatnonzero(dark.sum(axis=0) > 10)
    assert len(tall)
    assert tall.max() < np.flatnonzero(dark.any(axis=0)).mean()


@needs.raqm
def test_what_is_left_out_of_a_text_from_the_right_is_marked_on_the_left():
    lettering = Lettering(["ببببببببببب"], 20)
    shown = lettering.shorten("ببببببببببب", 60)
    dark = written(lettering, shown)
    left = dark[:, np.flatnonzero(dark.any(axis=0))[:4]]
    assert left.any(axis=1).sum() <= 3, "dots, and no letter, stand on the left"


@pytest.mark.filterwarnings("ignore:Letters of Arabic")
def test_without_raqm_letters_are_written_all_the_same(monkeypatch):
    monkeypatch.setattr(features, "check", lambda name: False)
    lettering = Lettering(["قطة"], 20)
    assert written(lettering, lettering.shorten("قطة قطة قطة", 60)).any()
