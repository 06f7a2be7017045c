"""Markup that can't be broken by what is put into it."""

import html
import re
from collections.abc import Iterable
from itertools import count, zip_longest

__all__ = ["Html", "element", "escaped", "join", "table"]

_VOID = frozenset({"br", "img", "link", "meta"})
_NUMBER = re.compile(r"-?[\d,]*\.?\d+(e[-+]?\d+)?|-?inf|nan|\?")
_LONG = 48
# HTML allows no control character but these, and files allow no lone surrogate, which is what
# Python makes of the bytes of a file name that are no UTF-8.
_NOT_ALLOWED = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]"
)


class Html(str):
    """Text that is markup already, and so isn't escaped again."""

    __slots__ = ()


def escaped(text: object) -> Html:
    r"""Turn any text into markup that shows it.

    What HTML can't hold, such as a null byte or half a surrogate pair, is shown as Python writes
    it: `\x00`.

    Example:
        >>> escaped('<script>alert("a & b")</script>')
        '&lt;script&gt;alert(&quot;a &amp; b&quot;)&lt;/script&gt;'
    """
    if isinstance(text, Html):
        return text
    shown = _NOT_ALLOWED.sub(lambda sign: ascii(sign[0])[1:-1], str(text))
    return Html(html.escape(shown, quote=True))


def element(name: str, /, *children: object, **attributes: object) -> Html:
    """Make an element; texts and attributes are escaped.

    Args:
        name: name of the tag.
        *children: texts, numbers and elements; None is left out.
        **attributes: `class_` stands for `class`, `aria_label` for `aria-label`; None is left out
            and True writes the name alone.

    Example:
        >>> element("p", "a < b", element("b", 1), class_="wide")
        '<p class="wide">a &lt; b<b>1</b></p>'
    """
    start = name + "".join(
        _attribute(key, value)
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{start}>")
    return Html(f"<{start}>{join(children)}</{name}>")


def join(children: Iterable[object]) -> Html:
    """Put texts and elements behind each other; None is left out."""
    return Html("".join(escaped(child) for child in children if child is not None))


def table(head: Iterable[object], rows: Iterable[Iterable[object]], label: str) -> Html:
    """Make a table that scrolls by itself where it is wider than the page.

    Args:
        head: texts of the head.
        rows: cells of each row; the first one heads its row.
        label: what the table holds, for who can't see it.
    """
    texts = [list(row) for row in rows]
    kinds = [_kind(column) for column in zip(*texts, strict=True)] if texts else []
    titles = [
        element("th", title, scope="col", class_=kind)
        for title, kind in zip_longest(head, kinds, fillvalue=None)
    ]
    body = [element("tr", *map(_cell, row, kinds, count())) for row in texts]
    return scrolling(
        element("table", element("thead", element("tr", *titles)), element("tbody", *body)), label
    )


def scrolling(content: Html, label: str) -> Html:
    """Let something wide scroll inside of the page; the keyboard reaches it too."""
    return element("div", content, class_="wide", role="region", aria_label=label, tabindex="0")


def _cell(cell: object, kind: str | None, place: int) -> Html:
    if place == 0:
        return element("th", cell, scope="row", class_=kind)
    return element("td", cell, class_=kind)


def _kind(column: Iterable[object]) -> str | None:
    """Tell how a column is set: numbers flush right, long texts in several lines."""
    texts = [str(cell) for cell in column]
    if all(_NUMBER.fullmatch(text) for text in texts if text) and any(texts):
        return "number"
    return "long" if max(map(len, texts)) > _LONG else None


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escaped(value)}"'
