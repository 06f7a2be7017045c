import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from kcore.visualize import ReportFile, report


class Link(HTMLParser):
    """Reads where the link of a piece of HTML leads, and its texts."""

    def __init__(self, html):
        super().__init__()
        self.texts = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.address = dict(attributes)["href"]

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data)


@pytest.fixture
def written(tmp_path):
    return report(tmp_path / "report.html", metrics={"accuracy": 0.9375, "<b>": 2.0})


def test_it_is_a_path(written):
    assert os.fspath(written) == str(written) == str(written.path)
    assert Path(written) == written.path
    with open(written, encoding="utf-8") as file:  # noqa: PTH123, as users do
        assert file.read().startswith("<!DOCTYPE html>")


def test_it_says_what_it_is(written):
    assert repr(written) == f"ReportFile({str(written.path)!r}, status='finished')"


def test_a_notebook_shows_a_link_and_the_numbers(written, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    link = Link(written._repr_html_())
    assert link.texts == [
        str(written.path),
        "Training",
        *("status", "finished", "accuracy", "0.9375", "<b>", "2"),
    ]
    assert Path(unquote(urlparse(link.address).path)) == written.path.resolve()
    assert link.address.startswith("file://")


@pytest.mark.parametrize(
    "name", ["report.html", "a/a b.html", "javascript:alert(1).html", '"><b>.html', "100%.html"]
)
def test_a_link_below_the_working_directory_is_relative(tmp_path, monkeypatch, name):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    address = Link(ReportFile(Path(name), "t", "finished", {})._repr_html_()).address
    assert unquote(address) == name
    assert not re.search('[:<"]', address)
