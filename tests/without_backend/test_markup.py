"""Any text put into a template comes back as it was, and is no markup."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore._markup import environment, printable

ALLOWED = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]))


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


def rendered(source, **values):
    return environment().from_string(source).render(**values)


@given(ALLOWED, ALLOWED)
def test_any_text_and_attribute_comes_back_as_it_was(text, value):
    read = Reader(rendered('<p title="{{ value }}">{{ text }}</p>', text=text, value=value))
    assert read.seen == [("p", [("title", value)]), "/p"]
    assert read.shown == text


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_written_to_a_file(text):
    rendered("{{ text }}", text=text).encode("utf-8")


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
    assert printable(text) == shown
    assert rendered("{{ text }}", text=text) == shown


def test_markup_is_escaped_once():
    macro = "{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}{{ bold('<') }}&amp;"
    assert rendered(macro) == "<b>&lt;</b>&amp;"


def test_a_name_that_is_missing_raises():
    with pytest.raises(Exception, match="'text' is undefined"):
        rendered("{{ text }}")
