"""Run the suite on the backend that Keras is set to: `python -m backends_tests [--quick | --full]`.

It takes all options of pytest. `pytest --pyargs backends_tests` is the same without `--quick`,
`--full` and `--report`, which pytest can't know before it has found the package.
"""

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    package = str(Path(__file__).parent)
    settings = ["--rootdir", str(Path.cwd()), "-p", "no:cacheprovider", "-q"]
    sys.exit(pytest.main([package, *settings, *sys.argv[1:]]))
