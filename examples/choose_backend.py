"""Make Keras use the backend that `--backend` names. Import this before Keras.

Without that option, it is the backend that the environment variable KERAS_BACKEND names, or else
one that is installed.
"""

import argparse
import importlib.util
import os

BACKENDS = ("jax", "tensorflow")


def parser() -> argparse.ArgumentParser:
    """Return a parser that knows only `--backend`; `command_line.parser` adds it to others."""
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument(
        "--backend",
        choices=BACKENDS,
        help="the backend of Keras (default: KERAS_BACKEND, or else one that is installed)",
    )
    return options


def choose() -> None:
    """Set KERAS_BACKEND, or end the program if no backend is left to choose."""
    options = parser()
    variable = os.environ.get("KERAS_BACKEND")
    name = options.parse_known_args()[0].backend or variable
    installed = [backend for backend in BACKENDS if importlib.util.find_spec(backend)]
    if name is None and not installed:
        options.error("no backend is installed: pip install 'kcore[jax]' or 'kcore[tensorflow]'")
    if name is not None and name not in BACKENDS:
        options.error(f"KERAS_BACKEND={variable}: the examples run on {' or '.join(BACKENDS)}")
    if name is not None and name not in installed:
        options.error(f"the backend {name} is not installed: pip install 'kcore[{name}]'")
    os.environ["KERAS_BACKEND"] = name or installed[0]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


choose()
