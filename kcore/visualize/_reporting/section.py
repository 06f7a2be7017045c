"""The parts of a report, as the page's template takes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from kcore._markup import is_number, printable

__all__ = ["Section", "Table", "table"]

_LONG = 48


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading, which the table of contents links to.

    Attributes:
        id: where links lead; the same in every report.
        title: the heading.
        template: the file that lays out the content below the heading.
        content: the variables of this file.
    """

    id: str
    title: str
    template: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table that scrolls by itself if it is wider than the page.

    Attributes:
        label: what it holds, for people who can't see it.
        columns: title and kind of each column: "number" if it is flush right, "long" if its texts
            may take several lines, or None.
        rows: text and kind of each cell; the first one heads its row.
    """

    label: str
    columns: list[tuple[str, str | None]]
    rows: list[list[tuple[str, str | None]]]


def table(titles: Iterable[object], rows: Iterable[Iterable[object]], label: str) -> Table:
    """Lay out a table.

    Args:
        titles: titles of the columns.
        rows: cells of each row.
        label: what the table holds, for people who can't see it.

    Example:
        >>> table(["layer", "weights"], [["conv", "1,792"]], "Layers").columns
        [('layer', None), ('weights', 'number')]
    """
    texts = [[printable(cell) for cell in row] for row in rows]
    kinds = [_kind(column) for column in zip(*texts, strict=True)] if texts else []
    columns = zip_longest(map(printable, titles), kinds, fillvalue=None)
    return Table(
        label,
        [(title or "", kind) for title, kind in columns],
        [list(zip(row, kinds, strict=True)) for row in texts],
    )


def _kind(texts: Sequence[str]) -> str | None:
    """Return how a column is set: numbers flush right, long texts in several lines."""
    if any(texts) and all(is_number(text) for text in texts if text):
        return "number"
    return "long" if max(map(len, texts)) > _LONG else None
