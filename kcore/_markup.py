"""Build HTML with Jinja2, which escapes all text."""

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

__all__ = ["environment", "is_number", "printable"]

# HTML allows only these control characters, and no lone surrogates, which stand for bytes of a file
# name that are not UTF-8.
_NOT_ALLOWED = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]"
)
_NUMBER = re.compile(r"-?[\d,]*\.?\d+(e[-+]?\d+)?%?|-?inf|nan|\?")


def printable(value: object) -> str:
    r"""Return a value as text, with Python escapes for characters that HTML can't contain.

    Example:
        >>> print(printable("a\0b"))
        a\x00b
    """
    return _NOT_ALLOWED.sub(lambda sign: ascii(sign[0])[1:-1], str(value))


def is_number(text: str) -> bool:
    """Tell whether a cell of a table holds a number, and so is set flush right.

    Example:
        >>> is_number("-1,792.5"), is_number("12%"), is_number("Conv2D")
        (True, True, False)
    """
    return _NUMBER.fullmatch(text) is not None


@cache
def environment(package: str | None = None) -> "jinja2.Environment":
    """Return a Jinja2 environment that escapes every text.

    Args:
        package: dotted name of the package that has the directory `templates`; None if templates
            are given as strings.
    """
    import jinja2

    return jinja2.Environment(
        loader=None if package is None else jinja2.PackageLoader(package),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalized,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalized(value: object) -> object:
    """Return markup unchanged, and anything else as printable text, which Jinja2 then escapes."""
    return value if hasattr(value, "__html__") else printable(value)
