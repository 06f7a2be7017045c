"""Wrong arguments are refused before anything is decoded, or a folder is read."""

import numpy as np
import pytest
from oracles.image_trees import write_tree

from kcore.augment import ImageDataGenerator
from kcore.data import ImageFiles, from_arrays, from_directory, from_files, scan
from kcore.data._decoding import Decoding

WRONG = {
    "batch_size": (0, "batch_size=0 must be an integer of at least 1"),
    "batch_size of text": ("8", "batch_size='8' must be an integer"),
    "seed": (-1, r"seed=-1 must be an integer, 0 <= seed < 2\*\*64"),
    "seed of text": ("7", "seed='7' must be an integer"),
    "shuffle": ("no", "shuffle='no' must be True or False"),
    "shard": ((0.5, 2), r"shard=\(0.5, 2\) must be \(index, count\), two integers with"),
    "shard of one": ((0,), r"shard=\(0,\) must be \(index, count\)"),
    "shard of none": (3, r"shard=3 must be \(index, count\)"),
    "shard of truth": ((False, True), r"shard=\(False, True\) must be \(index, count\)"),
    "drop_remainder": (2, "drop_remainder=2 must be True or False"),
    "num_threads": (0, "num_threads=0 must be an integer of at least 1"),
}
OF_FILES = {
    "cache": (True, "cache=True must be 'memory', a directory for a file, or None"),
    "data_format": ("NHWC", "data_format='NHWC' is unknown: use one of 'channels_last', "),
    "draft": ("yes", "draft='yes' must be True or False"),
    "crop_to_aspect_ratio": (None, "crop_to_aspect_ratio=None must be True or False"),
    "bad_files": ("ignore", "bad_files='ignore' is unknown: use one of 'raise', 'skip', 'quar"),
    "label_mode": ("one-hot", "label_mode='one-hot' is unknown: use one of 'int', 'categ"),
    "image_size": ("8", r"image_size='8' must be a sequence such as \(64, 64\)"),
    "image_size of none": (0, "image_size=0 must be an integer of at least 1"),
    "image_size of one": ((8,), r"image_size=\(8,\) must be \(height, width\)"),
    "color_mode": ("RGB", "color_mode='RGB' is unknown: use one of 'grayscale', 'rgb', 'rgba'"),
}
NEW_WORDS = [name for name in OF_FILES if name.startswith(("image_size", "label", "crop", "data_"))]
OF_BATCHES = {"transform": ("flip", "transform='flip' must be a function of images, indices and")}


@pytest.fixture
def unread(tmp_path, monkeypatch):
    """A tree, none of whose files may be decoded."""

    def refuse(self, path, row):
        raise AssertionError(f"{path} was decoded")

    monkeypatch.setattr(Decoding, "decode", refuse)
    return write_tree(tmp_path / "tree", {"cat": 2, "dog": 2})


def cases(*tables):
    table = {name: case for table in tables for name, case in table.items()}
    return pytest.mark.parametrize(
        ("name", "value", "message"), [(n.split()[0], *case) for n, case in table.items()]
    )


@cases(WRONG, OF_FILES, OF_BATCHES)
def test_of_a_directory_before_it_is_read(name, value, message):
    with pytest.raises(ValueError, match=message):
        from_directory("no such folder", **{"bad_files": "quarantine", name: value})


@cases(WRONG, OF_FILES, OF_BATCHES)
def test_of_files_before_they_are_decoded(unread, name, value, message):
    options = {"label_mode": "int", "bad_files": "quarantine", name: value}
    with pytest.raises(ValueError, match=message):
        from_files(scan(unread), **options)


@cases(WRONG, OF_BATCHES)
def test_of_arrays(name, value, message):
    with pytest.raises(ValueError, match=message):
        from_arrays(np.zeros((4, 2, 2, 3)), **{name: value})


@cases(
    {name: case for name, case in WRONG.items() if name != "seed"},
    {name: case for name, case in OF_FILES.items() if name not in NEW_WORDS},
    {
        "class_mode": (
            "int",
            "class_mode='int' is unknown: use one of 'binary', 'categorical', 's",
        ),
        "keep_aspect_ratio": (None, "keep_aspect_ratio=None must be True or False"),
        "target_size": (8, r"target_size=8 must be a sequence such as \(64, 64\)"),
        "target_size of one": ((8,), r"target_size=\(8,\) must be \(height, width\)"),
    },
    {"save_format": ("xyz", "save_format='xyz' is not a format that Pillow writes")},
    {"subset": ("test", "subset='test' is unknown")},
)
def test_of_a_flow_before_the_folder_is_read(tmp_path, name, value, message, capsys):
    options = {"bad_files": "quarantine", "save_to_dir": tmp_path / "saved"}
    options[name] = value
    with pytest.raises(ValueError, match=message):
        ImageDataGenerator(validation_split=0.5).flow_from_directory("no such folder", **options)
    assert not (tmp_path / "saved").exists()
    assert capsys.readouterr().out == "", "nothing is drawn or found before"


def test_an_unknown_option_is_refused_before_anything_is_decoded(unread):
    with pytest.raises(TypeError, match="unexpected keyword argument 'cach'"):
        from_files(scan(unread), label_mode="int", bad_files="quarantine", cach="memory")
    with pytest.raises(TypeError, match="unexpected keyword argument 'cach'"):
        ImageDataGenerator().flow_from_directory(unread, bad_files="quarantine", cach="memory")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"targets": np.zeros(3)}, r"targets with shape \(3,\) must have one entry for each of 4"),
        ({"sample_weight": [1, 2]}, r"sample_weight with shape \(2,\) must have one entry"),
        ({"sample_weight": np.ones(4), "label_mode": None}, "there are none: give both"),
    ],
)
def test_targets_that_do_not_fit_are_refused_before_anything_is_decoded(unread, options, message):
    options = {"label_mode": "int", "bad_files": "quarantine"} | options
    with pytest.raises(ValueError, match=message):
        from_files(scan(unread), **options)


def test_a_list_is_no_image_files():
    with pytest.raises(TypeError, match=r"files is of type list: .*\.from_paths\(files\)"):
        from_files(["a.png"], label_mode=None)


def test_numpy_numbers_are_numbers():
    files = ImageFiles.from_paths(["a.png", "b.png"])
    shard = (np.int64(1), np.int32(2))
    assert len(from_files(files, label_mode=None, shard=shard, batch_size=np.int64(2))) == 1
    once = (number for number in shard)
    assert len(from_files(files, label_mode=None, shard=once, batch_size=2)) == 1


def test_blocks_of_different_lengths_are_refused():
    files = ImageFiles.from_paths(["a.png", "b.png"])
    with pytest.raises(ValueError, match=r"bad_files='skip' with shard=\(0, 2\): a file that is"):
        from_files(files, label_mode=None, shard=(0, 2), bad_files="skip", batch_size=2)


@pytest.mark.parametrize("place", ["", "cat", "cat/new", "new"])
def test_saving_inside_of_the_folder_is_refused_before_it_is_made(unread, place):
    before = sorted(unread.rglob("*"))
    with pytest.raises(ValueError, match=r"save_to_dir='.*' lies inside directory='.*'"):
        ImageDataGenerator().flow_from_directory(unread, save_to_dir=unread / place)
    with pytest.raises(ValueError, match=r"cache='.*' lies inside directory='.*'"):
        ImageDataGenerator().flow_from_directory(unread, cache=unread / place)
    assert sorted(unread.rglob("*")) == before
