"""What the methods of a generator print, and that `verbose=False` silences it."""

import numpy as np
import pytest
from oracles.image_trees import write_tree

from kcore.augment import ImageDataGenerator

IMAGES = np.zeros((3, 4, 4, 3), "uint8")
MASKS = np.zeros((3, 4, 4), "uint8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("verbose"), {"cat": 2, "dog": 1})


@pytest.fixture(autouse=True)
def no_hint_given(monkeypatch):
    monkeypatch.setattr("kcore.data._legacy_hints._given", set())


SEED, HINT = "No seed was given", "flow[0] is the same each time"
FOUND, CACHE = "Found 3 images", "The cache of decoded images takes"


def table(folder):
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    return {"filename": names, "class": [name.split("/")[0] for name in names]}


OF_FILES = {"target_size": (4, 4), "cache": "memory"}
CALLS = {
    "flow": (lambda its, folder, **o: its.flow(IMAGES, **o), {SEED, HINT}),
    "flow_from_directory": (
        lambda its, folder, **o: its.flow_from_directory(folder, **OF_FILES, **o),
        {SEED, HINT, FOUND, CACHE},
    ),
    "flow_from_dataframe": (
        lambda its, folder, **o: its.flow_from_dataframe(table(folder), folder, **OF_FILES, **o),
        {SEED, HINT, FOUND, CACHE},
    ),
    "flow_with_masks": (lambda its, folder, **o: its.flow_with_masks(IMAGES, MASKS, **o), {SEED}),
    "fit": (lambda its, folder, **o: its.fit(IMAGES, augment=True, **o), {SEED}),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("options", [{}, {"verbose": True}, {"verbose": False}], ids=str)
def test_what_is_printed_and_silenced(name, options, folder, capsys):
    call, expected = CALLS[name]
    made = call(ImageDataGenerator(rotation_range=5), folder, **options)
    if made is not None:
        assert len(made[0]) == len(made[0])  # asked for twice, which gives a hint
    printed = capsys.readouterr().out
    if options == {"verbose": False}:
        assert printed == ""
    else:
        assert {text for text in (SEED, HINT, FOUND, CACHE) if text in printed} == expected


@pytest.mark.parametrize("name", CALLS)
def test_verbose_is_true_or_false(name, folder):
    with pytest.raises(ValueError, match="verbose=1 must be True or False"):
        CALLS[name][0](ImageDataGenerator(rotation_range=5), folder, verbose=1)
