from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.visualize._reporting.html import Html, element, escaped, join, table


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.seen, self.shown = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, attributes))

    def handle_endtag(self, tag):
        self.seen.append(f"/{tag}")

    def handle_data(self, data):
        self.shown += data


ALLOWED = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]))


@given(ALLOWED, ALLOWED)
def test_any_text_and_attribute_comes_back_as_it_was(text, value):
    read = Reader(element("p", text, title=value))
    assert read.seen == [("p", [("title", value)]), "/p"]
    assert read.shown == text


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_written_to_a_file(text):
    escaped(text).encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", r"a\x00b"),
        ("\udc80.jpg", r"\udc80.jpg"),
        ("\x85", r"\x85"),
        ("\ufffe", r"\ufffe"),
    ],
)
def test_what_html_cannot_hold_is_spelled_out(text, shown):
    assert escaped(text) == shown


def test_markup_is_escaped_once():
    assert element("p", element("b", "<"), Html("&amp;")) == "<p><b>&lt;</b>&amp;</p>"
    assert join(["a", None, 1]) == "a1"


def test_attributes():
    assert element("br") == "<br>"
    assert element("a", class_="x", aria_label="y") == '<a class="x" aria-label="y"></a>'
    assert element("details", open=True, hidden=False, title=None) == "<details open></details>"
    assert element("td", colspan=0) == '<td colspan="0"></td>'
    assert element("meta", name="viewport") == '<meta name="viewport">'


def test_a_column_of_numbers_is_flush_right():
    rows = [["a", "1,234.5", "x", ""], ["b", "", "1", ""], ["c", "-2e-05", "2", ""]]
    markup = table(["name", "number", "mixed", "empty"], rows, "label")
    assert '<th scope="col" class="number">number</th>' in markup
    assert '<td class="number">-2e-05</td>' in markup
    assert "<td>x</td>" in markup
    assert "<td>1</td>" in markup
    assert markup.count("number") == 5


def test_a_table_without_rows():
    assert "<tbody></tbody>" in table(["a", "b"], [], "label")
