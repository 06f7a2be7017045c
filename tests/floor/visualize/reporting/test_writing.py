import os
from pathlib import Path

import pytest

from kcore.visualize.reporting.writing import check_target, write_whole


def test_the_file_is_replaced(tmp_path):
    path = tmp_path / "a.html"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.html"]


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_failure_leaves_the_earlier_file(tmp_path, monkeypatch, step):
    path = tmp_path / "a.html"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, fail)
    with pytest.raises(OSError, match=r"No space left on device; .* The earlier file"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.html"]


def test_the_data_are_on_the_disk_before_the_name_changes(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append("sync"), fsync(fd)))
    monkeypatch.setattr(Path, "replace", lambda *a: (steps.append("replace"), replace(*a)))
    write_whole(tmp_path / "a.html", b"new")
    assert steps == ["sync", "replace", "sync"]


def test_the_kind_of_error_is_kept(tmp_path):
    with pytest.raises(FileNotFoundError, match="it could not be written"):
        write_whole(tmp_path / "gone" / "a.html", b"")


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.html").write_bytes(b"old")
    (tmp_path / "link.html").symlink_to("real.html")
    write_whole(tmp_path / "link.html", b"new")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real.html").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        (3, TypeError, "path=3 must be the path of a file"),
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
