"""The files of a folder and their classes, packed into a few tens of bytes for each."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_instance, check_names, check_path
from kcore._arrays import read_array
from kcore._console import printable
from kcore._notebook import join, summary
from kcore.data._file_audit import FileAudit
from kcore.data._summary import counts_html

__all__ = ["FileTable", "ImageFiles", "LeftOut", "check_files", "system_path"]

Numbers = np.ndarray[Any, np.dtype[np.int64]]
Labels = np.ndarray[Any, np.dtype[np.int32]]


@dataclass
class LeftOut:
    """The number of entries of a folder that were left out for a reason, and the first few."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, path: bytes) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < 5:
            self.examples.append(os.fsdecode(path))


@dataclass(frozen=True, eq=False)
class FileTable:
    """The names of all files in one block of bytes, and where each name begins.

    Names relative to `root` are written with slashes, on Windows too, so that they are the same,
    and in the same order, on every system.

    Attributes:
        root: the directory that all names are relative to; empty if the names are whole paths.
        directories: the directories, relative to `root`, that hold the files.
        first_rows: the first row of each directory, and the number of rows at the end.
        names: the files' names without their directories, joined.
        offsets: where each name begins in `names`, and the length of `names` at the end.
        labels: the class of each file, or None.
        class_names: the names of the classes.
        left_out: reason -> entries of the folder that are not in the table.
    """

    root: bytes
    directories: tuple[bytes, ...]
    first_rows: Numbers
    names: bytes
    offsets: Numbers
    labels: Labels | None
    class_names: tuple[str, ...]
    left_out: dict[str, LeftOut] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def audit(self) -> FileAudit:
        """Findings about the files that were decoded."""
        return FileAudit(self)

    @property
    def nbytes(self) -> int:
        """The memory that the table takes, in bytes."""
        arrays = self.first_rows.nbytes + self.offsets.nbytes
        labels = 0 if self.labels is None else self.labels.nbytes
        return len(self.names) + arrays + labels + sum(map(len, self.directories))

    def filename_of_row(self, row: int) -> bytes:
        """Return the file's name relative to `root`."""
        directory = self.directories[int(np.searchsorted(self.first_rows, row, side="right")) - 1]
        name = self.names[self.offsets[row] : self.offsets[row + 1]]
        return b"/".join((directory, name)) if directory else name

    def path_of_row(self, row: int) -> str:
        """Return the file's path."""
        return os.fsdecode(system_path(self.root, self.filename_of_row(row)))

    def class_of_row(self, row: int) -> str | None:
        """Return the name of the file's class."""
        return None if self.labels is None else self.class_names[self.labels[row]]


def system_path(root: bytes, name: bytes) -> bytes:
    """Return the path of a file or directory as the system writes it.

    Args:
        root: a directory, or empty if `name` is a whole path.
        name: a name relative to `root`, with slashes; empty for `root` itself.
    """
    if not root or not name:
        return root or name
    return os.path.join(root, name.replace(b"/", os.fsencode(os.sep)))  # noqa: PTH118 -- bytes


