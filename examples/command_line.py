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
        default=os.environ.get("KERAS_BACKEND") or None,
        help="what Keras computes with; by default KERAS_BACKEND, or else what is installed",
    )
    return options


def use_backend(options: argparse.ArgumentParser, name: str | None) -> None:
    """Make Keras use the backend `name`, or one that is installed; must precede `import keras`."""
    installed = [backend for backend in BACKENDS if importlib.util.find_spec(backend)]
    if name is None and not installed:
        options.error("no backend is installed: pip install 'kcore[jax]' or 'kcore[tensorflow]'")
    if name is not None and name not in installed:
        options.error(f"--backend {name} is not installed: pip install 'kcore[{name}]'")
    os.environ["KERAS_BACKEND"] = name or installed[0]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def whole_number(minimum: int) -> Callable[[str], int]:
    """Return a type for argparse: a whole number of at least `minimum`."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number of at least {minimum}"
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
    """Parse a path where a folder is or can be made."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a file; name a folder")
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
