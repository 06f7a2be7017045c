"""Options that the examples share. Imports no Keras: the backend must be chosen before that."""

import argparse
import importlib.util
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

BACKENDS = ("jax", "tensorflow")


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser that knows `--backend`."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    options.add_argument(
        "--backend",
        choices=BACKENDS,
        help="what Keras computes with; by default KERAS_BACKEND, or else what is installed",
    )
    return options


def use_backend(options: argparse.ArgumentParser, name: str | None) -> None:
    """Make Keras use the backend `name`, or one that is installed; must precede `import keras`."""
    variable = os.environ.get("KERAS_BACKEND")
    if name is None and variable is not None and variable not in BACKENDS:
        options.error(f"KERAS_BACKEND={variable}: the examples run on {' or '.join(BACKENDS)}")
    name = name or variable
    installed = [backend for backend in BACKENDS if importlib.util.find_spec(backend)]
    if name is None and not installed:
        options.error("no backend is installed: pip install 'kcore[jax]' or 'kcore[tensorflow]'")
    if name is not None and name not in installed:
        options.error(f"the backend {name} is not installed: pip install 'kcore[{name}]'")
    os.environ["KERAS_BACKEND"] = name or installed[0]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def whole_number(minimum: int, maximum: int = 2**32 - 1) -> Callable[[str], int]:
    """Return a type for argparse: an integer from `minimum` to `maximum`."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not minimum <= int(text) <= maximum:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not an integer from {minimum} to {maximum}"
            )
        return int(text)

    return parse


def fraction(text: str) -> float:
    """Parse a number above 0 and up to 1."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a fraction above 0 and up to 1")
    return value


def output_folder(text: str) -> Path:
    """Parse the path of a folder and make it, so that no work is lost where that can't be done."""
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text!r} can't be a folder: {error.strerror}") from error
    if not os.access(path, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text!r} can't be written to")
    return path


def show_warnings_plainly() -> None:
    """Print a warning as its text alone: who runs a script does not want its source line."""

    def show(message, category, filename, lineno, file=None, line=None):
        print(f"\n*** {category.__name__}: {message}\n", file=file or sys.stderr)

    warnings.showwarning = show


class Stopwatch:
    """Measure seconds of wall-clock time in a `with` block."""

    def __enter__(self) -> "Stopwatch":
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_) -> None:
        self.seconds = time.perf_counter() - self._start
