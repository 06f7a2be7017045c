"""Attack caches of decoded images: damaged, replaced, truncated in use, on full disks."""

import os
import shutil
import subprocess
import sys
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from attack.corpora.damage import cut, flipped, overwritten, shuffled
from attack.killing import kill_after
from attack.tally import REFUSED, RIGHT, Tally
from oracles.image_trees import pixels, write_tree
from PIL import Image

from kcore.data import from_directory

OPTIONS = {"image_size": (8, 8), "label_mode": None, "shuffle": False, "verbose": False}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("images") / "tree", {"cat": 5, "dog": 4})


@pytest.fixture(scope="module")
def expected():
    return np.stack([pixels(seed) for seed in range(9)])


@pytest.fixture(scope="module")
def content(tree, tmp_path_factory):
    """A complete cache: its name and its bytes."""
    where = tmp_path_factory.mktemp("complete")
    load(tree, where)
    (file,) = where.iterdir()
    return file.name, file.read_bytes()


def load(tree, where):
    """Read all images twice, the second time from the cache."""
    dataset = from_directory(tree, cache=where, **OPTIONS)
    first, second = next(iter(dataset)), next(iter(dataset))
    assert np.array_equal(first, second)
    return second


def judge(images, expected):
    return RIGHT if np.array_equal(images, expected) else "other pixels"


def test_damaged_caches(tree, expected, content, tmp_path):
    tally = Tally("damaged caches")
    name, data = content
    check = partial(judge, expected=expected)
    for about, damaged in chain(
        flipped(data, 120, 41), cut(data, 20, 42), overwritten(data, 40, 43), shuffled(data, 20, 44)
    ):
        (tmp_path / name).write_bytes(damaged)
        attempt = partial(load, tree, tmp_path)
        tally.case(about, attempt, check, must=RIGHT)
    damage = chain(flipped(data, 40, 45), cut(data, 20, 46), overwritten(data, 20, 47))
    for about, damaged in damage:
        attempt = partial(changed_in_use, tree, tmp_path, name, data, damaged)
        tally.case(f"{about}, in use", attempt, check, must=RIGHT)
    tally.close(at_least=250)


def changed_in_use(tree, where, name, data, damaged):
    (where / name).write_bytes(data)
    dataset = from_directory(tree, cache=where, **OPTIONS)
    dataset.image(0)
    with (where / name).open("r+b") as file:  # the same file, not a new one of this name
        file.truncate(len(damaged))
        file.write(damaged)
    return next(iter(dataset))


def sparse(path):
    with path.open("wb") as file:
        file.truncate(60 << 30)


