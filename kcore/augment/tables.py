"""A table of file names and targets, such as a data frame, as files and targets for a flow."""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore.arguments import check_choice
from kcore.augment.table_classes import RowClasses, row_classes
from kcore.data import ImageFiles
from kcore.data.classes import check_class_names, in_32_bits
from kcore.data.walking import SUFFIXES

__all__ = ["Rows", "Table"]

_Array = npt.NDArray[Any]
_CLASS_MODES = ("binary", "categorical", "input", "multi_output", "raw", "sparse")
_WITH_CLASSES = ("binary", "categorical", "sparse")


class _Together:
    """Several arrays, the targets of a model with several outputs."""

    def __init__(self, arrays: Sequence[_Array]) -> None:
        self._arrays = tuple(map(in_32_bits, arrays))

    def __getitem__(self, indices: Any) -> tuple[_Array, ...]:
        return tuple(values[indices] for values in self._arrays)


@dataclass(frozen=True)
class Rows:
    """What a flow takes of the rows of a table.

    Attributes:
        files: the files and, where each has one class, their labels.
        targets: targets of another kind, or None.
        sample_weight: a number each, or None.
    """

    files: ImageFiles
    targets: Any
    sample_weight: _Array | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, and which of its columns are what; see `flow_from_dataframe`.

    Attributes:
        columns: anything whose columns are `columns[name]`: a data frame of any library, or a
            dictionary of lists.
        directory: folder of the files, or None.
        x_col: column of file names.
        y_col: column, or list of columns, of targets.
        weight_col: column of weights, or None.
        classes: names of the classes wanted, or None for all.
        class_mode: what the targets are.

    Raises:
        ValueError: if `class_mode` is unknown.
        TypeError: if "multi_output" has no list of columns.
    """

    columns: Any
    directory: str | os.PathLike[str] | None
    x_col: str
    y_col: str | Sequence[str]
    weight_col: str | None
    classes: Sequence[str] | None
    class_mode: str | None

    def __post_init__(self) -> None:
        if self.class_mode is not None:
            check_choice("class_mode", self.class_mode, _CLASS_MODES)
        if self.class_mode == "multi_output" and isinstance(self.y_col, str):
            raise TypeError(
                f"y_col={self.y_col!r} must be a list of columns for class_mode='multi_output'."
            )

    @property
    def class_mode_of_files(self) -> str | None:
        """The `class_mode` of `kcore.data`, where its labels are the targets."""
        return None if self.class_mode in ("raw", "multi_output") else self.class_mode

    def rows(self, validate_filenames: bool, bounds: Callable[[int], tuple[int, int]]) -> Rows:
        """Return the rows that can be used.

        Args:
            validate_filenames: whether to leave out, with a warning, rows without an image file.
            bounds: takes the number of rows that are left, and returns where the part of them that
                is wanted begins and ends.

        Raises:
            TypeError: if a column holds values of a wrong type.
            ValueError: if a column is missing, no row is left, or the classes don't fit.
        """
        paths = self._paths()
        self._check_lengths(len(paths))
        kept = list(range(len(paths)))
        if validate_filenames:
            kept = self._with_files(kept, paths)
        classes = self._classes()
        if classes is not None:
            kept = self._with_classes(kept, classes)
        start, stop = bounds(len(kept))
        kept = kept[start:stop]
        if not kept:
            raise ValueError(f"Of the table's {len(paths)} rows none is left to flow.")
        files, targets = self._targets(kept, [paths[row] for row in kept], classes)
        return Rows(files, targets, self._weights(kept))

    def _column(self, name: str) -> list[Any]:
        there = _column_names(self.columns)
        if name not in there:
            raise ValueError(
                f"The table has no column {name!r}; it has {', '.join(map(repr, there))}."
            )
        return list(self.columns[name])

    def _check_lengths(self, rows: int) -> None:
        targets = [self.y_col] if isinstance(self.y_col, str) else list(self.y_col)
        used = targets if self.class_mode not in (None, "input") else []
        for name in used if self.weight_col is None else [*used, self.weight_col]:
            found = len(self._column(name))
            if found != rows:
                raise ValueError(
                    f"Column {name!r} has {found} row{'s' * (found != 1)}, and x_col="
                    f"{self.x_col!r} has {rows}: all columns must be of one length."
                )

    def _paths(self) -> list[str]:
        names = self._column(self.x_col)
        for name in names:
            if not isinstance(name, str | os.PathLike):
                raise TypeError(
                    f"Column x_col={self.x_col!r} holds {name!r}: it must hold file names."
                )
        return [os.fspath(Path(self.directory or "") / name) for name in names]

    def _with_files(self, rows: list[int], paths: list[str]) -> list[int]:
        kept = [row for row in rows if _is_image_file(paths[row])]
        if len(kept) < len(rows):
            taken = set(kept)
            first = next(row for row in rows if row not in taken)
            warnings.warn(
                f"{len(rows) - len(kept)} of {len(rows)} rows are left out, as x_col="
                f"{self.x_col!r} names no image file there; the first: {paths[first]!r}.",
                stacklevel=4,
            )
        return kept

    def _classes(self) -> RowClasses | None:
        if self.class_mode not in _WITH_CLASSES:
            if self.classes is not None:
                raise ValueError(
                    f"classes={self.classes!r} has no meaning with class_mode={self.class_mode!r}."
                )
            return None
        if not isinstance(self.y_col, str):
            raise TypeError(
                f"y_col={self.y_col!r} must be one column for class_mode={self.class_mode!r}."
            )
        if self.classes is not None:
            check_class_names(self.classes)
        return row_classes(self._column(self.y_col), self.y_col, self.classes, str(self.class_mode))

    def _with_classes(self, rows: list[int], classes: RowClasses) -> list[int]:
        kept = [row for row in rows if classes.codes[row]]
        if len(kept) < len(rows):
            warnings.warn(
                f"{len(rows) - len(kept)} of {len(rows)} rows are left out, as they have none of "
                f"the classes {list(classes.names)}.",
                stacklevel=4,
            )
        return kept

    def _targets(
        self, rows: list[int], paths: list[str], classes: RowClasses | None
    ) -> tuple[ImageFiles, Any]:
        if classes is not None:
            labels = classes.single(rows)
            if labels is not None:
                return ImageFiles.from_paths(paths, labels, classes.names), None
            files = ImageFiles.from_paths(paths, class_names=classes.names)
            return files, classes.multi_hot(rows)
        files = ImageFiles.from_paths(paths)
        if self.class_mode == "raw":
            return files, self._raw(rows)
        if self.class_mode == "multi_output":
            return files, _Together([self._values(name, rows) for name in self.y_col])
        return files, None

    def _raw(self, rows: list[int]) -> _Array:
        if isinstance(self.y_col, str):
            return self._values(self.y_col, rows)
        return np.stack([self._values(name, rows) for name in self.y_col], axis=-1)

    def _values(self, name: str, rows: list[int]) -> _Array:
        column = self._column(name)
        try:
            return np.array([column[row] for row in rows])
        except ValueError as error:
            raise ValueError(
                f"Column {name!r} holds values of different shapes: targets need one shape."
            ) from error

    def _weights(self, rows: list[int]) -> _Array | None:
        if self.weight_col is None:
            return None
        weights = self._values(self.weight_col, rows)
        if weights.dtype.kind not in "iuf":
            raise TypeError(f"Column weight_col={self.weight_col!r} must hold numbers.")
        return weights


def _column_names(table: Any) -> list[str]:
    names = getattr(table, "columns", None)
    if names is None and isinstance(table, Mapping):
        names = table
    if names is None:
        names = getattr(getattr(table, "dtype", None), "names", None)
    if names is None:
        raise TypeError(
            f"dataframe is of type {type(table).__name__}: give a data frame, or a dictionary of "
            "columns such as {'filename': [...], 'class': [...]}."
        )
    return list(names)


def _is_image_file(path: str) -> bool:
    suffix = Path(path).suffix.lower().removeprefix(".").encode()
    return suffix in SUFFIXES and Path(path).is_file()
