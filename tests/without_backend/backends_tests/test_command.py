"""`python -m backends_tests` explains itself, and what keeps it from running."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import backends_tests
from backends_tests import conftest

WITHOUT_PYTEST = """
import runpy, sys

sys.modules["pytest"] = None
runpy.run_module("backends_tests", run_name="__main__")
"""


@pytest.fixture
def run(tmp_path):
    """A function that runs Python, in a directory from which nothing can be imported."""

    def run(*command, **environment):
        env = {name: text for name, text in os.environ.items() if not name.startswith("KCORE_TEST")}
        command = [sys.executable, *command]
        env |= environment
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=env)

    return run


def test_help_names_the_options_and_what_an_exit_status_means(run):
    result = run("-m", "backends_tests", "--help")
    assert result.returncode == 0
    for option in ("--quick", "--full", "--report PATH", "--known-failures FILE", "-k EXPRESSION"):
        assert f"  {option} " in result.stdout
    assert "  0  every test passed, except known failures\n" in result.stdout


def test_help_has_all_options_of_the_suite(run):
    class Parser:
        def addoption(self, name, **_):
            names.append(name)

    names = []
    conftest.pytest_addoption(Parser())
    text = run("-m", "backends_tests", "-h").stdout
    assert len(names) == 4
    assert all(f"  {name} " in text for name in names)


def test_without_pytest_the_extra_is_named(run):
    result = run("-c", WITHOUT_PYTEST)
    assert result.returncode == 4
    assert result.stderr == (
        'backends_tests needs pytest: python -m pip install "kcore[conformance]"\n'
    )


def test_a_wrong_option_is_named(run):
    result = run("-m", "backends_tests", "--qiuck")
    assert result.returncode == 4
    assert "unrecognized arguments: --qiuck" in result.stderr
    assert result.stderr.endswith("python -m backends_tests --help explains the options.\n")


def test_a_backend_that_keras_does_not_know_is_named(run):
    result = run("-m", "backends_tests", KERAS_BACKEND="unheard_of")
    assert result.returncode == 4
    assert "Keras can't load its backend (KERAS_BACKEND=unheard_of)" in result.stderr


def test_the_package_has_its_data_files():
    package = Path(backends_tests.__file__).parent
    for name in ("pytest.ini", "report.schema.json", "known_failures/jax.toml", "py.typed"):
        assert (package / name).is_file()
