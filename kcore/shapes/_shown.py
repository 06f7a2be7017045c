"""How windows show themselves: a short repr, and their text drawing in a notebook."""

from dataclasses import MISSING, fields
from fractions import Fraction
from typing import Any

__all__ = ["Shown"]


class Shown:
    """A base of frozen dataclasses that draw themselves as text.

    Their repr leaves out fields with default values, so that it stays short.
    """

    def __repr__(self) -> str:
        described: Any = self
        parts = [
            f"{field.name}={_plain(getattr(self, field.name))!r}"
            for field in fields(described)
            if field.default is MISSING or getattr(self, field.name) != field.default
        ]
        return f"{type(self).__name__}({', '.join(parts)})"

    def _repr_html_(self) -> str:
        # Imported here because it imports Pillow, and this subpackage only the standard library.
        from kcore import _notebook

        return _notebook.drawing(str(self))


def _plain(value: object) -> object:
    """Return a fraction without remainder as an integer."""
    is_integer = isinstance(value, Fraction) and value.denominator == 1
    return int(value) if is_integer else value  # type: ignore[call-overload]
