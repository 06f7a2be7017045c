import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from oracles.image_trees import pixels, write_tree
from PIL import Image

from kcore.data import BadFileError, from_directory, from_files, scan
from kcore.data import _cache as cache
from kcore.data import _cache_files as cache_files
from kcore.data._decoding import Decoding

OPTIONS = {"image_size": (8, 8), "label_mode": "int", "batch_size": 4, "seed": 1}


@pytest.fixture
def tree(tmp_path):
    return write_tree(tmp_path / "tree", {"cat": 5, "dog": 4})


@pytest.fixture
def decodings(monkeypatch):
    """The files that were decoded, in any order."""
    decoded = []
    decode = Decoding.decode

    def counted(self, path, row):
        decoded.append("/".join(Path(path).parts[-2:]))
        return decode(self, path, row)

    monkeypatch.setattr(Decoding, "decode", counted)
    return decoded


def load(tree, where, **options):
    return from_directory(tree, cache=where, verbose=False, **OPTIONS | options)


def images_of(dataset):
    return {index: dataset.image(index) for index in range(dataset.samples)}


def assert_same(dataset, other):
    assert dataset.samples == other.samples
    for index in range(dataset.samples):
        np.testing.assert_array_equal(dataset.image(index), other.image(index))


@pytest.fixture(params=["memory", "file"])
def where(request, tmp_path):
    return "memory" if request.param == "memory" else tmp_path / "cache"


def test_each_file_is_decoded_once_and_pixels_stay(tree, where, decodings):
    dataset = load(tree, where)
    expected = load(tree, None)
    for _ in range(3):
        list(dataset)
    assert sorted(decodings) == sorted(dataset.filenames)
    assert_same(dataset, expected)


def test_a_changed_file_is_decoded_again(tree, where, decodings):
    dataset = load(tree, where)
    list(dataset)
    Image.fromarray(pixels(99)).save(tree / "cat" / "001.png")
    for _ in range(2):
        np.testing.assert_array_equal(dataset.image(1), pixels(99))
    decodings.clear()
    dataset = load(tree, where)
    np.testing.assert_array_equal(dataset.image(1), pixels(99))


def test_a_file_of_the_same_size_and_another_time_has_changed(tree, where, decodings):
    dataset = load(tree, where)
    list(dataset)
    decodings.clear()
    path = tree / "dog" / "000.png"
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    list(dataset)
    assert decodings == ["dog/000.png"]


def test_a_missing_file_is_a_bad_file_even_if_cached(tree, where):
    dataset = load(tree, where)
    list(dataset)
    (tree / "cat" / "001.png").unlink()
    with pytest.raises(BadFileError, match=r"001\.png \(class 'cat'\): No such file"):
        dataset.image(1)


def test_another_run_reads_the_file_alone(tree, tmp_path, decodings):
    list(load(tree, tmp_path / "cache"))
    decodings.clear()
    again = load(tree, tmp_path / "cache")
    list(again)
    assert decodings == []
    assert_same(again, load(tree, None))


def test_the_file_appears_when_it_is_complete_and_has_the_stated_size(tree, tmp_path, capsys):
    dataset = from_directory(tree, cache=tmp_path / "cache", **OPTIONS)
    assert f"cache: 0.0 MB in {tmp_path / 'cache'}\n" in capsys.readouterr().out
    for index in range(dataset.samples):
        assert list((tmp_path / "cache").glob("*.cache")) == []
        dataset.image(index)
    (file,) = (tmp_path / "cache").iterdir()
    assert file.suffix == ".cache"
    assert file.stat().st_size == 9 * (8 * 8 * 3 + 5) == cache.cache_bytes(9, Decoding((8, 8)))


