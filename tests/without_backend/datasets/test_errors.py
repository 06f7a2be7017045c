import pickle
from pathlib import Path

import pytest

from kcore import datasets
from kcore.datasets import _errors as errors

EXAMPLES = {
    "corrupt": errors.CorruptFileError(Path("a", "labels.gz"), "is cut short", "Delete it."),
    "missing": errors.MissingFilesError(Path("nowhere"), ["a.gz", "b.gz"], "Put them there."),
    "download": errors.DownloadError("http://host/a.gz", "no answer in time"),
    "not found": errors.DatasetNotFoundError("Letters", ["here: nothing", "there: 1"], "Go on."),
}


@pytest.mark.parametrize("error", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_survives_pickling(error):
    # A worker process sends its errors as pickles.
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize("error", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_is_a_dataset_error_and_a_value_error(error):
    assert isinstance(error, errors.DatasetError)
    assert isinstance(error, ValueError)


def test_messages(tmp_path):
    assert str(EXAMPLES["corrupt"]) == f"{Path('a', 'labels.gz')}: is cut short. Delete it."
    assert str(errors.CorruptFileError("x", "is empty")) == "x: is empty."
    assert str(EXAMPLES["missing"]) == (
        "nowhere is not a directory; it should hold a.gz, b.gz. Put them there."
    )
    lacking = errors.MissingFilesError(tmp_path, ["a.gz"], "Put it there.")
    assert str(lacking) == f"{tmp_path} lacks a.gz. Put it there."
    assert str(EXAMPLES["download"]) == "download of http://host/a.gz: no answer in time"
    assert str(EXAMPLES["not found"]) == (
        "Letters was not found. Tried, in this order:\n  - here: nothing\n  - there: 1\nGo on."
    )


def test_the_package_exposes_all_of_them():
    for name in errors.__all__:
        assert getattr(datasets, name) is getattr(errors, name)
        assert name in datasets.__all__
