"""Turn a table of file names and targets, such as a data frame, into files and targets."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_choice, check_names, check_path, check_switch, check_text
from kcore._warning import warn
from kcore.augment._dataframe_classes import RowClasses, row_classes
from kcore.augment._dataframe_values import column_values, stacked
from kcore.augment._subsets import split_bounds
from kcore.data import ImageFiles
from kcore.data._array_groups import ArrayGroup, in_32_bits, selected
from kcore.data._targets import check_class_names
from kcore.data._walking import SUFFIXES

__all__ = ["Rows", "Table"]

_Array = npt.NDArray[Any]
_CLASS_MODES = ("binary", "categorical", "input", "multi_output", "raw", "sparse")
_WITH_CLASSES = ("binary", "categorical", "sparse")


@dataclass(frozen=True)
class Rows:
    """The rows of a table that a flow uses.

    Attributes:
        files: the files and, if each has one class, their labels.
        targets: targets of another kind, or None.
        sample_weight: one number for each row, or None.
    """

    files: ImageFiles
    targets: Any
    sample_weight: _Array | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table and the roles of its columns, as `flow_from_dataframe` takes them.

    Attributes:
        columns: anything whose columns are `columns[name]`: a data frame of any library, or a
            dictionary of lists.
        directory: folder of the files, or None.
        x_col: column of file names.
        y_col: column, or list of columns, of targets; None for no targets.
        weight_col: column of weights, or None.
        classes: names of the wanted classes, or None for all.
        class_mode: kind of the targets.
        confine_to_directory: whether to refuse names that lead out of `directory`.

    Raises:
        ValueError: if `class_mode` is unknown, or there are weights without targets.
        TypeError: if `y_col` is not what `class_mode` needs.
    """

    columns: Any
    directory: str | os.PathLike[str] | None
    x_col: str
    y_col: str | Sequence[str] | None
    weight_col: str | None
    classes: Sequence[str] | None
    class_mode: str | None
    confine_to_directory: bool = False

    def __post_init__(self) -> None:
        if self.directory is not None:
            check_path("directory", self.directory, "directory")
        if self.class_mode is not None:
            check_choice("class_mode", self.class_mode, _CLASS_MODES)
        check_text("x_col", self.x_col)
        if self.weight_col is not None:
            check_text("weight_col", self.weight_col)
        if self.y_col is not None and not isinstance(self.y_col, str):
            object.__setattr__(self, "y_col", list(check_names("y_col", self.y_col)))
        if self.class_mode is None and self.weight_col is not None:
            raise ValueError(
                f"weight_col={self.weight_col!r} weights targets, and with class_mode=None there "
                "are none: leave it out, or choose a class_mode."
            )
        if self.y_col is None and self._target_columns_are_used:
            raise TypeError(f"y_col=None names no targets for class_mode={self.class_mode!r}.")
        if self.class_mode == "multi_output" and isinstance(self.y_col, str):
            raise TypeError(
                f"y_col={self.y_col!r} must be a list of columns for class_mode='multi_output'."
            )
        if check_switch("confine_to_directory", self.confine_to_directory) and not self.directory:
            raise ValueError(
                f"confine_to_directory=True needs a directory, and directory={self.directory!r}."
            )

    @property
    def class_mode_of_files(self) -> str | None:
        """The `class_mode` of `kcore.data`, where its labels are the targets."""
        return None if self.class_mode in ("raw", "multi_output") else self.class_mode

    def rows(self, validate_filenames: bool, subset: str | None, validation_split: float) -> Rows:
        """Return the usable rows of a subset.

        Args:
            validate_filenames: whether to leave out, with a warning, rows without an image file.
            subset: "validation" for the first of the remaining rows, "training" for the others,
                None for all.
            validation_split: fraction of the rows that are for validation.

        Raises:
            TypeError: if a column holds values of a wrong type.
            ValueError: if a column is missing, no row is left, or the classes don't fit.
        """
        check_switch("validate_filenames", validate_filenames)
        names = self._names(may_be_empty=validate_filenames)
        self._check_lengths(len(names))
        kept = list(range(len(names)))
        if validate_filenames:
            kept = self._with_files(kept, names)
        classes = self._classes()
        if classes is not None:
            kept = self._with_classes(kept, classes)
        start, stop = split_bounds(len(kept), subset, validation_split)
        if start == stop:
            raise ValueError(
                f"None of the table's {len(names)} rows is left to flow; look at directory="
                f"{self.directory!r}, x_col={self.x_col!r}, subset={subset!r} and classes."
            )
        if classes is not None and subset is not None:
            _warn_of_lost_classes(classes, kept, start, stop)
        files, targets = self._targets(kept, names, classes)
        weights, part = self._weights(kept, names), np.arange(start, stop)
        return Rows(files.select(part), selected(targets, part), selected(weights, part))

    def _column(self, name: str) -> list[Any]:
        there = _column_names(self.columns)
        if name not in there:
            raise ValueError(
                f"dataframe has no column {name!r}; it has "
                f"{', '.join(map(repr, there)) or 'none'}. Look at {self._role(name)}."
            )
        return list(self.columns[name])

    def _role(self, name: str) -> str:
        """Return which argument names a column."""
        if name in (self.x_col, self.weight_col):
            return "x_col" if name == self.x_col else "weight_col"
        return "y_col"

    def _check_lengths(self, rows: int) -> None:
        used = self._target_columns if self._target_columns_are_used else []
        for name in used if self.weight_col is None else [*used, self.weight_col]:
            found = len(self._column(name))
            if found != rows:
                raise ValueError(
                    f"Column {name!r} has {found} row{'s' * (found != 1)}, and x_col="
                    f"{self.x_col!r} has {rows}: all columns must have the same length."
                )

    @property
    def _target_columns_are_used(self) -> bool:
        return self.class_mode not in (None, "input")

    @property
    def _target_columns(self) -> list[str]:
        columns = self.y_col
        return [columns] if isinstance(columns, str) else list(columns or ())

    def _names(self, *, may_be_empty: bool) -> list[str]:
        names = self._column(self.x_col)
        for row, name in enumerate(names):
            if not isinstance(name, str | os.PathLike):
                raise TypeError(
                    f"Column x_col={self.x_col!r} holds {name!r} in row {row}: it must hold file "
                    "names."
                )
            if os.fspath(name) or not may_be_empty:
                self._check_name(row, name)
            if self.confine_to_directory and (Path(name).anchor or ".." in Path(name).parts):
                raise ValueError(
                    f"Column x_col={self.x_col!r} holds {os.fspath(name)!r} in row {row}, which "
                    f"may lead out of directory={os.fspath(self.directory or '')!r}: with "
                    "confine_to_directory=True names are relative and have no part '..'."
                )
        return [os.fspath(name) for name in names]

    def _check_name(self, row: int, name: str | os.PathLike[str]) -> None:
        try:
            check_path("name", name)
        except ValueError as error:
            raise ValueError(
                f"Column x_col={self.x_col!r} holds {os.fspath(name)!r} in row {row}: {error}"
            ) from error

    def _path(self, name: str) -> str:
        return os.path.join(self.directory or "", name)  # noqa: PTH118 -- the name stays as it is

    def _with_files(self, rows: list[int], names: list[str]) -> list[int]:
        kept = [row for row in rows if _is_image_file(self._path(names[row]))]
        if len(kept) < len(rows):
            taken = set(kept)
            first = next(row for row in rows if row not in taken)
            warn(
                f"{len(rows) - len(kept)} of {len(rows)} rows are left out, as x_col="
                f"{self.x_col!r} names no image file there; the first: "
                f"{self._path(names[first])!r}."
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
        wanted = None if self.classes is None else check_class_names(self.classes, "classes")
        return row_classes(self._column(self.y_col), self.y_col, wanted, str(self.class_mode))

    def _with_classes(self, rows: list[int], classes: RowClasses) -> list[int]:
        kept = [row for row in rows if classes.codes[row] is not None]
        if len(kept) < len(rows):
            warn(
                f"{len(rows) - len(kept)} of {len(rows)} rows are left out, as they have none of "
                f"the classes {list(classes.names)}."
            )
        return kept

    def _targets(
        self, rows: list[int], names: list[str], classes: RowClasses | None
    ) -> tuple[ImageFiles, Any]:
        if classes is not None:
            labels = classes.single(rows)
            if labels is not None:
                return self._files(rows, names, labels, classes.names), None
            return self._files(rows, names, None, classes.names), classes.multi_hot(rows)
        files = self._files(rows, names)
        if not self._target_columns_are_used:
            return files, None
        values = {name: self._values(name, rows, names) for name in self._target_columns}
        if self.class_mode == "multi_output":
            return files, ArrayGroup([in_32_bits(values[name]) for name in self._target_columns])
        return files, values[self.y_col] if isinstance(self.y_col, str) else stacked(values)

    def _files(
        self,
        rows: list[int],
        names: list[str],
        labels: npt.NDArray[np.int32] | None = None,
        class_names: Sequence[str] = (),
    ) -> ImageFiles:
        """Return the files of some rows, under the names that the table has for them."""
        files = ImageFiles.from_paths([names[row] for row in rows], labels, class_names)
        return ImageFiles(replace(files.table, root=os.fsencode(self.directory or "")))

    def _values(self, column: str, rows: list[int], names: list[str]) -> _Array:
        values = self._column(column)
        return column_values(
            column,
            [values[row] for row in rows],
            lambda position: f"row {rows[position]} ({names[rows[position]]!r})",
        )

    def _weights(self, rows: list[int], names: list[str]) -> _Array | None:
        if self.weight_col is None:
            return None
        weights = self._values(self.weight_col, rows, names)
        if weights.dtype.kind not in "iuf" or weights.ndim != 1 or np.isnan(weights).any():
            raise TypeError(
                f"Column weight_col={self.weight_col!r} must hold numbers, one per row."
            )
        return weights


def _warn_of_lost_classes(classes: RowClasses, rows: list[int], start: int, stop: int) -> None:
    inside = classes.present(rows[start:stop])
    outside = classes.present([*rows[:start], *rows[stop:]])
    for lost, part in ((outside - inside, "this subset"), (inside - outside, "the other subset")):
        if lost:
            warn(
                f"No row of {part} is of the classes {sorted(lost)}: the table's first rows are "
                "for validation, the others for training. Shuffle its rows first, for example with "
                "dataframe.sample(frac=1, random_state=0)."
            )


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
