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


def refusal(script, *arguments, returncode):
    """Return the errors of a script that gives up, in this process, which has imported Keras."""
    path = str(EXAMPLES / script)
    errors = io.StringIO()
    with (
        mock.patch.object(sys, "argv", [path, *map(str, arguments)]),
        mock.patch.object(sys, "path", [str(EXAMPLES), *sys.path]),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
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
