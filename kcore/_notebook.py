"""Build the HTML with which objects show themselves in a notebook.

Jinja2 escapes all texts, so the name of a file or layer never becomes markup. The styles set no
colors, so they follow the light or dark theme of the notebook.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

__all__ = ["drawing", "join", "picture", "summary", "table"]

# HTML allows only these control characters, and no lone surrogates, which Python uses for bytes of
# a file name that are not UTF-8.
_NOT_ALLOWED = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]"
)
_NUMBER = re.compile(r"-?[\d,]*\.?\d+(e[-+]?\d+)?%?")

_TABLE = """\
<table class="kcore">
{%- if caption %}<caption style="text-align: left">{{ caption }}</caption>{% endif %}
<thead><tr>{% for name in header %}<th style="text-align: left">{{ name }}</th>{% endfor %}</tr>\
</thead>
<tbody>
{%- for row in rows %}
<tr>{% for cell in row %}<td style="text-align: {{ cell.align }}">{{ cell.text }}</td>\
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
<pre class="kcore" style="line-height: 1.2">
{{ text }}</pre>"""

_PICTURE = """\
<img src="data:image/png;base64,{{ data }}" alt="{{ alt }}" title="{{ alt }}" \
width="{{ width }}" height="{{ height }}" style="image-rendering: pixelated; margin: 2px">"""


def table(
    header: Sequence[object], rows: Iterable[Sequence[object]], caption: str | None = None
) -> str:
    """Build a table, with numbers aligned to the right.

    Example:
        >>> print(table(["layer", "weights"], [["<conv>", "1,792"]]))
        <table class="kcore">
        <thead><tr><th style="text-align: left">layer</th>...</tr></thead>
        <tbody>
        <tr><td style="text-align: left">&lt;conv&gt;</td><td ...right">1,792</td></tr>
        </tbody></table>
    """
    cells = [[_cell(value) for value in row] for row in rows]
    names = [_shown(name) for name in header]
    return _render(_TABLE, header=names, rows=cells, caption=caption and _shown(caption))


def summary(title: str, facts: Iterable[tuple[str, object]]) -> str:
    """Build a title, and a list of names and values below it."""
    shown = [(_shown(name), _shown(value)) for name, value in facts]
    return _render(_SUMMARY, title=_shown(title), facts=shown)


def picture(image: Image.Image, alt: str, *, scale: int = 1) -> str:
    """Build an `<img>` that contains the picture as PNG.

    Args:
        image: the picture.
        alt: a description for readers who can't see it; also shown when the mouse rests on it.
        scale: pixels of the screen for each pixel of the picture, along both axes.
    """
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width, height = (scale * length for length in image.size)
    return _render(_PICTURE, data=data, alt=_shown(alt), width=width, height=height)


def drawing(text: str) -> str:
    """Build a drawing of characters in a font of equal widths.

    Example:
        >>> print(drawing("1 2 <3>"))
        <pre class="kcore" style="line-height: 1.2">
        1 2 &lt;3&gt;</pre>
    """
    return _render(_DRAWING, text=_shown(text))


def join(*parts: str) -> str:
    """Put HTML made by the functions of this module one below the other."""
    return "<div>" + "\n".join(parts) + "</div>"


def _cell(value: object) -> dict[str, str]:
    text = _shown(value)
    return {"text": text, "align": "right" if _NUMBER.fullmatch(text) else "left"}


def _shown(value: object) -> str:
    """Replace characters that HTML doesn't allow, such as NUL, by Python's escapes."""
    return _NOT_ALLOWED.sub(lambda sign: ascii(sign[0])[1:-1], str(value))


def _render(source: str, **values: Any) -> str:
    return _environment().from_string(source).render(**values)


@cache
def _environment() -> Any:
    import jinja2

    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