class ImageFiles:
    """Image files and their classes, as `kcore.data.scan` finds them.

    A file's index, 0 to `len(files) - 1`, is its position in this object. A dataset that shuffles
    the files doesn't change it.
    """

    def __init__(self, table: FileTable, rows: npt.ArrayLike | None = None) -> None:
        self.table = check_instance("table", table, FileTable)
        self._rows = None if rows is None else _checked_indices(rows, len(table), "rows")

    @classmethod
    def from_paths(
        cls,
        paths: Sequence[str | os.PathLike[str]],
        labels: npt.ArrayLike | None = None,
        class_names: Sequence[str] = (),
    ) -> Self:
        """Make an `ImageFiles` from a list of paths, in the same order.

        Args:
            paths: the files' paths.
            labels: integers of shape (files,), indices into `class_names`.
            class_names: the names of the classes.

        Raises:
            TypeError: if `paths` is not a list of names.
            ValueError: if there are not as many labels as paths, a label has no class, or `paths`
                is a single name.
        """
        if isinstance(paths, str | bytes | os.PathLike):
            name = os.fspath(paths)
            raise ValueError(f"paths={name!r} is one name: give a list of them, [{name!r}].")
        names = _encoded(paths)
        offsets = np.zeros(len(names) + 1, np.int64)
        np.cumsum([len(name) for name in names], out=offsets[1:])
        class_names = check_names("class_names", class_names)
        codes = None if labels is None else _checked_labels(labels, len(names), len(class_names))
        table = FileTable(
            root=b"",
            directories=(b"",),
            first_rows=np.array([0, len(names)], np.int64),
            names=b"".join(names),
            offsets=offsets,
            labels=codes,
            class_names=class_names,
        )
        return cls(table)

    def __len__(self) -> int:
        return len(self.table) if self._rows is None else len(self._rows)

    def __repr__(self) -> str:
        return f"<ImageFiles: {len(self):,} files, {len(self.class_names)} classes>"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [
            ("folder", os.fsdecode(self.table.root) or "none: files are listed by their paths"),
            ("files", f"{len(self):,}"),
            ("classes", f"{len(self.class_names):,}"),
        ]
        facts += [(f"left out, {why}", f"{its.count:,}") for why, its in self.left_out.items()]
        facts += [(f"found: {why}", f"{count:,}") for why, count in self.audit.counts().items()]
        parts = [summary("ImageFiles", facts)]
        return join(*parts, *([counts_html(self.counts())] if self.class_names else []))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes; a label is an index into it."""
        return self.table.class_names

    @property
    def class_indices(self) -> dict[str, int]:
        """Class name -> label."""
        return {name: label for label, name in enumerate(self.class_names)}

    @property
    def labels(self) -> Labels | None:
        """int32 array of shape (files,), or None for files without classes."""
        labels = self.table.labels
        return labels if labels is None or self._rows is None else labels[self._rows]

    @property
    def filenames(self) -> list[str]:
        """The names relative to the folder, with slashes on every system, as a new list."""
        return [self.filename(index) for index in range(len(self))]

    @property
    def audit(self) -> FileAudit:
        """Findings about the files that were decoded; all parts of one scan share it."""
        return self.table.audit

    @property
    def left_out(self) -> dict[str, LeftOut]:
        """Reason -> the entries of the folder that were left out for it."""
        return self.table.left_out

    @property
    def nbytes(self) -> int:
        """The memory that names and labels take, in bytes."""
        return self.table.nbytes + (0 if self._rows is None else self._rows.nbytes)

    def row(self, index: int) -> int:
        """Return the row of `table` that holds a file."""
        if isinstance(index, bool) or not isinstance(index, Integral) or not 0 <= index < len(self):
            raise IndexError(f"index={index!r} is outside of 0 to {len(self) - 1}.")
        return int(index if self._rows is None else self._rows[index])

    def filename(self, index: int) -> str:
        """Return a file's name relative to the folder, with slashes on every system."""
        return os.fsdecode(self.table.filename_of_row(self.row(index)))

    def path(self, index: int) -> str:
        """Return a file's path."""
        return self.table.path_of_row(self.row(index))

    def class_name(self, index: int) -> str | None:
        """Return the name of a file's class, or None."""
        return self.table.class_of_row(self.row(index))

    def select(self, indices: npt.ArrayLike) -> "ImageFiles":
        """Select files.

        Args:
            indices: integers of shape (selected,), in the order wanted; or bool of shape (files,),
                True for each file wanted.

        Raises:
            IndexError: if an index is outside of 0 to `len(files) - 1`.
            ValueError: if `indices` has another shape or dtype.
        """
        chosen = _checked_indices(indices, len(self))
        return ImageFiles(self.table, chosen if self._rows is None else self._rows[chosen])

    def counts(self) -> dict[str, int]:
        """Count the files of each class."""
        labels = self.labels
        if labels is None:
            return {}
        numbers = np.bincount(labels, minlength=len(self.class_names))
        return dict(zip(self.class_names, numbers.tolist(), strict=True))

    def summary(self) -> str:
        """Describe the files in a text: how many each class has, what was left out and why."""
        lines = [f"{len(self):,} images, {len(self.class_names):,} classes"]
        counts = [(printable(name), number) for name, number in self.counts().items()]
        width = max((len(name) for name, _ in counts), default=0)
        lines += [f"  {name:<{width}}  {number:>9,}" for name, number in counts]
        for reason, left_out in sorted(self.left_out.items()):
            example = printable(left_out.examples[0])
            lines.append(f"  left out, {reason}: {left_out.count:,}, e.g. {example}")
        for reason, number in self.audit.counts().items():
            lines.append(f"  found: {printable(reason)}: {number:,}")
        return "\n".join(lines)


def _encoded(paths: Sequence[str | os.PathLike[str]]) -> list[bytes]:
    """Return the paths as the system encodes them, or say which of them is invalid."""
    if not hasattr(paths, "__iter__") or getattr(paths, "ndim", 1) != 1:
        raise TypeError(f"paths={paths!r} must be a list of file names.")
    given = list(paths)
    try:
        names = [os.fsencode(path) for path in given]
        is_wrong = b"\0" in b"".join(names) or not all(names)
    except (TypeError, UnicodeEncodeError):
        is_wrong = True
    if is_wrong:
        for number, path in enumerate(given):
            check_path(f"paths[{number}]", path)
    return names


def check_files(files: object) -> None:
    """Raise a TypeError unless `files` is an `ImageFiles`."""
    if not isinstance(files, ImageFiles):
        raise TypeError(
            f"files is of type {type(files).__name__}: use what kcore.data.scan finds, or "
            "kcore.data.ImageFiles.from_paths(files) for a list of names."
        )


def _checked_indices(indices: npt.ArrayLike, files: int, name: str = "indices") -> Numbers:
    chosen = read_array(name, indices)
    if chosen.dtype == np.bool_ and chosen.shape == (files,):
        return np.flatnonzero(chosen)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise ValueError(
            f"{name} with shape {chosen.shape} and dtype {chosen.dtype} must be integers on "
            f"one axis, or a mask of {files}, one for each file."
        )
    wrong = chosen[(chosen < 0) | (chosen >= files)]
    if wrong.size:
        raise IndexError(f"{name} holds {wrong[0]}, which is outside of 0 to {files - 1}.")
    return chosen.astype(np.int64)


def _checked_labels(labels: npt.ArrayLike, files: int, classes: int) -> Labels:
    codes = read_array("labels", labels)
    if codes.shape != (files,):
        raise ValueError(f"labels has shape {codes.shape}: {files} paths need shape ({files},).")
    if files and not classes:
        raise ValueError(
            "labels are given without class_names: name the classes that they are positions in."
        )
    if codes.dtype.kind not in "iu" or (files and not 0 <= codes.min() <= codes.max() < classes):
        raise ValueError(
            f"labels must be integers from 0 to {classes - 1}, positions in class_names, "
            f"which has {classes} names."
        )
    return codes.astype(np.int32)
