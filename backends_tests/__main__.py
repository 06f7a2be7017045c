"""Test the convolution and pooling layers of the backend that Keras uses.

    KERAS_BACKEND=<backend> python -m backends_tests [options]

options:
  --quick                run only the first cases that show each property: a sixth of the suite
  --full                 run twice as many windows, and test each in more ways
  --report PATH          write the report here; default: conformance-<backend>.json
  --known-failures FILE  list of tests that are known to fail; default: the suite's own list for
                         the backend, if it has one
  -k EXPRESSION          run only the tests whose names match, such as -k "Conv2D and gradient"
  --help                 show this help

Every other option goes to pytest: --tb=short shows where a failure was noticed, -x stops at the
first one.

exit status:
  0  every test passed, except known failures
  1  some test failed, or a known failure passed
  2  the run was interrupted
  3  an internal error
  4  nothing was run: an option is wrong, Keras can't load the backend, or a known failure names no
     test
  5  no test matches
"""

import sys
from pathlib import Path

HELP = ("-h", "--help")
WRONG_USE = 4
"""pytest's exit status for it."""


def main(arguments: list[str]) -> int:
    """Run the suite with some options, and return the exit status."""
    if set(HELP) & set(arguments):
        print(__doc__)
        return 0
    try:
        import pytest
    except ModuleNotFoundError:
        tell('backends_tests needs pytest: python -m pip install "kcore[conformance]"')
        return WRONG_USE
    package = Path(__file__).parent
    # The settings of the directory in which the command is run would change the results.
    settings = ["-c", str(package / "pytest.ini"), "--rootdir", str(Path.cwd())]
    status = int(pytest.main([str(package), *settings, *arguments]))
    if status == WRONG_USE:
        tell("python -m backends_tests --help explains the options.")
    return status


def tell(text: str) -> None:
    """Print to standard error."""
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
