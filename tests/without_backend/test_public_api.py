"""The public API is listed here, so that no change of it is an accident."""

import subprocess
import sys

import pytest

import kcore

MODULES = [
    "augment",
    "data",
    "datasets",
    "explain",
    "images",
    "initializers",
    "inspect",
    "layers",
    "models",
    "nn",
    "preprocess",
    "random",
    "shapes",
    "training",
    "visualize",
]


def test_the_modules_are_listed():
    assert kcore.__all__ == ["__version__", *MODULES]
    assert dir(kcore) == sorted(kcore.__all__)


def test_an_unknown_name_gives_an_error_that_lists_the_known_ones():
    with pytest.raises(
        AttributeError, match="no attribute 'layer_'; it has augment, data, datasets"
    ):
        kcore.layer_  # noqa: B018 -- the access is the test


def imported_by(statement):
    code = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_import_kcore_imports_nothing_but_itself():
    modules = {name.split(".")[0] for name in imported_by("import kcore")}
    assert modules - set(sys.stdlib_module_names) == {"kcore"}


@pytest.mark.parametrize(
    "module", ["datasets", "images", "preprocess", "random", "shapes", "visualize"]
)
def test_modules_that_need_no_backend_import_none(module):
    modules = {name.split(".")[0] for name in imported_by(f"import kcore.{module}")}
    # Older releases bring modules compiled by Cython, and defusedxml where it is installed.
    of_others = {name.split(".")[0] for name in imported_by("import numpy, PIL.Image")}
    assert modules - of_others - set(sys.stdlib_module_names) <= {"kcore", "numpy", "PIL"}
