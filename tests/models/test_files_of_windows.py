"""Files of models where an open file can't be removed, as on Windows, which these tests imitate."""

import os
import tempfile
from pathlib import Path

import pytest
from oracles import needs, windows

from kcore.models._exporting.export import _put_in_place
from kcore.models._loading.hdf5_files import named


@pytest.fixture
def without_links(monkeypatch):
    """Refuse symbolic links, which Windows allows administrators and developers alone."""

    def refuse(self, target):
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)


@pytest.mark.usefixtures("without_links")
def test_without_links_a_copy_has_the_wanted_name(tmp_path):
    (tmp_path / "model").write_bytes(b"content")
    with named(tmp_path / "model", ".weights.h5") as path:
        assert path.name.endswith(".weights.h5")
        assert path.read_bytes() == b"content"
    assert not path.exists()


@needs.open_files
@pytest.mark.usefixtures("without_links")
def test_a_file_that_keras_leaves_open_does_not_hide_the_error(tmp_path, monkeypatch):
    (tmp_path / "model").write_bytes(b"content")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    windows.files_in_use(monkeypatch)
    left_open = []
    with pytest.raises(KeyError, match="the error"), named(tmp_path / "model", ".h5") as path:  # noqa: PT012
        left_open.append(path.open("rb"))
        raise KeyError("the error")
    left_open.pop().close()


@pytest.fixture
def exported(tmp_path):
    """A folder with a model that was just exported, and the place for it."""
    unfinished = tmp_path / ".unfinished" / "model"
    unfinished.mkdir(parents=True)
    (unfinished / "saved_model.pb").write_bytes(b"new")
    return unfinished, tmp_path / "model"


def test_a_folder_gets_its_name_where_directories_can_not_be_opened(exported, monkeypatch):
    opened = os.open

    def refuse(path, flags, *mode, **options):
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *mode, **options)

    monkeypatch.setattr(os, "open", refuse)
    _put_in_place(*exported)
    assert (exported[1] / "saved_model.pb").read_bytes() == b"new"


def test_a_folder_that_can_not_get_its_name_leaves_the_earlier_one(exported, monkeypatch):
    unfinished, path = exported
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"old")
    rename = Path.rename

    def refuse(self, target):
        if self == unfinished:
            raise PermissionError(13, "Access is denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError, match="Access is denied"):
        _put_in_place(unfinished, path)
    assert (path / "saved_model.pb").read_bytes() == b"old"
    monkeypatch.undo()
    _put_in_place(unfinished, path)
    assert (path / "saved_model.pb").read_bytes() == b"new"
