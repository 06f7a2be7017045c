import csv
import errno
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from oracles.image_files import png
from oracles.image_trees import write_tree
from PIL import Image

from kcore.data import BadFileError, FileAudit, from_directory, from_files, scan

OPTIONS = {
    "image_size": (8, 8), "label_mode": "int", "batch_size": 4, "shuffle": False, "seed": 1,
    "verbose": False,
}  # fmt: skip


def truncate(path):
    Image.effect_noise((64, 64), 50).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:-500])


def bomb(path):
    path.write_bytes(png(30_000, 10_000, 8, 2, b"").getvalue())


BAD = {
    "truncated": (truncate, "damaged or truncated: "),
    "zero bytes": (lambda path: path.write_bytes(b""), "the file is empty (0 bytes)"),
    "text": (lambda path: path.write_text("no image"), "not an image in a format that Pillow"),
    "bomb": (bomb, "too large to decode safely: "),
    "link to nothing": (lambda path: path.symlink_to("nowhere"), "No such file or directory"),
    "link to itself": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
}


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"cat": 4, "dog": 4})


@pytest.fixture(params=BAD)
def bad(request, tree):
    """A tree in which dog/001.png is bad, and the reason."""
    make, reason = BAD[request.param]
    (tree / "dog" / "001.png").unlink()
    make(tree / "dog" / "001.png")
    return tree, reason


@pytest.fixture
def empty_file(tree):
    (tree / "dog" / "001.png").write_bytes(b"")
    return tree


def test_by_default_a_bad_file_is_an_error_that_names_it(bad):
    tree, reason = bad
    dataset = from_directory(tree, **OPTIONS)
    assert len(dataset[0][0]) == 4
    with pytest.raises(BadFileError) as caught:
        dataset[1]
    path = str(tree / "dog" / "001.png")
    assert str(caught.value).startswith(f"{path} (class 'dog'): {reason}")
    assert (caught.value.path, caught.value.class_name) == (path, "dog")
    assert [finding.path for finding in dataset.audit.bad] == [path]
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


def test_skip_leaves_it_out_of_its_batch_and_says_so(bad):
    tree, reason = bad
    whole = from_directory(tree, **OPTIONS | {"class_names": ["cat"]})
    dataset = from_directory(tree, **OPTIONS, bad_files="skip")
    assert len(dataset) == 2
    np.testing.assert_array_equal(dataset[0][0], whole[0][0])
    with pytest.warns(UserWarning, match=r"Left out of its batch: .*001\.png \(class 'dog'\)"):
        images, labels = dataset[1]
    assert labels.tolist() == [1, 1, 1]
    expected = [np.asarray(Image.open(tree / "dog" / f"{n:03d}.png")) for n in (0, 2, 3)]
    np.testing.assert_array_equal(images, expected)
    (finding,) = dataset.audit.bad
    assert finding.reason.startswith(reason)


def test_quarantine_leaves_it_out_before_the_first_batch(bad):
    tree, _ = bad
    with pytest.warns(UserWarning, match="1 of 8 images are bad and left out; `audit` of the"):
        dataset = from_directory(tree, **OPTIONS, bad_files="quarantine")
    assert dataset.samples == 7
    assert [len(labels) for _, labels in dataset] == [4, 3]
    assert "dog/001.png" not in dataset.filenames
    assert [finding.path for finding in dataset.audit.bad] == [str(tree / "dog" / "001.png")]


def test_a_batch_without_any_good_file_is_an_error(tmp_path):
    tree = write_tree(tmp_path / "tree", {"cat": 2})
    for path in tree.rglob("*.png"):
        path.write_bytes(b"")
    dataset = from_directory(tree, **OPTIONS, bad_files="skip")
    with (
        pytest.warns(UserWarning, match="Left out"),
        pytest.raises(BadFileError, match="and no other of the batch's 2 files is good"),
    ):
        dataset[0]


def test_a_folder_without_any_good_file_is_an_error(tmp_path):
    tree = write_tree(tmp_path / "tree", {"cat": 2})
    for path in tree.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"All 2 images are bad; the first: .*000\.png"):
        from_directory(tree, **OPTIONS, bad_files="quarantine")


def link_to_a_device(path):
    path.symlink_to(os.devnull)