def test_an_unfinished_cache_leaves_nothing(tree, tmp_path):
    dataset = load(tree, tmp_path / "cache")
    dataset.image(0)
    assert len(list((tmp_path / "cache").iterdir())) == 1
    del dataset
    gc.collect()
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        {"image_size": (8, 9)},
        {"color_mode": "grayscale"},
        {"interpolation": "nearest"},
        {"crop_to_aspect_ratio": True},
        {"draft": True},
        {"class_names": ["cat"]},
        {"validation_split": 0.3, "subset": "training"},
    ],
    ids=str,
)
def test_other_options_have_another_cache(tree, tmp_path, decodings, options):
    list(load(tree, tmp_path / "cache"))
    decodings.clear()
    dataset = load(tree, tmp_path / "cache", **options)
    list(dataset)
    assert len(decodings) == dataset.samples
    assert_same(dataset, load(tree, None, **options))
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_cache_of_outdated_files_is_replaced(tree, tmp_path):
    list(load(tree, tmp_path / "cache"))
    (outdated,) = (tmp_path / "cache").iterdir()
    Image.fromarray(pixels(99)).save(tree / "cat" / "001.png")
    dataset = load(tree, tmp_path / "cache")
    list(dataset)
    (file,) = (tmp_path / "cache").iterdir()
    assert file != outdated
    np.testing.assert_array_equal(load(tree, tmp_path / "cache").image(1), pixels(99))


def test_a_damaged_cache_of_another_size_is_not_used(tree, tmp_path):
    list(load(tree, tmp_path / "cache"))
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    dataset = load(tree, tmp_path / "cache")
    list(dataset)
    assert_same(dataset, load(tree, None))
    assert file.stat().st_size == cache.cache_bytes(9, Decoding((8, 8)))


def test_a_cache_is_complete_without_skipped_files(tree, tmp_path, decodings):
    (tree / "cat" / "002.png").write_bytes(b"")
    for _ in range(2):
        decodings.clear()
        dataset = load(tree, tmp_path / "cache", bad_files="skip")
        with pytest.warns(UserWarning, match="Left out"):
            assert sum(len(labels) for _, labels in dataset) == 8
    assert decodings == ["cat/002.png"]


