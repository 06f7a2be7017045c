"""Run the example scripts as a user does."""

import contextlib
import io
import os
import runpy
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

EXAMPLES = Path(__file__).parents[2] / "examples"

# Runs a script where Fashion-MNIST is neither on disk nor on a network.
_OFFLINE = """
import pathlib, runpy, sys
from kcore.datasets import fashion_mnist

fashion_mnist.DEBIAN_DIRECTORY = pathlib.Path("nowhere")
fashion_mnist.BASE_URL = "http://no-such-host.invalid/"
sys.argv = sys.argv[1:]
sys.path[0] = str(pathlib.Path(sys.argv[0]).parent)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(script, *arguments, returncode=0, **environment):
    """Return what a script prints, or its stderr if it is expected to fail."""
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert result.returncode == returncode, result.stdout + result.stderr
    return result.stdout if returncode == 0 else result.stderr


def run_offline(script, *arguments, home):
    """Return what a script prints where Fashion-MNIST can't be reached.

    Args:
        script: name of the script.
        *arguments: its arguments.
        home: an empty folder, for Keras.
    """
    environment = {**os.environ, "KERAS_HOME": str(home)}
    environment.pop("KCORE_DATA_DIR", None)
    result = subprocess.run(
        [sys.executable, "-c", _OFFLINE, str(EXAMPLES / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "SyntheticDataWarning" in result.stderr
    return result.stdout


def help_of(script):
    """Return what a script prints for `--help`."""
    printed = io.StringIO()
    _stopped(script, "--help", returncode=0, stdout=printed)
    return printed.getvalue()


def refusal(script, *arguments, returncode):
    """Return the errors of a script that gives up, in this process, which has imported Keras."""
    return _stopped(script, *arguments, returncode=returncode, stdout=io.StringIO())


def _stopped(script, *arguments, returncode, stdout):
    """Return the errors of a script that ends by `SystemExit`, in this process."""
    path = str(EXAMPLES / script)
    errors = io.StringIO()
    with (
        mock.patch.object(sys, "argv", [path, *map(str, arguments)]),
        mock.patch.object(sys, "path", [str(EXAMPLES), *sys.path]),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(errors),
    ):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as stop:
            # As the interpreter does: text is printed, and ends the process with 1.
            code, text = (1, stop.code) if isinstance(stop.code, str) else (stop.code, "")
            assert code == returncode, errors.getvalue() + text
            return errors.getvalue() + text
    raise AssertionError(f"{script} did not give up")
