import os
import tempfile
from pathlib import Path

import pytest

from kcore.datasets import _locations as locations
from kcore.datasets._locations import (
    Location,
    data_dir_location,
    explicit_location,
    keras_cache_location,
)

NAMES = ["images", "labels"]


@pytest.fixture
def location(tmp_path):
    return Location(tmp_path / "location", "a shelf", "Tidy up.")


def test_finds_compressed_files_before_plain_ones(location):
    location.directory.mkdir()
    (location.directory / "images").touch()
    assert location.find("images") == location.directory / "images"
    (location.directory / "images.gz").touch()
    assert location.find("images") == location.directory / "images.gz"
    assert location.find("labels") is None
    assert location.missing(NAMES) == ["labels"]


def test_a_directory_is_not_taken_for_a_file(location):
    (location.directory / "images").mkdir(parents=True)
    assert location.find("images") is None


def test_describes_what_it_holds(location):
    assert location.describe(NAMES) == f"a shelf, {location.directory}: no such directory"
    location.directory.mkdir()
    assert location.describe(NAMES) == f"a shelf, {location.directory}: none of the files"
    (location.directory / "images").touch()
    assert (
        location.describe(NAMES) == f"a shelf, {location.directory}: 1 of 2 files; missing: labels"
    )


def test_an_explicit_location_expands_the_home_directory(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert explicit_location("~/data").directory == Path("/home/someone/data")


@pytest.mark.parametrize("value", [None, ""])
def test_no_data_dir_without_the_variable(monkeypatch, value):
    monkeypatch.delenv("KCORE_DATA_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("KCORE_DATA_DIR", value)
    assert data_dir_location("letters") is None


def test_the_data_dir_holds_one_directory_for_each_dataset(monkeypatch, tmp_path):
    monkeypatch.setenv("KCORE_DATA_DIR", str(tmp_path))
    assert data_dir_location("letters").directory == tmp_path / "letters"


@pytest.fixture
def read_only(monkeypatch):
    """Make directories read-only, even for a user who may write everywhere."""
    closed = []
    access = os.access

    def pretend(path, mode):
        return Path(path) not in closed and access(path, mode)

    monkeypatch.setattr(locations.os, "access", pretend)
    return closed.append


@pytest.fixture
def home(monkeypatch, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    return home


FALLBACK = Path(tempfile.gettempdir(), ".keras", "datasets", "letters")


def test_the_keras_cache_is_in_the_home_directory(home):
    assert keras_cache_location("letters").directory == home / ".keras" / "datasets" / "letters"


def test_keras_home_comes_first(home, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "not" / "there" / "yet"))
    expected = tmp_path / "not" / "there" / "yet" / "datasets" / "letters"
    assert keras_cache_location("letters").directory == expected


def test_a_tilde_in_keras_home_is_expanded(home, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", "~/cache")
    assert keras_cache_location("letters").directory == home / "cache" / "datasets" / "letters"


@pytest.mark.parametrize("closed", [".", ".keras"])
def test_without_a_writable_home_the_cache_is_temporary(home, read_only, closed):
    (home / ".keras").mkdir()
    read_only(home / closed)
    assert keras_cache_location("letters").directory == FALLBACK


def test_without_a_writable_keras_home_the_cache_is_temporary(
    home, read_only, monkeypatch, tmp_path
):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    read_only(tmp_path)
    assert keras_cache_location("letters").directory == FALLBACK


def test_without_any_home_the_cache_is_temporary(home, monkeypatch):
    monkeypatch.setattr(locations.os.path, "expanduser", lambda path: path)
    assert keras_cache_location("letters").directory == FALLBACK
