import os
import tempfile
from pathlib import Path

import pytest

from kcore.datasets import _locations as places
from kcore.datasets._locations import Place, data_dir_place, explicit_place, keras_cache_place

NAMES = ["images", "labels"]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "place", "a shelf", "Tidy up.")


def test_finds_compressed_files_before_plain_ones(place):
    place.directory.mkdir()
    (place.directory / "images").touch()
    assert place.find("images") == place.directory / "images"
    (place.directory / "images.gz").touch()
    assert place.find("images") == place.directory / "images.gz"
    assert place.find("labels") is None
    assert place.missing(NAMES) == ["labels"]


def test_a_directory_is_no_file(place):
    (place.directory / "images").mkdir(parents=True)
    assert place.find("images") is None


def test_describes_what_it_holds(place):
    assert place.describe(NAMES) == f"a shelf, {place.directory}: no such directory"
    place.directory.mkdir()
    assert place.describe(NAMES) == f"a shelf, {place.directory}: none of the files"
    (place.directory / "images").touch()
    assert place.describe(NAMES) == f"a shelf, {place.directory}: 1 of 2 files; missing: labels"


def test_an_explicit_place_expands_the_home_directory(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert explicit_place("~/data").directory == Path("/home/someone/data")


@pytest.mark.parametrize("value", [None, ""])
def test_no_data_dir_without_the_variable(monkeypatch, value):
    monkeypatch.delenv("KCORE_DATA_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("KCORE_DATA_DIR", value)
    assert data_dir_place("letters") is None


def test_the_data_dir_holds_one_directory_for_each_dataset(monkeypatch, tmp_path):
    monkeypatch.setenv("KCORE_DATA_DIR", str(tmp_path))
    assert data_dir_place("letters").directory == tmp_path / "letters"


@pytest.fixture
def read_only(monkeypatch):
    """Make directories read-only, also for a user who may write everywhere."""
    closed = []
    access = os.access

    def pretend(path, mode):
        return Path(path) not in closed and access(path, mode)

    monkeypatch.setattr(places.os, "access", pretend)
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
    assert keras_cache_place("letters").directory == home / ".keras" / "datasets" / "letters"


def test_keras_home_comes_first(home, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "not" / "there" / "yet"))
    expected = tmp_path / "not" / "there" / "yet" / "datasets" / "letters"
    assert keras_cache_place("letters").directory == expected


def test_a_tilde_in_keras_home_is_expanded(home, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", "~/cache")
    assert keras_cache_place("letters").directory == home / "cache" / "datasets" / "letters"


@pytest.mark.parametrize("closed", [".", ".keras"])
def test_without_a_writable_home_the_cache_is_temporary(home, read_only, closed):
    (home / ".keras").mkdir()
    read_only(home / closed)
    assert keras_cache_place("letters").directory == FALLBACK


def test_without_a_writable_keras_home_the_cache_is_temporary(
    home, read_only, monkeypatch, tmp_path
):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    read_only(tmp_path)
    assert keras_cache_place("letters").directory == FALLBACK


def test_without_any_home_the_cache_is_temporary(home, monkeypatch):
    monkeypatch.setattr(places.os.path, "expanduser", lambda path: path)
    assert keras_cache_place("letters").directory == FALLBACK
