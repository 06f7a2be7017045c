"""Directories in which the files of a dataset may be found."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kcore._arguments import check_path

__all__ = [
    "DATA_DIR_VARIABLE",
    "Location",
    "data_dir_location",
    "explicit_location",
    "keras_cache_location",
]

DATA_DIR_VARIABLE = "KCORE_DATA_DIR"


@dataclass(frozen=True)
class Location:
    """A directory that may hold the files of a dataset, each compressed with gzip or not.

    Attributes:
        directory: the directory.
        origin: why this directory is searched, in words.
        remedy: what to do if a file there is damaged or missing.
    """

    directory: Path
    origin: str
    remedy: str

    def find(self, name: str) -> Path | None:
        """Return the path of `<name>.gz`, else of `<name>`; `None` if neither is there."""
        for path in self.candidates(name):
            if path.is_file():
                return path
        return None

    def candidates(self, name: str) -> Iterator[Path]:
        """Yield the paths at which a file may be, in the order of the search."""
        yield self.directory / f"{name}.gz"
        yield self.directory / name

    def missing(self, names: Sequence[str]) -> list[str]:
        """Return the names for which there is no file."""
        return [name for name in names if self.find(name) is None]

    def describe(self, names: Sequence[str]) -> str:
        """Say in one line what the location holds."""
        missing = self.missing(names)
        if len(missing) < len(names):
            count = len(names) - len(missing)
            found = f"{count} of {len(names)} files; missing: {', '.join(missing)}"
        else:
            found = "none of the files" if self.directory.is_dir() else "no such directory"
        return f"{self.origin}, {self.directory}: {found}"


def explicit_location(path: str | os.PathLike[str]) -> Location:
    """Return the location for a directory that the caller named."""
    return Location(
        check_path("path", path, "directory").expanduser(),
        "path=",
        "Put the original files there, or leave path= out to search the usual directories.",
    )


def data_dir_location(dataset: str) -> Location | None:
    """Return the dataset's directory in `KCORE_DATA_DIR`; `None` if that is not set."""
    root = os.environ.get(DATA_DIR_VARIABLE)
    if not root:
        return None
    return Location(
        Path(root).expanduser() / dataset,
        DATA_DIR_VARIABLE,
        f"Put the original files there, or unset {DATA_DIR_VARIABLE}.",
    )


def keras_cache_location(dataset: str) -> Location:
    """Return the directory where `keras.datasets` keeps the dataset, without importing Keras."""
    return Location(
        _keras_home() / "datasets" / dataset,
        "the Keras cache",
        "Delete it, and it will be downloaded again.",
    )


def _keras_home() -> Path:
    """Find the directory of Keras as Keras does.

    It is `$KERAS_HOME`, or else `.keras` in the home directory. If that can't be written to, it is
    `.keras` in the directory for temporary files.
    """
    configured = os.environ.get("KERAS_HOME")
    # Without a home directory, os.path's function leaves "~" as it is; Path's raises.
    home = Path(os.path.expanduser(configured or "~/.keras"))  # noqa: PTH111
    usable = _is_writable(home) and (configured or os.access(home.parent, os.W_OK))
    return home if usable else Path(tempfile.gettempdir(), ".keras")


def _is_writable(directory: Path) -> bool:
    """Tell whether files can be written to a directory, which may not exist yet."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return os.access(directory, os.W_OK)
