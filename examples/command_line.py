"""What the examples share: options, headings, a clock, a browser, and errors that are one line."""

import argparse
import os
import sys
import textwrap
import time
import warnings
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import choose_backend

import keras

OptionError = argparse.ArgumentTypeError


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser that knows `--backend`, which `choose_backend` has read already."""
    return argparse.ArgumentParser(
        description=description,
        parents=[choose_backend.parser()],
        formatter_class=_Help,
    )


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Names the default of each option that takes a value and has a default."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or action.nargs == 0:
            return action.help
        return super()._get_help_string(action)


def add_output(options: argparse.ArgumentParser, default: str, what: str) -> None:
    """Add `--output`, a folder that is made if needed."""
    options.add_argument("--output", type=output_folder, default=default, help=f"folder for {what}")


def integer(minimum: int, maximum: int = 2**32 - 1) -> Callable[[str], int]:
    """Return a type for argparse: an integer from `minimum` to `maximum`."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not minimum <= int(text) <= maximum:
            raise OptionError(f"{text!r} is not an integer from {minimum} to {maximum}")
        return int(text)

    return parse


def fraction(text: str) -> float:
    """Parse a number above 0 and up to 1."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value <= 1:
        raise OptionError(f"{text!r} is not a fraction above 0 and up to 1")
    return value


def data_name(text: str) -> str:
    """Parse a name that `kcore.datasets.load` takes."""
    if text not in ("auto", "fashion-mnist", "scenes") and not Path(text).is_dir():
        raise OptionError(f"{text!r} is neither auto, fashion-mnist, scenes nor a folder")
    return text


def output_folder(text: str) -> Path:
    """Parse the path of a folder and make it, so that no work is lost if that fails."""
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"{text!r} can't be a folder: {error.strerror}") from error
    if not os.access(path, os.W_OK):
        raise OptionError(f"{text!r} can't be written to")
    return path


def saved_model(text: str) -> Path:
    """Parse the path of a model's file."""
    if not Path(text).is_file():
        raise OptionError(f"there is no file {text}: run quickstart.py first, or name a model")
    return Path(text)


def run(
    main: Callable[[argparse.Namespace], None],
    options: argparse.Namespace,
    errors: type[Exception] | tuple[type[Exception], ...] = (),
) -> None:
    """Call `main(options)`; of warnings and the given errors, print only the text."""
    warnings.showwarning = _show_warning
    try:
        main(options)
    except errors as error:
        sys.exit(str(error))


def _show_warning(message, category, filename, lineno, file=None, line=None):
    print(f"\n*** {category.__name__}: {message}\n", file=file or sys.stderr)


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def repeat(note: str) -> None:
    """Print the note of a dataset, if it has one, at the end of what it was used for."""
    if note:
        print(f"\n{textwrap.fill(f'*** {note}', 100, break_on_hyphens=False)}")


def open_in_browser(path: Path) -> None:
    """Show a page in the browser that BROWSER names, or in that of the system."""
    if not webbrowser.open(path.resolve().as_uri()):
        print(f"\nThere is no browser that could be opened. Open {path.resolve()} in one yourself.")


def backend_and_device() -> str:
    """Return a text such as "jax, cpu:0"."""
    return f"{keras.backend.backend()}, {keras.distribution.list_devices()[0]}"


class Stopwatch:
    """Measure seconds of wall-clock time in a `with` block."""

    def __enter__(self) -> "Stopwatch":
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_: Any) -> None:
        self.seconds = time.perf_counter() - self._start
