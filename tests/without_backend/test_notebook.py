"""Objects show themselves in a notebook as valid HTML, whatever texts they contain."""

import base64
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kcore import _notebook


class Parts(HTMLParser):
    """Collect the tags, texts and attributes of a piece of HTML."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.texts, self.attributes = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.append(dict(attributes))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data)


TEXTS = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4), TEXTS)
def test_texts_of_a_table_come_back_as_they_are(rows, caption):
    parts = Parts(_notebook.table(["a", "b"], rows, caption))
    assert parts.texts == [caption, "a", "b", *(text for row in rows for text in row)]
    assert parts.tags.count("tr") == 1 + len(rows)


@given(TEXTS, TEXTS, TEXTS)
def test_texts_of_a_summary_come_back_as_they_are(title, name, value):
    assert Parts(_notebook.summary(title, [(name, value)])).texts == [title, name, value]


def test_columns_of_numbers_are_aligned_right():
    rows = [["1,792", "3x3", "-0.5", ""], ["12.5%", "7", "", ""]]
    parts = Parts(_notebook.table(list("abcd"), rows))
    cells = [
        attributes["style"].removeprefix("text-align: ")
        for tag, attributes in zip(parts.tags, parts.attributes, strict=True)
        if tag == "td"
    ]
    assert cells == ["right", "left", "right", "left"] * 2


def test_characters_that_html_does_not_allow_become_escapes():
    assert Parts(_notebook.summary("a\x00b", [("n", "\udc80")])).texts == [
        r"a\x00b",
        "n",
        r"\udc80",
    ]


def test_a_picture_holds_its_pixels_and_its_text():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    html = _notebook.picture(Image.fromarray(pixels), 'class "0"', scale=3)
    (image,) = Parts(html).attributes
    assert (image["alt"], image["width"], image["height"]) == ('class "0"', "12", "6")
    data = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(data))), pixels)


@given(TEXTS)
def test_a_drawing_keeps_its_lines_and_spaces(text):
    parts = Parts(_notebook.drawing(f"  {text}\n x"))
    assert parts.tags == ["pre"]
    assert "".join(parts.texts) == f"\n  {text}\n x"


def test_parts_are_put_one_below_the_other():
    html = _notebook.join(_notebook.table(["x"], []), _notebook.summary("t", []))
    assert Parts(html).tags[0] == "div"
