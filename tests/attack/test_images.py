"""Attack datasets with hostile image files, under the three policies of `bad_files`."""

import os
from functools import partial

import numpy as np
import pytest
from attack.corpora.hostile_images import HEIGHT, UNCHECKED, WIDTH, hostile_files
from attack.tally import REFUSED, RIGHT, UNDETECTABLE, Tally, limited

from kcore.data import BadFileError, ImageFiles, from_files
from kcore.images import ImageDecodeError, load_img

OPTIONS = {
    "image_size": (HEIGHT, WIDTH),
    "label_mode": None,
    "shuffle": False,
    "batch_size": 100,
}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Return the files by path, with the pixels that `load_img` reads, or None if it refuses."""
    folder = tmp_path_factory.mktemp("hostile")
    files, expected = {}, {}
    for file in hostile_files():
        path = os.fspath(folder / file.name)
        file.write(folder / file.name)
        files[path], expected[path] = file, alone(path)
    return files, expected


def alone(path):
    try:
        return np.asarray(load_img(path, target_size=(HEIGHT, WIDTH), interpolation="bilinear"))
    except (ImageDecodeError, OSError):
        return None


def verdict(file, pixels, expected):
    """Judge the pixels that a dataset yields for a file; `load_img` has its own test."""
    if expected is None:
        return "a file that load_img refuses was served"
    if not np.array_equal(pixels, expected):
        return "other pixels than those of load_img"
    return UNDETECTABLE if file.kind == UNCHECKED and not is_whole(file, pixels) else RIGHT


def is_whole(file, pixels):
    return file.pixels.shape == pixels.shape and np.array_equal(pixels, file.pixels)


def test_raise(corpus):
    files, expected = corpus
    tally = Tally("images under bad_files='raise'")
    for path, file in files.items():
        dataset = from_files(ImageFiles.from_paths([path]), bad_files="raise", **OPTIONS)
        tally.case(
            file.about,
            partial(dataset.__getitem__, 0),
            lambda batch, file=file, path=path: verdict(file, batch[0], expected[path]),
            refusals=BadFileError,
            named=path[: -len(file.name) + 4],  # the rest may be shown with escapes
            must=REFUSED if expected[path] is None else None,
        )
    tally.close(at_least=450)


def served(paths, policy):
    """Read a dataset twice; return pixels by path, and the audit's reasons for the others."""
    files, rows = ImageFiles.from_paths(paths), np.arange(len(paths))
    dataset = from_files(files, rows, bad_files=policy, **OPTIONS | {"shuffle": True, "seed": 1})
    found = {}
    for _ in range(2):
        for images, numbers in dataset:
            for pixels, number in zip(images, numbers, strict=True):
                path = paths[int(number)]
                assert path not in found or np.array_equal(found[path], pixels)
                found[path] = pixels
    return found, {finding.path: finding.reason for finding in dataset.audit.bad}


def outcome(path, file, expected, found, bad):
    """Return the outcome of one file in a dataset."""
    if (path in found) == (path in bad):
        return "served and bad" if path in bad else "neither served nor in the audit"
    if path in found:
        return verdict(file, found[path], expected)
    return REFUSED if expected is None and bad[path] else "load_img reads it, but it was left out"


@pytest.mark.parametrize(
    ("policy", "tally"),
    [
        ("skip", Tally("images under bad_files='skip'")),
        ("quarantine", Tally("images under bad_files='quarantine'")),
    ],
    ids=["skip", "quarantine"],
)
def test_policies(corpus, policy, tally):
    files, expected = corpus
    with limited(300):
        found, bad = served(list(files), policy)
    for path, file in files.items():
        tally.count(file.about, outcome(path, file, expected[path], found, bad))
    tally.close(at_least=450)
