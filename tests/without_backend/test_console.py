"""Text that kcore prints suits every console, and names from outside can't control it."""

import ast
import io
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kcore
from kcore._console import harmless, megabytes, printable, say
from kcore.datasets._errors import DownloadError
from kcore.images._errors import ImageDecodeError

HOSTILE = {
    "clears the screen": ("\x1b[2J", r"\x1b[2J"),
    "the same in one byte of C1": ("\x9b2J", r"\x9b2J"),
    "a second line": ("a\nFound 5 images", r"a\nFound 5 images"),
    "goes back to the start": ("a\rb", r"a\rb"),
    "next line of C1": ("a\x85b", r"a\x85b"),
    "line separator": ("a\u2028b", r"a\u2028b"),
    "another direction": ("a\u202egnp.exe", r"a\u202egnp.exe"),
    "isolates": ("\u2066a\u2069", r"\u2066a\u2069"),
    "no text": ("caf\udce9", r"caf\udce9"),
    "null": ("a\0b", r"a\x00b"),
}


def console(encoding):
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")


def text_of(stream):
    stream.flush()
    return stream.buffer.getvalue().decode(stream.encoding)


@pytest.mark.parametrize(("name", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_control_characters_in_a_name_are_escaped(name, shown):
    assert printable(name) == shown


@pytest.mark.parametrize("name", ["Käse", "猫", "👨\u200d👩\u200d👧", "می\u200cخواهم", "a\u3000b"])
def test_names_in_all_languages_are_unchanged(name):
    assert printable(name) == name


@given(st.text(st.characters(exclude_categories=())))
def test_no_character_of_a_name_controls_the_terminal(name):
    categories = {unicodedata.category(each) for each in printable(name)}
    assert not categories & {"Cc", "Cs", "Zl", "Zp"}
    assert printable(printable(name)) == printable(name)


def test_text_keeps_only_its_line_feeds():
    assert harmless("one\ntwo\r\x1b[2J") == "one\ntwo\\r\\x1b[2J"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8", "utf-16", "cp437"])
def test_every_encoding_prints_every_name(encoding):
    stream = console(encoding)
    say("Käse 猫 🧀 \udce9", stream)
    text = text_of(stream)
    assert text.endswith("\\udce9\n")
    if encoding == "ascii":
        assert text == "K\\xe4se \\u732b \\U0001f9c0 \\udce9\n"
    if encoding == "utf-8":
        assert text == "Käse 猫 🧀 \\udce9\n"


def test_standard_output_is_looked_up_when_it_is_written_to(monkeypatch):
    stream = console("ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    say("Käse")
    assert text_of(stream) == "K\\xe4se\n"


def test_programs_without_a_console_print_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    say("Käse")


def test_errors_show_names_on_one_line():
    name = "a\nb\x1b[2J.png"
    assert str(ImageDecodeError(name, "damaged")) == "a\\nb\\x1b[2J.png: damaged"
    assert ImageDecodeError(name, "damaged").path == name
    assert "\\x1b" in str(DownloadError("http://a", "the server answers 500 \x1b[2J"))


def test_nothing_else_in_kcore_prints_or_warns():
    """All text goes through `say` and `kcore._warning.warn`, which make it harmless."""
    root = Path(kcore.__file__).parent
    found = []
    for path in root.rglob("*.py"):
        if path.relative_to(root).as_posix() not in ("_console.py", "_warning.py"):
            found += [f"{path.relative_to(root)}:{line}" for line in _printing(path.read_text())]
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "print('a')",
        "sys.stderr.write('a')",
        "sys.stdout.flush()",
        "warnings.warn('a')",
        "from warnings import warn",
        "from sys import stdout",
    ],
)
def test_the_rule_finds(source):
    assert _printing(f"x = 1\n{source}") == [2]


def _printing(source):
    """Return the lines that print or warn without these two functions."""
    return [node.lineno for node in ast.walk(ast.parse(source)) if _prints(node)]


def _prints(node):
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Name):
            return function.id == "print"
        if isinstance(function, ast.Attribute):
            owner = ast.unparse(function.value)
            return (owner, function.attr) == ("warnings", "warn") or owner.startswith("sys.std")
    if isinstance(node, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        return (node.module == "warnings" and "warn" in names) or (
            node.module == "sys" and bool(names & {"stdout", "stderr"})
        )
    return False


def test_a_megabyte_is_a_million_bytes():
    assert megabytes(26421880) == "26.4 MB"
