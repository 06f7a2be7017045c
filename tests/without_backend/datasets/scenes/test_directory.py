import os

import numpy as np
import pytest
from PIL import Image

from kcore.datasets.scenes import _directory as directory
from kcore.datasets.scenes import scene, write_directory

SMALL = {"train": 7, "validation": 4, "image_size": (12, 18), "classes": ("star", "ball", "bolt")}


def tree(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.fixture
def target(tmp_path):
    return tmp_path / "new" / "scenes"


def test_writes_a_directory_for_each_split_and_class(target):
    assert write_directory(str(target), **SMALL) == target
    assert tree(target) == [
        "train/ball/ball-00001.png",
        "train/ball/ball-00004.png",
        "train/bolt/bolt-00002.png",
        "train/bolt/bolt-00005.png",
        "train/star/star-00000.png",
        "train/star/star-00003.png",
        "train/star/star-00006.png",
        "validation/ball/ball-00001.png",
        "validation/bolt/bolt-00002.png",
        "validation/star/star-00000.png",
        "validation/star/star-00003.png",
    ]


def test_the_files_hold_the_scenes(target):
    write_directory(target, **SMALL, seed=11)
    for file in target.rglob("*.png"):
        split, name, stem = file.parts[-3], file.parts[-2], file.stem
        made = scene(
            int(stem.rpartition("-")[2]),
            image_size=(12, 18),
            classes=SMALL["classes"],
            seed=11,
            split=split,
        )
        with Image.open(file) as image:
            assert image.format == "PNG"
            np.testing.assert_array_equal(np.asarray(image), made.image)
        assert SMALL["classes"][made.label] == name


def test_every_class_has_a_directory_even_without_images(target):
    write_directory(target, train=1, validation=0, image_size=(8, 8), classes=("star", "ball"))
    folders = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_dir()}
    assert folders >= {"train/ball", "train/star", "validation/ball", "validation/star"}
    assert tree(target) == ["train/star/star-00000.png"]


def test_an_empty_directory_is_filled(target):
    target.mkdir(parents=True)
    write_directory(target, **SMALL)
    assert len(tree(target)) == 11


def test_a_directory_with_content_is_refused(target):
    target.mkdir(parents=True)
    (target / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError) as caught:
        write_directory(target, **SMALL)
    assert str(caught.value) == (
        f"path={str(target)!r} is not empty; scenes are written only into a new or empty "
        "directory. Empty it or choose another."
    )
    assert tree(target) == ["notes.txt"]


def test_a_file_instead_of_the_directory_is_refused(tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(NotADirectoryError, match=r"file' is a file; give a directory\."):
        write_directory(file, **SMALL)
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train": -1}, "train=-1 must be"),
        ({"validation": 0.5}, "validation=0.5 must be"),
        ({"image_size": (1, 1)}, r"image_size=\(1, 1\) must be"),
        ({"classes": ("dog",)}, r"classes=\('dog',\) must be"),
        ({"seed": None}, "seed=None must be"),
    ],
)
def test_wrong_arguments_write_nothing(target, arguments, message):
    with pytest.raises(ValueError, match=message):
        write_directory(target, **{**SMALL, **arguments})
    assert not target.exists()


@pytest.fixture
def interrupted(monkeypatch):
    """Interrupt the work when half of the sixth image is on disk."""
    saved = []
    save = Image.Image.save

    def save_some(image, path, **options):
        save(image, path, **options)
        saved.append(path)
        if len(saved) == 6:
            os.truncate(path, 40)
            raise KeyboardInterrupt

    monkeypatch.setattr(directory.Image.Image, "save", save_some)
    return saved


@pytest.mark.parametrize("existed", [False, True])
def test_an_interrupted_run_leaves_nothing(target, interrupted, existed):
    if existed:
        target.mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt):
        write_directory(target, **SMALL)
    assert len(interrupted) == 6
    assert target.exists() == existed
    assert not existed or list(target.iterdir()) == []


def test_a_killed_run_leaves_no_half_written_image(target, interrupted, monkeypatch):
    monkeypatch.setattr(directory.shutil, "rmtree", lambda *_, **__: None)  # as if killed
    with pytest.raises(KeyboardInterrupt):
        write_directory(target, **SMALL)
    images = list(target.rglob("*.png"))
    assert len(images) == 5
    for file in images:
        with Image.open(file) as image:
            image.load()


def test_quick_work_is_silent_and_slow_work_reports(target, monkeypatch, capsys):
    write_directory(target / "first", **SMALL)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(directory, "PROGRESS_DELAY", 0.0)
    write_directory(target / "second", **SMALL)
    last = capsys.readouterr().err.rpartition("\r")[2]
    assert last.startswith("Writing scenes: 100%|")
    assert "| 11/11 [" in last
