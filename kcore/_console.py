"""Print text on any console, whatever its encoding and whatever names the text holds."""

import sys
import unicodedata
from typing import TextIO

__all__ = ["encodable", "harmless", "megabytes", "printable", "say"]

# Controls, formats such as overrides of the writing direction, halves of surrogate pairs (bytes of
# a file's name that are no text), and the separators of lines and paragraphs.
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# They shape the letters of many languages, and emoji.
_JOINERS = "\u200c\u200d"


def printable(name: object) -> str:
    r"""Return a name that comes from outside as text on one line that a terminal only shows.

    A file may be named such that a terminal obeys it, changes the order of what is shown, or shows
    further lines as if they were of the program. Such characters become escapes as Python writes
    them. For names in quotation marks, `repr` does the same.

    Args:
        name: the name of a file, class or layer, or the words of a server.

    Example:
        >>> print(printable("Katze 猫\x1b[2J\nFound 5 images"))
        Katze 猫\x1b[2J\nFound 5 images
    """
    return _escaped(str(name), _JOINERS)


def harmless(text: str) -> str:
    """Return text of several lines that a terminal only shows; `printable` is for names in it."""
    return _escaped(text, _JOINERS + "\n")


def say(text: str, stream: TextIO | None = None, *, start: str = "", end: str = "\n") -> None:
    r"""Print text, with an escape for each character that the stream can't encode.

    All that kcore prints goes through here. Names in `text` should have passed `printable`.

    Args:
        text: the text, of one line or more.
        stream: where to print; standard output if `None`. Without one, as in a program with windows
            alone, nothing is printed.
        start: what is printed before it, as it is.
        end: what is printed after it, as it is.

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