def test_too_little_disk_space_is_an_error_before_anything_is_written(tree, tmp_path, monkeypatch):
    class Full:
        free = 1000

    monkeypatch.setattr(cache_files.shutil, "disk_usage", lambda path: Full)
    message = r"cache='.*' has 0.0 MB free, and the cache needs 0.0 MB: choose another directory"
    with pytest.raises(OSError, match=message):
        load(tree, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_kept_serves_this_run(tree, tmp_path):
    dataset = load(tree, tmp_path / "cache", num_threads=1)
    next((tmp_path / "cache").iterdir()).unlink()
    with pytest.warns(UserWarning, match=r"The cache '.*\.cache' could not be kept: .*No such"):
        list(dataset)
    assert_same(dataset, load(tree, None))


def test_threads_that_fill_the_same_cache_do_not_disturb_each_other(tree, where):
    dataset = load(tree, where, num_threads=4, batch_size=1)
    expected = images_of(load(tree, None))
    results = []

    def read():
        for _ in range(3):
            results.append(images_of(dataset))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12
    for images in results:
        for index, image in images.items():
            np.testing.assert_array_equal(image, expected[index])


WRITER = """
import sys, kcore.data
assert "grain" not in sys.modules, "it takes half a second, and is for who needs it"
dataset = kcore.data.from_directory(
    sys.argv[1], image_size=(8, 8), label_mode="int", batch_size=4, seed=1,
    cache=sys.argv[2], verbose=False)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(3):
    total = sum(int(images.sum()) for images, labels in dataset)
    print(total, flush=True)
"""


@pytest.mark.slow
def test_processes_that_write_the_same_cache_do_not_disturb_each_other(tree, tmp_path):
    expected = sum(int(images.sum()) for images, labels in load(tree, None))
    command = [sys.executable, "-c", WRITER, str(tree), str(tmp_path / "cache")]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as writer:
        dataset = load(tree, tmp_path / "cache")
        assert writer.stdout.readline() == "ready\n"
        assert len(list((tmp_path / "cache").glob(".*.partial"))) == 2
        writer.stdin.write("go\n")
        writer.stdin.flush()
        ours = [sum(int(images.sum()) for images, labels in dataset) for _ in range(3)]
        theirs, messages = writer.communicate()
    assert "jax profiler" not in messages, "the warning of Grain where there is no JAX"
    assert ours == [expected] * 3
    assert theirs.split() == [str(expected)] * 3
    (file,) = (tmp_path / "cache").iterdir()
    assert file.suffix == ".cache"
    assert_same(load(tree, tmp_path / "cache"), load(tree, None))


PARTIAL = [{"shard": (0, 2)}, {"shard": (1, 2)}, {"drop_remainder": True}]


@pytest.mark.parametrize("options", PARTIAL, ids=str)
def test_a_cache_of_the_served_images_is_completed(tree, where, decodings, options, capsys):
    options = {"shuffle": False, "cache": where, **OPTIONS, **options}
    dataset = from_directory(tree, **options)
    expected = load(tree, None)
    served = [index for number in range(len(dataset)) for index in dataset.indices(number)]
    size = cache.cache_bytes(len(served), Decoding((8, 8)))
    assert len(served) in (4, 8)
    for _ in range(2):
        list(dataset)
    assert sorted(decodings) == sorted(dataset.filenames[index] for index in served)
    assert_same(dataset, expected)
    if where != "memory":
        (file,) = where.iterdir()
        assert file.stat().st_size == size
        decodings.clear()
        list(from_directory(tree, **options))
        assert decodings == []


def test_caches_of_different_shards_never_mix(tree, tmp_path):
    options = {"shuffle": False, "cache": tmp_path / "cache"}
    shards = [{}, {"shard": (0, 2)}, {"shard": (1, 2)}]
    for _ in range(2):
        for shard in shards:
            dataset = load(tree, tmp_path / "cache", shuffle=False, **shard)
            list(dataset)
            assert_same(dataset, load(tree, None))
    assert len(list(options["cache"].glob("*.cache"))) == 3


def test_a_cache_of_a_shuffled_shard_holds_all_that_pass(tree, tmp_path):
    shard = load(tree, tmp_path / "cache", shard=(0, 2))
    epochs = 0
    while not list((tmp_path / "cache").glob("*.cache")):
        shard.epoch = epochs
        list(shard)
        epochs += 1
        assert epochs < 40
    list(load(tree, tmp_path / "cache"))
    assert len(list((tmp_path / "cache").glob("*.cache"))) == 1, "that of all hosts is the same"


def test_the_stated_size_is_that_of_this_shard(tree, capsys):
    options = {"image_size": (1000, 1000), "cache": "memory", "seed": 1}
    from_directory(tree, **options)
    assert "cache: 27.0 MB in memory" in capsys.readouterr().out
    from_directory(tree, **options, shuffle=False, shard=(0, 2))
    assert "cache: 12.0 MB in memory" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["", "cat", "new", "cat/new", "cat/../new/."])
def test_a_cache_inside_of_the_folder_is_refused_before_it_is_made(tree, place):
    before = sorted(tree.rglob("*"))
    message = r"cache='.*' lies inside directory='.*', .* choose a directory outside"
    for make in (
        lambda: load(tree, tree / place),
        lambda: from_files(scan(tree), cache=str(tree / place), label_mode="int"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
    assert sorted(tree.rglob("*")) == before


def test_the_same_folder_in_capitals_is_recognized(tree, monkeypatch):
    def are_same(one, other):  # as macOS finds
        return os.fspath(one).lower() == os.fspath(other).lower()

    monkeypatch.setattr(Path, "samefile", are_same)
    with pytest.raises(ValueError, match="lies inside directory="):
        load(tree, tree.with_name("TREE") / "new")
    list(load(tree, tree.with_name("TREE") / ".new"))


def test_a_hidden_cache_inside_of_the_folder_is_no_class(tree):
    list(load(tree, tree / ".cache" / "images"))
    assert scan(tree).class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        (True, ValueError, "cache=True must be 'memory', a directory for a file, or None"),
        (7, ValueError, "cache=7 must be"),
        (Path(__file__), NotADirectoryError, r"cache='.*test_cache\.py' is a file; give a dir"),
    ],
    ids=str,
)
def test_invalid_caches_are_refused(tree, decodings, where, error, message):
    with pytest.raises(error, match=message):
        load(tree, where, bad_files="quarantine")
    assert decodings == []
