"""Run the example scripts as a user does."""

import os
import subprocess
import sys
from pathlib import Path

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
