"""Errors of datasets, with a class for each that a caller may want to handle differently."""

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
    """A dataset can't be loaded; the subclass says why."""


class CorruptFileError(DatasetError):
    """A file is damaged, incomplete, or a different file of the same name.

    Attributes:
        source: path of the file, or the URL from which it came.
        problem: what is wrong with it.
        remedy: what to do; may be empty.
    """

    def __init__(self, source: Path | str, problem: str, remedy: str = "") -> None:
        super().__init__(source, problem, remedy)
        self.source, self.problem, self.remedy = source, problem, remedy

    def __str__(self) -> str:
        shown = f"{printable(self.source)}: {printable(self.problem)}."
        return shown + (f" {self.remedy}" if self.remedy else "")


class MissingFilesError(DatasetError):
    """A directory that should hold a dataset lacks some of its files.

    Attributes:
        directory: where the files were expected.
        missing: names of the missing files.
        remedy: what to do.
    """

    def __init__(self, directory: Path, missing: Sequence[str], remedy: str) -> None:
        super().__init__(directory, missing, remedy)
        self.directory, self.missing, self.remedy = directory, tuple(missing), remedy
        self._state = "lacks" if directory.is_dir() else "is not a directory; it should hold"

    def __str__(self) -> str:
        return f"{printable(self.directory)} {self._state} {', '.join(self.missing)}. {self.remedy}"


class DownloadError(DatasetError):
    """A file can't be downloaded: no network, a refusal of the server, a broken connection.

    Attributes:
        url: address of the file.
        problem: what went wrong.
    """

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(url, problem)
        self.url, self.problem = url, problem

    def __str__(self) -> str:
        return f"download of {printable(self.url)}: {printable(self.problem)}"


class DatasetNotFoundError(DatasetError):
    """A dataset is in none of the directories searched, and can't be downloaded either.

    Attributes:
        name: name of the dataset.
        tried: one line for each directory and download, with what was found there.
        remedy: what to do.
    """

    def __init__(self, name: str, tried: Sequence[str], remedy: str) -> None:
        super().__init__(name, tried, remedy)
        self.name, self.tried, self.remedy = name, tuple(tried), remedy

    def __str__(self) -> str:
        attempts = "".join(f"\n  - {printable(line)}" for line in self.tried)
        return f"{self.name} was not found. Tried, in this order:{attempts}\n{self.remedy}"


class SyntheticDataWarning(UserWarning):
    """Synthetic images replace a real dataset that can't be reached."""
