"""What datasets, files and audits show of themselves, as text and in a notebook."""

import base64
import io
import re

import numpy as np
import pytest
from oracles.image_trees import pixels, write_tree
from PIL import Image

from kcore.data import ImageFiles, from_arrays, from_directory, from_files, scan

OPTIONS = {"image_size": (8, 8), "seed": 1, "verbose": False}


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"cat": 3, "<dog>": 2})


def pictures(html):
    """The pictures that a text of HTML holds, as arrays, and what is said of each."""
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]*)"', html)
    return [(np.asarray(Image.open(io.BytesIO(base64.b64decode(a)))), b) for a, b in found]


def row(html, *cells):
    """Whether a table of the page has a row of these cells."""
    joined = r"</td>\s*<td[^>]*>".join(map(re.escape, cells))
    return re.search(rf"<tr><td[^>]*>{joined}</td></tr>", html) is not None


def test_a_dataset_of_a_folder(tree):
    dataset = from_directory(tree, batch_size=4, transform=lambda x, i, e: x * 0, **OPTIONS)
    dataset.epoch = 3
    html = dataset._repr_html_()
    facts = {"samples": "5", "batches": "2, with up to 4 samples each", "seed": "1", "epoch": "3"}
    for name, value in facts.items():
        assert f'<dt>{name}</dt><dd style="margin: 0">{value}</dd>' in html
    assert "uint8, shape (8, 8, 3)" in html
    assert row(html, "cat", "3")
    assert row(html, "&lt;dog&gt;", "2")
    assert "<dog>" not in html
    shown = pictures(html)
    assert len(shown) == 5
    for index, (image, text) in enumerate(shown):
        np.testing.assert_array_equal(image, dataset.image(index))
        assert text.startswith(f"sample {index}, class ")
    assert "cat/000.png" in shown[2][1]
    assert dataset.epoch == 3


def test_a_large_dataset_shows_images_from_all_over_it():
    x = np.zeros((1001, 2, 2, 3), np.uint8)
    shown = pictures(from_arrays(x)._repr_html_())
    assert [text for _, text in shown[:2]] == ["sample 0", "sample 142"]
    assert shown[-1][1] == "sample 1000"
    assert len(shown) == 8


def test_large_images_are_shown_small():
    ((image, _),) = pictures(from_arrays(np.zeros((1, 400, 200, 3), np.uint8))._repr_html_())
    assert image.shape == (96, 48, 3)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (pixels(1)[None], pixels(1)),
        (np.moveaxis(pixels(1), -1, 0)[None], pixels(1)),
        (pixels(1)[None, ..., 0], pixels(1)[..., 0]),
        (np.array([[[[-1.0], [0.0], [1.0]]]]), [[0, 128, 255]]),
        (np.full((1, 2, 2, 1), 7.0), [[0, 0], [0, 0]]),
    ],
)
def test_arrays_that_look_like_images_are_shown(x, expected):
    ((image, _),) = pictures(from_arrays(x)._repr_html_())
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize(
    "x", [np.zeros((3, 5)), np.zeros((3, 5, 5, 7)), np.full((3, 2, 2, 3), np.nan),
          {"a": np.zeros((3, 2, 2, 3)), "b": np.zeros(3)}],
)  # fmt: skip
def test_other_arrays_are_not(x):
    html = from_arrays(x)._repr_html_()
    assert not pictures(html)
    assert ">samples<" in html


def test_a_bad_file_is_counted_and_not_shown(tree):
    (tree / "cat" / "001.png").write_bytes(b"")
    html = from_directory(tree, **OPTIONS)._repr_html_()
    assert len(pictures(html)) == 4
    assert "<dt>bad files so far</dt>" not in html or "1</dd>" in html


def test_files_show_their_classes_and_what_was_left_out(tree):
    (tree / "note.txt").write_text("")
    files = scan(tree)
    html = files._repr_html_()
    assert repr(files) == "<ImageFiles: 5 files, 2 classes>"
    assert row(html, "&lt;dog&gt;", "2")
    assert row(html, "cat", "3")
    assert "<dt>left out, no image files</dt>" in html
    listed = ImageFiles.from_paths(["a.png"])
    assert "<table" not in listed._repr_html_()


def test_a_folder_of_many_classes_shows_the_first(tmp_path):
    names = [f"class {number:03d}" for number in range(40)]
    files = ImageFiles.from_paths([f"{n}.png" for n in range(40)], range(40), names)
    html = files._repr_html_()
    assert row(html, "class 019", "1")
    assert "class 020" not in html
    assert "the first 20 of 40 classes" in html


def test_an_audit_is_a_table_of_files(tree):
    (tree / "cat" / "001.png").write_bytes(b"")
    Image.new("RGBA", (8, 8)).save(tree / "<dog>" / "000.png")
    files = scan(tree)
    assert repr(files.audit) == "<FileAudit: 0 bad files, 0 notes>"
    with pytest.warns(UserWarning, match="1 of 5 images are bad"):
        from_files(files, bad_files="quarantine", image_size=(8, 8), seed=1)
    assert repr(files.audit) == "<FileAudit: 1 bad files, 1 notes>"
    html = files.audit._repr_html_()
    bad = str(tree / "cat" / "001.png")
    assert row(html, bad, "cat", "bad", "the file is empty (0 bytes)")
    assert ">note</td>" in html
    assert "transparency: dropped" in html
    assert "1 bad files, 1 notes" in html


def test_a_long_audit_shows_its_first_rows():
    files = ImageFiles.from_paths([f"{n}.png" for n in range(60)])
    for index in range(60):
        files.audit.add_bad(index, "gone")
    html = files.audit._repr_html_()
    assert row(html, "49.png", "", "bad", "gone")
    assert ">50.png<" not in html
    assert "60 bad files, 0 notes; 10 more rows are in write_csv(path)" in html
