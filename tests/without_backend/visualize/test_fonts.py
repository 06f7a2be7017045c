import functools
import warnings

import matplotlib
import pytest
from matplotlib import font_manager
from oracles.small_fonts import only_fonts, small_font

from kcore.visualize import _fonts
from kcore.visualize._fonts import fonts_for, needs_shaping

CAT, HOUSE, INDIAN = "猫", "घर", "बिल्ली"
PLAIN = ["DejaVu Sans"]


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Return what makes fonts, family -> characters, the only ones besides DejaVu Sans."""
    install = functools.partial(only_fonts, monkeypatch, tmp_path)
    install()
    return install


@pytest.mark.parametrize("text", ["T-shirt/top", "Müller, São", "Ёлка", "ναύς", "→ ½ ✓", ""])
def test_one_font_is_enough_for_many_scripts(text, installed):
    installed(Other=text)
    fonts = fonts_for([text])
    assert fonts.families == PLAIN
    assert fonts.drawable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("re\u0301sume\u0301", "résumé"),
        ("a\nb\tc", "a b c"),
        ("\u202eevil\x00", "evil\ufffd"),
        ("soft\u00adhyphen", "softhyphen"),
        ("lone \ud800", "lone \ufffd"),
    ],
)
def test_what_has_no_glyph_of_its_own(text, shown, installed):
    assert fonts_for([text]).drawable(text) == shown


def test_a_font_of_the_system_holds_what_dejavu_lacks(installed):
    installed(Chinese=CAT, Indian=HOUSE + INDIAN)
    fonts = fonts_for([f"{CAT} cat", HOUSE])
    assert sorted(fonts.families) == ["Chinese", "DejaVu Sans", "Indian"]
    assert fonts.families[0] == "DejaVu Sans"
    shown = [fonts.drawable(text) for text in (f"{CAT} cat", HOUSE)]
    assert shown == [f"{CAT} cat", HOUSE]
    runs = [(typeface.family, piece) for typeface, piece in fonts.runs(shown[0])]
    assert runs == [("Chinese", CAT), ("DejaVu Sans", " cat")]


def test_a_font_that_holds_all_is_preferred_to_two(installed):
    installed(Chinese=CAT, Indian=HOUSE, Both=CAT + HOUSE)
    assert fonts_for([CAT, HOUSE]).families == [*PLAIN, "Both"]


def test_signs_stay_in_the_font_of_the_letters_before_them(installed):
    installed(Chinese=f"{CAT} .")
    fonts = fonts_for([f"{CAT} . a"])
    runs = [(typeface.family, piece) for typeface, piece in fonts.runs(f"{CAT} . a")]
    assert runs == [("Chinese", f"{CAT} . "), ("DejaVu Sans", "a")]


def test_one_warning_names_the_scripts_without_a_font(installed):
    installed(Chinese=CAT)
    with pytest.warns(UserWarning, match="No font here holds") as caught:
        fonts = fonts_for([CAT, HOUSE, "แมว", "cat"])
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "No font here holds Devanagari and Thai, as in 'घर'" in text
    assert "the package fonts-noto-core;" in text
    assert caught[0].filename == __file__
    assert fonts.drawable(HOUSE) == "\ufffd\ufffd"
    assert fonts.drawable(CAT) == CAT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("犬", "holds Chinese, .* package fonts-noto-cjk"),
        ("イヌ", "holds Japanese, .* package fonts-noto-cjk"),
        ("개", "holds Korean, .* package fonts-noto-cjk"),
        ("🦖", "holds emoji, .* package fonts-symbola"),
        ("𝄞", "holds symbols, .* package fonts-symbola"),
        ("\U000f0000", r"holds U\+F0000, "),
        ("犬ሀ", "holds Chinese and Ethiopic, .* packages? fonts-noto-cjk and fonts-noto-core"),
    ],
)
def test_what_to_install(text, message, installed):
    with pytest.warns(UserWarning, match=message):
        fonts_for([text])


def test_a_font_of_boxes_for_everything_is_none(installed):
    installed(Boxes=f"{CAT}\ufdd0")
    with pytest.warns(UserWarning, match="No font here holds Chinese"):
        assert fonts_for([CAT]).families == PLAIN


@pytest.mark.parametrize("text", ["قطة", "חתול", INDIAN, "क्ष"])
@pytest.mark.parametrize("has_raqm", [True, False])
def test_without_raqm_scripts_that_need_it_are_named(text, has_raqm, installed, monkeypatch):
    installed(Indian=INDIAN + "क्ष")
    monkeypatch.setattr("PIL.features.check", lambda name: {"raqm": has_raqm}[name])
    assert needs_shaping(text)
    if has_raqm:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fonts_for([text])
        return
    with pytest.warns(
        UserWarning, match=r"Letters of (Arabic|Hebrew|Devanagari), as in .* Pillow has no Raqm"
    ) as caught:
        fonts_for(["cat", text])
    assert len(caught) == 1
    assert "libfribidi0" in str(caught[0].message)


@pytest.mark.parametrize("text", ["cat", CAT, HOUSE, "Ёлка", "แมว"])
def test_letters_that_only_stand_beside_each_other(text):
    assert not needs_shaping(text)


def test_an_old_matplotlib_shapes_nothing(installed, monkeypatch):
    monkeypatch.setattr(matplotlib, "__version_info__", (3, 10, 0, "final", 0))
    with pytest.warns(UserWarning, match=r"Arabic, .* this matplotlib has no shaping. .* 3.11"):
        fonts_for(["قطة"], "matplotlib")


def test_matplotlib_is_given_the_fonts_of_its_own_settings_first(installed):
    installed(Chinese=CAT)
    with matplotlib.rc_context({"font.family": ["DejaVu Serif", "DejaVu Sans Mono"]}):
        fonts = fonts_for([f"a{CAT}"], "matplotlib")
    assert fonts.families == ["DejaVu Serif", "DejaVu Sans Mono", "Chinese"]
    assert fonts.typefaces[0].path.endswith("DejaVuSerif.ttf")


def test_a_font_that_is_newer_than_the_list_of_matplotlib_is_found(monkeypatch, tmp_path):
    made = small_font(tmp_path, "Kcore Test", CAT)
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    entries = [one for one in font_manager.fontManager.ttflist if one.name.startswith("DejaVu")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", entries)
    new = [made.path, str(tmp_path / "broken.ttf")]
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: new)
    found = _fonts._installed.__wrapped__()
    assert made in found
    assert found[0].path.endswith("DejaVuSans.ttf")
    # By its name it is found by matplotlib too, which charts need.
    assert font_manager.findfont("Kcore Test", fallback_to_default=False) == made.path
