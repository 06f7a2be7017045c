import os
from pathlib import Path

import pytest

from kcore.visualize._reporting.writing import check_target


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        (3, TypeError, "path=3 must be the name of a file"),
        ("report.txt", ValueError, r"path='report.txt' must end in .html or .htm"),
        ("gone/report.html", FileNotFoundError, "there is no directory 'gone'"),
        ("folder.html", ValueError, "is a directory; give the path of a file"),
    ],
)
def test_a_target_that_cannot_be_is_named(tmp_path, monkeypatch, path, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(error, match=message):
        check_target("path", path, (".html", ".htm"))


def test_a_good_target(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert check_target("path", "a.HTML", (".html",)) == Path("a.HTML")
    assert (
        check_target("path", os.fsencode(tmp_path / "a.html").decode(), (".html",)).name == "a.html"
    )
