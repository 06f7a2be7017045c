"""Print text on any console, whatever its encoding and whatever names the text contains."""

import sys
import unicodedata
from typing import TextIO

__all__ = ["encodable", "harmless", "megabytes", "printable", "say"]

# Control characters, format characters such as overrides of the writing direction, lone surrogates
# (bytes of a file name that can't be decoded), and separators of lines and paragraphs.
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# These join the letters of many languages, and emoji.
_JOINERS = "\u200c\u200d"


def printable(name: object) -> str:
    r"""Return an untrusted name as one line of text that can't control a terminal.

    The name of a file can hold characters that control a terminal, reorder what it displays, or add
    lines that seem to come from the program. Such characters become escapes, as in Python strings.
    For names in quotation marks, `repr` does the same.

    Args:
        name: name of a file, class or layer, or a message from a server.

    Example:
        >>> print(printable("Katze 猫\x1b[2J\nFound 5 images"))
        Katze 猫\x1b[2J\nFound 5 images
    """
    return _escaped(str(name), _JOINERS)


def harmless(text: str) -> str:
    """Return text of several lines that can't control a terminal; use `printable` for names."""
    return _escaped(text, _JOINERS + "\n")


def say(text: str, stream: TextIO | None = None, *, start: str = "", end: str = "\n") -> None:
    r"""Print text, with an escape for each character that the stream can't encode.

    kcore prints only through this function. Names in `text` should have passed `printable`.

    Args:
        text: one or more lines of text.
        stream: stream to print to; `None` for standard output. If there is none, as in a program
            without a console, nothing is printed.
        start: printed unchanged before the text.
        end: printed unchanged after the text.

    Example:
        >>> import io
        >>> console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        >>> say("3 images of Käse", console, end="")
        >>> position = console.seek(0)
        >>> print(console.read())
        3 images of K\xe4se
    """
    stream = sys.stdout if stream is None else stream
    if stream is None:
        return
    stream.write(f"{start}{encodable(harmless(text), stream)}{end}")


def encodable(text: str, stream: TextIO | None) -> str:
    """Return text with an escape for each character that the stream can't encode."""
    encoding = getattr(stream, "encoding", None)
    if not isinstance(encoding, str):
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)


def megabytes(number: int) -> str:
    """Write a number of bytes in units of 10**6 bytes: `26.4 MB`."""
    return f"{number / 1e6:.1f} MB"


def _escaped(text: str, kept: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _ESCAPED and character not in kept
        else character
        for character in text
    )
