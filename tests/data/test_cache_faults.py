"""Caches that are damaged, cut off, abandoned, mistaken for others or not writable."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from oracles import needs
from oracles.image_trees import pixels, write_tree
from PIL import Image

from kcore.data import ImageFiles, from_directory, from_files
from kcore.data import _cache_files as cache_files
from kcore.data._cache_files import CacheFile

OPTIONS = {"image_size": (8, 8), "label_mode": "int", "batch_size": 4, "seed": 1}


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"cat": 5, "dog": 4})


def load(tree, where, **options):
    return from_directory(tree, cache=where, verbose=False, **OPTIONS | options)


def images_of(dataset):
    return np.stack([dataset.image(index) for index in range(dataset.samples)])


def complete(tree, where):
    list(load(tree, where))
    (file,) = where.glob("*.cache")
    return file


# Damage


@pytest.mark.parametrize("where", ["pixels", "checksum", "which are there"])
def test_a_flipped_byte_is_noticed_and_the_image_decoded_again(tree, tmp_path, where):
    expected = images_of(load(tree, None))
    file = complete(tree, tmp_path / "cache")
    data = bytearray(file.read_bytes())
    data[
        {"pixels": 9 * 5 + 3 * 192 + 17, "checksum": 4 * 3, "which are there": 9 * 4 + 3}[where]
    ] ^= 8
    file.write_bytes(data)
    dataset = load(tree, tmp_path / "cache")
    if where == "which are there":
        np.testing.assert_array_equal(images_of(dataset), expected)
        return
    with pytest.warns(UserWarning, match=r"The cache '.*\.cache' is damaged or was cut off") as w:
        np.testing.assert_array_equal(images_of(dataset), expected)
    assert len(w) == 1, "it is said once"


def test_every_flipped_byte_of_a_small_cache_is_noticed_or_makes_no_difference(tmp_path):
    tree = write_tree(tmp_path / "tree", {"a": 2})
    options = {"image_size": (2, 3), "color_mode": "grayscale"}
    where = tmp_path / "cache"
    expected = images_of(load(tree, None, **options))
    list(load(tree, where, **options))
    (file,) = where.iterdir()
    whole = file.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x41
        file.write_bytes(damaged)
        if 8 <= position < 10:
            images = images_of(load(tree, where, **options))
        else:
            with pytest.warns(UserWarning, match="is damaged"):
                images = images_of(load(tree, where, **options))
        np.testing.assert_array_equal(images, expected)


def test_a_byte_that_flips_after_the_image_was_served_is_noticed(tree, tmp_path):
    expected = images_of(load(tree, None))
    file = complete(tree, tmp_path / "cache")
    dataset = load(tree, tmp_path / "cache")
    np.testing.assert_array_equal(dataset.image(0), expected[0])
    with file.open("r+b") as changed:
        changed.seek(9 * 5 + 17)
        byte = changed.read(1)[0]
        changed.seek(-1, os.SEEK_CUR)
        changed.write(bytes([byte ^ 8]))
    with pytest.warns(UserWarning, match="is damaged or was cut off"):
        np.testing.assert_array_equal(dataset.image(0), expected[0])


@needs.named_pipes
def test_a_pipe_with_the_name_of_a_cache_is_not_waited_for(tree, tmp_path):
    file = complete(tree, tmp_path / "cache")
    file.unlink()
    os.mkfifo(file)
    np.testing.assert_array_equal(
        images_of(load(tree, tmp_path / "cache")), images_of(load(tree, None))
    )


def test_a_cache_that_is_cut_off_while_it_is_used_kills_nothing(tree, tmp_path):
    expected = images_of(load(tree, None))
    file = complete(tree, tmp_path / "cache")
    dataset = load(tree, tmp_path / "cache")
    np.testing.assert_array_equal(dataset.image(0), expected[0])
    os.truncate(file, 300)
    with pytest.warns(
        UserWarning, match="is damaged or was cut off: images are decoded again"
    ) as w:
        np.testing.assert_array_equal(images_of(dataset), expected)
    assert len(w) == 1, "it is said once"


def test_an_unfinished_cache_that_is_cut_off_kills_nothing(tree, tmp_path):
    expected = images_of(load(tree, None))
    dataset = load(tree, tmp_path / "cache")
    dataset.image(0)
    (partial,) = (tmp_path / "cache").iterdir()
    os.truncate(partial, 0)
    with pytest.warns(UserWarning, match="is damaged or was cut off"):
        np.testing.assert_array_equal(images_of(dataset), expected)


def test_a_disk_that_fills_up_ends_the_cache_and_not_the_run(tree, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    expected = images_of(load(tree, None))
    dataset = load(tree, tmp_path / "cache")
    monkeypatch.setattr(CacheFile, "write", full)
    with pytest.warns(UserWarning, match=r"can't be written to, .*: \[Errno 28\] No space left"):
        np.testing.assert_array_equal(images_of(dataset), expected)


def test_systems_that_read_at_no_position_seek(tree, tmp_path, monkeypatch):
    for name in ("preadv", "pwrite", "posix_fallocate"):
        monkeypatch.delattr(os, name)
    expected = images_of(load(tree, None))
    complete(tree, tmp_path / "cache")
    np.testing.assert_array_equal(images_of(load(tree, tmp_path / "cache")), expected)


# The directory


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_directory_that_cannot_be_written_to_is_named(tree, tmp_path, monkeypatch, code):
    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(cache_files.os, "open", refuse)
    message = rf"cache='{tmp_path / 'cache'}' can't be written to: {os.strerror(code)}\. Choose"
    with pytest.raises(OSError, match=message) as caught:
        CacheFileOf(tmp_path / "cache")
    assert caught.value.errno == code


def CacheFileOf(directory):  # noqa: N802 -- opens what `from_directory` would open
    from kcore.data._cache import _begun

    return _begun(directory, (2, 8, 8, 3))


def test_a_complete_cache_in_a_directory_that_cannot_be_written_to_is_used(
    tree, tmp_path, monkeypatch
):
    expected = images_of(load(tree, None))
    complete(tree, tmp_path / "cache")

    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(CacheFile, "begun", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    np.testing.assert_array_equal(images_of(load(tree, tmp_path / "cache")), expected)


# Whose pixels these are


def project(path, number):
    """A project whose files have the names, sizes and times of every other one's."""
    for name in ("a", "b"):
        (path / "data" / name).mkdir(parents=True)
        file = path / "data" / name / "0.bmp"
        Image.fromarray(pixels(number)).save(file)
        os.utime(file, ns=(10**18, 10**18))
    return path


