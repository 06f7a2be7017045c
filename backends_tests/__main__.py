"""Run the suite on the backend that Keras uses: `python -m backends_tests [--quick | --full]`.

It takes all options of pytest. `pytest --pyargs backends_tests` does the same without `--quick`,
`--full` and `--report`, which pytest doesn't know until it has found the package.
"""

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    package = str(Path(__file__).parent)
    settings = ["--rootdir", str(Path.cwd()), "-p", "no:cacheprovider", "-q"]
    sys.exit(pytest.main([package, *settings, *sys.argv[1:]]))