# What exists instead of the file of a cache.
INSTEAD = {
    "an empty file": Path.touch,
    "a directory": Path.mkdir,
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "an empty device": lambda path: path.symlink_to(os.devnull),
    "a link to nothing": lambda path: path.symlink_to("gone"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "60 GiB of nothing": sparse,
    "text": lambda path: path.write_text("no cache"),
}


def unfinished(where):
    """Write what a killed process leaves behind, and files that belong to somebody else."""
    for number in range(5):
        (where / f".{number:016x}-images.partial").write_bytes(bytes(999))
    (where / "notes.txt").write_text("mine")


def file_as_directory(where):
    where.rmdir()
    where.write_text("a file")


def linked_to_nothing(where):
    where.rmdir()
    where.symlink_to("gone")


# What is wrong with the directory -> the allowed outcome.
DIRECTORIES = {
    "unfinished files of others": (unfinished, RIGHT),
    "no directory yet": (lambda where: where.rmdir(), RIGHT),
    "a file as the directory": (file_as_directory, REFUSED),
    "a link to no directory": (linked_to_nothing, REFUSED),
}


def test_what_is_there_instead(tree, expected, content, tmp_path):
    tally = Tally("caches whose file or directory is something else")

    check = partial(judge, expected=expected)

    def try_it(about, where, must):
        attempt = partial(load, tree, where)
        known = {"refusals": OSError, "named": "cache", "must": must, "seconds": 20}
        tally.case(about, attempt, check, **known)

    for number, (about, make) in enumerate(INSTEAD.items()):
        where = tmp_path / f"file-{number}"
        where.mkdir()
        make(where / content[0])
        try_it(about, where, None)
    for number, (about, (make, must)) in enumerate(DIRECTORIES.items()):
        where = tmp_path / f"directory-{number}"
        where.mkdir()
        make(where)
        try_it(about, where, must)
    for where in ("/proc/cache", "/dev/null/cache", "/sys/cache"):
        try_it(where, Path(where), REFUSED)
    tally.close(at_least=15)


# Two projects with files that differ only in their pixels.


def test_projects_that_share_a_cache(tmp_path, monkeypatch):
    tally = Tally("projects that share a cache")
    for number in range(12):
        root = tmp_path / f"project-{number}"
        for name in ("a", "b"):
            (root / "data" / name).mkdir(parents=True)
            file = root / "data" / name / "0.bmp"
            Image.fromarray(pixels(number)).save(file)
            os.utime(file, ns=(10**18, 10**18))
    names = ("data", "./data", "../project-{}/data")
    for number in [*range(12), *range(12)]:
        monkeypatch.chdir(tmp_path / f"project-{number}")
        name, wanted = names[number % 3].format(number), np.stack([pixels(number)] * 2)
        attempt, check = partial(load, name, tmp_path / "cache"), partial(judge, expected=wanted)
        tally.case(f"project {number} as {name}", attempt, check, must=RIGHT)
    tally.close(at_least=24)


# Separate processes; they need no backend, but import Keras.

PROCESS = """
import os, resource, signal, sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from kcore.data import from_directory
tree, where, kind = sys.argv[1:]
options = {"image_size": (8, 8), "label_mode": None, "shuffle": False, "verbose": False}
plain = np.stack(list(from_directory(tree, batch_size=1, **options)))
print("ready", flush=True)
for number in range(10**6 if kind == "killed" else 8):
    if kind != "killed":
        resource.setrlimit(resource.RLIMIT_FSIZE, (200 * number, resource.RLIM_INFINITY))
    folder = f"{where}/{number % 7}"
    try:
        found = np.stack(list(from_directory(tree, batch_size=1, cache=folder, **options)))
        print("right" if np.array_equal(found, plain) else "other pixels", flush=True)
    except OSError as error:
        print("refused" if folder in str(error) else f"nameless {error!r}", flush=True)
    for name in os.listdir(folder) if kind == "killed" else ():
        os.unlink(f"{folder}/{name}")
"""


def started(tree, where, kind):
    command = [sys.executable, "-c", PROCESS, str(tree), str(where), kind]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_full_disks_and_killed_writers(tree, expected, tmp_path):
    tally = Tally("caches on full disks and of killed processes")
    with started(tree, tmp_path / "full", "full") as process:
        lines = process.communicate(timeout=240)[0].split()
    for number, outcome in enumerate(lines[1:]):
        tally.count(f"a disk with {200 * number} bytes left", outcome)
    rng = np.random.default_rng(48)
    for number in range(4):
        where = tmp_path / f"killed-{number}"
        kill_after(started(tree, where, "killed"), "ready\n", rng.uniform(0.1, 0.7))
        tally.case(f"kill {number}", partial(after_a_kill, tree, where, expected), str, must=RIGHT)
        shutil.rmtree(where)
    tally.close(at_least=12)


def after_a_kill(tree, where, expected):
    """Use each directory that a killed process used."""
    for folder in sorted(where.iterdir()):
        if judge(load(tree, folder), expected) != RIGHT:
            return "other pixels"
        if list(folder.glob(".*.partial")):
            return "left an unfinished file"
    return RIGHT