def test_two_projects_with_relative_names_have_two_caches(tmp_path, monkeypatch):
    for number in (1, 2):
        monkeypatch.chdir(project(tmp_path / f"project-{number}", number))
        dataset = load("data", tmp_path / "cache", shuffle=False)
        list(dataset)
        np.testing.assert_array_equal(dataset.image(0), pixels(number))
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_two_projects_with_relative_names_of_files_have_two_caches(tmp_path, monkeypatch):
    for number in (1, 2):
        monkeypatch.chdir(project(tmp_path / f"project-{number}", number))
        files = ImageFiles.from_paths(["data/a/0.bmp"])
        options = {**OPTIONS, "label_mode": None, "cache": tmp_path / "cache"}
        dataset = from_files(files, **options)
        list(dataset)
        np.testing.assert_array_equal(dataset.image(0), pixels(number))
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_one_folder_by_several_names_has_one_cache(tmp_path, monkeypatch):
    root = project(tmp_path / "project", 1)
    (tmp_path / "link").symlink_to(root)
    monkeypatch.chdir(root)
    for name in ("data", "./data", root / "data", tmp_path / "link" / "data"):
        list(load(name, tmp_path / "cache"))
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_link_that_leads_elsewhere_has_another_cache(tmp_path):
    for number in (1, 2):
        project(tmp_path / f"project-{number}", number)
    folder = tmp_path / "links" / "a"
    folder.mkdir(parents=True)
    for number in (1, 2):
        (folder / "0.bmp").unlink(missing_ok=True)
        (folder / "0.bmp").symlink_to(tmp_path / f"project-{number}" / "data" / "a" / "0.bmp")
        dataset = load(tmp_path / "links", tmp_path / "cache")
        list(dataset)
        np.testing.assert_array_equal(dataset.image(0), pixels(number))


# Processes that end before their time


KILLED = """
import os, sys, time, kcore.data
dataset = kcore.data.from_directory(
    sys.argv[1], image_size=(8, 8), label_mode="int", batch_size=4, seed=1,
    cache=sys.argv[2], verbose=False)
dataset.image(0)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(tree, tmp_path):
    where = tmp_path / "cache"
    (tmp_path / "cache").mkdir()
    other = where / ".another-writer.partial"
    other.write_bytes(b"of a writer of another kind")
    command = [sys.executable, "-c", KILLED, str(tree), str(where)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        (left,) = where.glob(".*-images.partial")
        dataset = load(tree, where)
        assert left.exists(), "its process lives"
        assert len(list(where.glob(".*-images.partial"))) == 2
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert left.exists(), "nobody could tidy up"
    again = load(tree, where)
    assert not left.exists()
    assert len(list(where.glob(".*-images.partial"))) == 2, "the first of this process lives"
    assert other.exists()
    for each in (dataset, again):
        np.testing.assert_array_equal(images_of(each), images_of(load(tree, None)))


@needs.fork
@pytest.mark.filterwarnings("ignore:.*fork.*")
def test_a_forked_process_that_ends_leaves_the_cache_to_its_parent(tmp_path):
    file = CacheFile.begun(tmp_path, (1, 2, 2, 1))
    child = os.fork()
    if child == 0:
        file.close()
        os._exit(0)
    os.waitpid(child, 0)
    image = np.arange(4, dtype=np.uint8).reshape(2, 2, 1)
    file.write(0, image)
    file.finish(tmp_path / "whole.cache")
    np.testing.assert_array_equal(CacheFile.opened(file.path, (1, 2, 2, 1)).read(0), image)


def test_a_file_that_is_found_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    still = iter([False, True])
    monkeypatch.setattr(cache_files, "_is_still", lambda path, descriptor: next(still))
    file = CacheFile.begun(tmp_path, (1, 2, 2, 1))
    assert file.path.exists()
    file.close()
