"""What can be wrong with a dataset, one class for each thing that a caller may handle apart."""

from collections.abc import Sequence
from pathlib import Path

from kcore._console import printable

__all__ = [
    "CorruptFileError",
    "DatasetError",
    "DatasetNotFoundError",
    "DownloadError",
    "MissingFilesError",
    "SyntheticDataWarning",
]


class DatasetError(ValueError):
    """A dataset can't be loaded; the subclasses say why."""


class CorruptFileError(DatasetError):
    """A file is not what it should be: cut short, damaged, or another file under this name.

    Attributes:
        source: path of the file, or the URL that it came from.
        problem: what is wrong with it.
        remedy: what to do about it; may be empty.
    """

    def __init__(self, source: Path | str, problem: str, remedy: str = "") -> None:
        super().__init__(source, problem, remedy)
        self.source, self.problem, self.remedy = source, problem, remedy

    def __str__(self) -> str:
        shown = f"{printable(self.source)}: {printable(self.problem)}."
        return shown + (f" {self.remedy}" if self.remedy else "")


class MissingFilesError(DatasetError):
    """A directory that should hold a dataset lacks files of it.

    Attributes:
        directory: where the files were expected.
        missing: names of the files that are not there.
        remedy: what to do about it.
    """

    def __init__(self, directory: Path, missing: Sequence[str], remedy: str) -> None:
        super().__init__(directory, missing, remedy)
        self.directory, self.missing, self.remedy = directory, tuple(missing), remedy
        self._state = "lacks" if directory.is_dir() else "is no directory; it should hold"

    def __str__(self) -> str:
        return f"{printable(self.directory)} {self._state} {', '.join(self.missing)}. {self.remedy}"


class DownloadError(DatasetError):
    """A file could not be fetched: no network, a server that refuses, a connection that broke.

    Attributes:
        url: what was asked for.
        problem: what happened.
    """

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(url, problem)
        self.url, self.problem = url, problem

    def __str__(self) -> str:
        return f"download of {printable(self.url)}: {printable(self.problem)}"


class DatasetNotFoundError(DatasetError):
    """A dataset is in none of the places searched and could not be downloaded either.

    Attributes:
        name: the dataset.
        tried: one line for each place, with what was found there.
        remedy: what to do about it.
    """

    def __init__(self, name: str, tried: Sequence[str], remedy: str) -> None:
        super().__init__(name, tried, remedy)
        self.name, self.tried, self.remedy = name, tuple(tried), remedy

    def __str__(self) -> str:
        places = "".join(f"\n  - {printable(line)}" for line in self.tried)
        return f"{self.name} was found nowhere. Tried, in this order:{places}\n{self.remedy}"


class SyntheticDataWarning(UserWarning):
    """Synthetic images stand in for a real dataset that could not be reached."""
