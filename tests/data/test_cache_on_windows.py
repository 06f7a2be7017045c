"""Caches where no open file can be renamed or removed, as on Windows, which these tests imitate."""

import gc
import os
import threading
import time
import warnings

import numpy as np
import pytest
from oracles import needs, windows
from oracles.image_trees import pixels, write_tree
from PIL import Image

from kcore.data import _cache_files as cache_files
from kcore.data import from_directory

pytestmark = needs.open_files


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"cat": 5, "dog": 4})


@pytest.fixture
def where(tmp_path, monkeypatch):
    """A directory for a cache, on Windows."""
    monkeypatch.setattr(cache_files, "fcntl", None)
    for name in ("preadv", "pwrite", "posix_fallocate"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    windows.files_in_use(monkeypatch)
    return tmp_path / "cache"


def load(tree, where, **options):
    return from_directory(
        tree, image_size=(8, 8), batch_size=4, seed=1, cache=where, verbose=False, **options
    )


def images_of(dataset):
    return np.stack([dataset.image(index) for index in range(dataset.samples)])


def test_a_cache_is_kept_and_used(tree, where):
    expected = images_of(load(tree, None))
    dataset = load(tree, where)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(images_of(dataset), expected)
    np.testing.assert_array_equal(images_of(dataset), expected)
    (file,) = where.iterdir()
    assert file.suffix == ".cache"
    again = load(tree, where)
    assert again._maker._source._cache.complete
    np.testing.assert_array_equal(images_of(again), expected)


def test_an_unfinished_cache_is_removed(tree, where):
    dataset = load(tree, where)
    dataset.image(0)
    assert len(list(where.iterdir())) == 1
    del dataset
    gc.collect()
    assert list(where.iterdir()) == []


def test_a_cache_that_another_process_has_made_and_reads_is_used(tree, where):
    expected = images_of(load(tree, None))
    slow = load(tree, where)
    fast = load(tree, where)
    np.testing.assert_array_equal(images_of(fast), expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(images_of(slow), expected)
        np.testing.assert_array_equal(images_of(slow), expected)
    assert len(list(where.iterdir())) == 1
    del slow, fast
    gc.collect()
    assert [file.suffix for file in where.iterdir()] == [".cache"]


def test_a_damaged_cache_that_another_process_reads_is_not_used(tree, where):
    images_of(load(tree, where))
    (file,) = where.glob("*.cache")
    file.write_bytes(file.read_bytes()[:-1])
    dataset = load(tree, where)
    with file.open("rb"), pytest.warns(UserWarning, match="could not be kept: ") as caught:
        images_of(dataset)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(images_of(dataset), images_of(load(tree, None)))


def test_a_cache_that_cannot_be_renamed_serves_this_run(tree, where, monkeypatch):
    expected = images_of(load(tree, None))

    def refuse(source, target):
        raise OSError(28, "No space left on device")

    dataset = load(tree, where)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.warns(UserWarning, match="could not be kept: .*No space left") as caught:
        np.testing.assert_array_equal(images_of(dataset), expected)
    assert len(caught) == 1
    np.testing.assert_array_equal(images_of(dataset), expected)


def test_an_outdated_cache_that_another_process_reads_is_left_alone(tree, where):
    old = load(tree, where)
    images_of(old)
    Image.fromarray(pixels(99)).save(tree / "cat" / "001.png")
    new = load(tree, where)
    np.testing.assert_array_equal(images_of(new)[1], pixels(99))
    assert len(list(where.glob("*.cache"))) == 2


def test_threads_read_while_the_cache_gets_its_name(tree, where):
    expected = images_of(load(tree, None))
    dataset = load(tree, where)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(images_of(dataset))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for images in results:
        np.testing.assert_array_equal(images, expected)


@pytest.mark.timeout(60)
def test_a_drive_that_cannot_compare_files_can_hold_a_cache(tree, where, monkeypatch):
    expected = images_of(load(tree, None))
    monkeypatch.setattr(os.path, "samestat", lambda one, other: False)
    np.testing.assert_array_equal(images_of(load(tree, where)), expected)
    assert [file.suffix for file in where.iterdir()] == [".cache"]
