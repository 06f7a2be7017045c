"""Bad image files and notes on others: the error, the findings, the table."""

import csv
import io
import os
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kcore._arguments import check_path
from kcore._console import printable
from kcore._files import write_whole
from kcore._notebook import table
from kcore._spreadsheets import text_cell

__all__ = ["POLICIES", "BadFileError", "FileAudit", "FileFinding", "reason_of"]

POLICIES = ("raise", "skip", "quarantine")
_ROWS = 50


class BadFileError(ValueError):
    """An image file can't be used, or a directory can't be listed.

    Attributes:
        path: the name of the file or directory.
        class_name: its class, or None if it has none.
        reason: what is wrong with it.
    """

    def __init__(self, path: str, class_name: str | None, reason: str) -> None:
        super().__init__(path, class_name, reason)
        self.path, self.class_name, self.reason = path, class_name, reason

    def __str__(self) -> str:
        of_class = "" if self.class_name is None else f" (class {self.class_name!r})"
        return f"{printable(self.path)}{of_class}: {printable(self.reason)}"


@dataclass(frozen=True)
class FileFinding:
    """A finding about a file.

    Attributes:
        path: the file's name.
        class_name: its class, or None.
        severity: "bad" if the file can't be used; "note" if it can, but something in it is lost or
            changed, such as transparency.
        reason: what was found.
    """

    path: str
    class_name: str | None
    severity: str
    reason: str


class _Files(Protocol):
    def path_of_row(self, row: int) -> str: ...

    def class_of_row(self, row: int) -> str | None: ...


class FileAudit:
    """Findings about the files that were decoded so far.

    Each finding is kept once, however often the file is decoded. The training and the validation
    part of a folder share one audit.
    """

    def __init__(self, files: _Files) -> None:
        self._files = files
        self._bad: dict[int, str] = {}
        self._notes: dict[str, set[int]] = {}
        self._lock = threading.Lock()

    def add_bad(self, row: int, reason: str) -> None:
        """Note that a file can't be used; any thread may call it."""
        with self._lock:
            self._bad[row] = reason

    def add_notes(self, row: int, notes: tuple[str, ...]) -> None:
        """Note what is lost or changed when a file is decoded; any thread may call it."""
        with self._lock:
            for note in notes:
                self._notes.setdefault(note, set()).add(row)

    def __repr__(self) -> str:
        with self._lock:
            bad, notes = len(self._bad), sum(map(len, self._notes.values()))
        return f"<FileAudit: {bad:,} bad files, {notes:,} notes>"

    def _repr_html_(self) -> str:
        bad, notes = self.bad, self.notes
        rows = [
            (finding.path, finding.class_name or "", finding.severity, finding.reason)
            for finding in [*bad, *notes][:_ROWS]
        ]
        more = len(bad) + len(notes) - len(rows)
        caption = f"{len(bad):,} bad files, {len(notes):,} notes"
        if more:
            caption += f"; {more:,} more rows are in write_csv(path)"
        return table(["file", "class", "severity", "reason"], rows, caption)

    @property
    def bad(self) -> list[FileFinding]:
        """The files that can't be used, in the order of the folder."""
        with self._lock:
            found = sorted(self._bad.items())
        return [self._finding(row, "bad", reason) for row, reason in found]

    @property
    def notes(self) -> list[FileFinding]:
        """The files that lost something or were changed, in the order of the folder."""
        with self._lock:
            found = sorted((row, note) for note, rows in self._notes.items() for row in rows)
        return [self._finding(row, "note", note) for row, note in found]

    def counts(self) -> dict[str, int]:
        """Count the files of each finding, the most frequent one first."""
        with self._lock:
            counter = Counter(self._bad.values())
            counter.update({note: len(rows) for note, rows in self._notes.items()})
        return dict(counter.most_common())

    def write_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write all findings as a table with the columns path, class, severity and reason.

        The file is UTF-8; bytes of a name that are not valid UTF-8 are written as backslash
        escapes. A text that a spreadsheet would take for a formula, such as one that begins with
        `=`, gets a single quote in front. So does a text that begins with a single quote, so that
        removing one quote always restores the text.

        Raises:
            OSError: if the file can't be written; an earlier one is then unchanged.
        """
        target = check_path("path", path)
        text = io.StringIO(newline="")
        # With quotes, a text stays in one cell even where semicolons separate cells.
        table = csv.writer(text, quoting=csv.QUOTE_ALL)
        table.writerow(["path", "class", "severity", "reason"])
        for finding in [*self.bad, *self.notes]:
            texts = [finding.path, finding.class_name or "", finding.severity, finding.reason]
            table.writerow(map(text_cell, texts))
        write_whole(target, text.getvalue().encode("utf-8", "backslashreplace"))
        return target

    def _finding(self, row: int, severity: str, reason: str) -> FileFinding:
        files = self._files
        return FileFinding(files.path_of_row(row), files.class_of_row(row), severity, reason)


def reason_of(error: BaseException) -> str:
    """Say in a few words why a file could not be read or decoded."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(reason or error or type(error).__name__)