@pytest.mark.parametrize(
    ("make", "kind"),
    [(Path.mkdir, "a directory"), (os.mkfifo, "a pipe"), (link_to_a_device, "a device")],
)
def test_pipes_and_the_like_are_reported_and_not_read(tmp_path, make, kind):
    tree = write_tree(tmp_path / "tree", {"cat": 2})
    files = scan(tree)
    (tree / "cat" / "000.png").unlink()
    make(tree / "cat" / "000.png")
    with pytest.raises(
        BadFileError,
        match=r"000\.png \(class 'cat'\): not a regular file but "
        f"{kind}$",
    ):
        from_files(files, label_mode="int")[0]


def test_the_audit_lists_notes_and_bad_files_once_each(empty_file, tmp_path):
    Image.new("CMYK", (8, 8)).save(empty_file / "cat" / "002.jpg")
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(empty_file / "cat" / "001.png")
    with pytest.warns(UserWarning, match="1 of 9 images"):
        dataset = from_directory(empty_file, **OPTIONS, bad_files="quarantine")
    for _ in range(2):
        list(dataset)
    assert dataset.audit.counts() == {
        "the file is empty (0 bytes)": 1,
        "CMYK: converted without a color profile": 1,
        "16 bits per channel: scaled to 8": 1,
    }
    assert "  found: the file is empty (0 bytes): 1" in dataset.files.summary()
    written = dataset.audit.write_csv(tmp_path / "bad_files.csv")
    with written.open(newline="") as file:
        rows = list(csv.reader(file))
    cat, dog = empty_file / "cat", empty_file / "dog"
    assert rows == [
        ["path", "class", "severity", "reason"],
        [str(dog / "001.png"), "dog", "bad", "the file is empty (0 bytes)"],
        [str(cat / "001.png"), "cat", "note", "16 bits per channel: scaled to 8"],
        [str(cat / "002.jpg"), "cat", "note", "CMYK: converted without a color profile"],
    ]


def test_the_table_takes_any_name(tmp_path):
    tree = write_tree(tmp_path / "tree", {"a": 1})
    (tree / "a" / "000.png").unlink()
    Image.new("CMYK", (8, 8)).save(tree / "a" / "image.jpg")
    shutil.copy(tree / "a" / "image.jpg", os.fsencode(tree / "a") + b'/\xff,\n".png')
    dataset = from_directory(tree, **OPTIONS)
    dataset[0]
    text = dataset.audit.write_csv(tmp_path / "bad_files.csv").read_text(encoding="utf-8")
    assert '\\udcff,\n"".png"' in text


def test_no_text_of_the_table_is_a_formula(tmp_path):
    texts = ["=1+1", "+1", "-1", "@SUM(1)", "＝1", "\t=1", "\r=1", "\n=1", "'=1", "a=1", ";=1+1"]

    class Files:
        def path_of_row(self, row):
            return texts[row]

        def class_of_row(self, row):
            return texts[-row - 1]

    audit = FileAudit(Files())
    for row in range(len(texts)):
        audit.add_bad(row, f"{texts[row]} is no image")
    written = audit.write_csv(tmp_path / "table.csv")
    with written.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell[0] in "=+-@＝\t\r\n"]
    read = [[cell.removeprefix("'") for cell in row] for row in rows]
    assert read == [
        [path, name, "bad", f"{path} is no image"]
        for path, name in zip(texts, texts[::-1], strict=True)
    ]
    assert header == ["path", "class", "severity", "reason"]
    assert '";=1+1"' in written.read_text(encoding="utf-8")


def test_a_full_disk_leaves_the_earlier_table(tmp_path, monkeypatch):
    class Files:
        def path_of_row(self, row):
            return f"{row}.png"

        def class_of_row(self, row):
            return None

    audit, path = FileAudit(Files()), tmp_path / "table.csv"
    audit.write_csv(path)
    earlier = path.read_bytes()
    audit.add_bad(0, "truncated")

    def full(self, data):
        with open(self, "wb") as file:  # noqa: PTH123
            file.write(data[:7])
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(
        OSError, match=r"No space left on device; .* still there, whole.*table\.csv"
    ):
        audit.write_csv(path)
    assert path.read_bytes() == earlier
    assert list(tmp_path.iterdir()) == [path]


def test_parts_of_a_scan_share_the_audit(empty_file):
    with pytest.warns(UserWarning, match="1 of 8 images"):
        training, validation = from_directory(
            empty_file, **OPTIONS, bad_files="quarantine", validation_split=0.5, subset="both"
        )
    assert training.audit is validation.audit
    assert training.samples + validation.samples == 7


def test_other_policies_are_refused(tree):
    with pytest.raises(ValueError, match="bad_files='ignore' is unknown: use one of 'raise', 'ski"):
        from_directory(tree, **OPTIONS, bad_files="ignore")
