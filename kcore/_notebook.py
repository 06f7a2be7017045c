"""Build the HTML that displays objects in a notebook.

Jinja2 escapes all text, so no file or layer name becomes markup. The styles follow the notebook's
own light or dark theme: only borders and fonts are set, no colors.
"""

import base64
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from PIL import Image

from kcore._markup import environment, is_number, printable

__all__ = ["drawing", "join", "link", "picture", "summary", "table"]

_TABLE = """\
<table class="kcore">
{%- if caption %}<caption style="text-align: left">{{ caption }}</caption>{% endif %}
<thead><tr>{% for name in header %}<th style="text-align: left">{{ name }}</th>{% endfor %}</tr>\
</thead>
<tbody>
{%- for row in rows %}
<tr>{% for text, alignment in row %}<td style="text-align: {{ alignment }}">{{ text }}</td>\
{% endfor %}</tr>
{%- endfor %}
</tbody></table>"""

_SUMMARY = """\
<div class="kcore"><p style="margin: 0"><b>{{ title }}</b></p>
<dl style="display: grid; grid-template-columns: max-content auto; column-gap: 1em; margin: 0">
{%- for name, value in facts %}
<dt>{{ name }}</dt><dd style="margin: 0">{{ value }}</dd>
{%- endfor %}
</dl></div>"""

# HTML drops the line feed after <pre>, so that the text begins as it does here.
_DRAWING = """\
<pre class="kcore" style="font-family: monospace; line-height: 1.2">
{{ text }}</pre>"""

_LINK = '<a href="{{ address }}" target="_blank">{{ text }}</a>'

_PICTURE = """\
<img src="data:image/png;base64,{{ data }}" alt="{{ alt }}" title="{{ alt }}" \
width="{{ width }}" height="{{ height }}" style="image-rendering: pixelated; margin: 2px">"""


def table(
    header: Sequence[object], rows: Iterable[Sequence[object]], caption: str | None = None
) -> str:
    """Build a table; columns of numbers are aligned right.

    Example:
        >>> print(table(["layer", "weights"], [["<conv>", "1,792"]]))
        <table class="kcore"><thead><tr><th style="text-align: left">layer</th>...</tr></thead>
        <tbody><tr><td ...left">&lt;conv&gt;</td><td ...right">1,792</td></tr></tbody></table>
    """
    texts = [[printable(value) for value in row] for row in rows]
    alignments = [_alignment(column) for column in zip(*texts, strict=True)]
    cells = [list(zip(row, alignments, strict=True)) for row in texts]
    return _render(_TABLE, header=header, rows=cells, caption=caption)


def summary(title: str, facts: Iterable[tuple[str, object]]) -> str:
    """Build a title with a list of names and values below it."""
    return _render(_SUMMARY, title=title, facts=facts)


def picture(image: Image.Image, alt: str, *, scale: int = 1) -> str:
    """Build an `<img>` element that contains a picture as PNG data.

    Args:
        image: the picture.
        alt: description for readers who can't see the picture; also its tooltip.
        scale: width and height of each picture pixel, in screen pixels.
    """
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width, height = (scale * length for length in image.size)
    return _render(_PICTURE, data=data, alt=alt, width=width, height=height)


def link(text: str, address: str) -> str:
    """Build a link that opens in a new tab."""
    return _render(_LINK, text=text, address=address)


def drawing(text: str) -> str:
    """Build a text drawing in a monospaced font.

    Example:
        >>> print(drawing("1 2 <3>"))
        <pre class="kcore" style="font-family: monospace; line-height: 1.2">
        1 2 &lt;3&gt;</pre>
    """
    return _render(_DRAWING, text=text)


def join(*parts: str) -> str:
    """Stack parts that were built by functions of this module."""
    return "<div>" + "\n".join(parts) + "</div>"


def _alignment(column: Iterable[str]) -> str:
    written = [text for text in column if text]
    return "right" if written and all(map(is_number, written)) else "left"


def _render(source: str, **values: Any) -> str:
    return environment().from_string(source).render(**values)
