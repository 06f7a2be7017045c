"""Read the classes that a column of a table names: one in each row, or several."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["RowClasses", "row_classes"]


@dataclass(frozen=True)
class RowClasses:
    """The classes of each row.

    Attributes:
        names: the names of the classes; a code is an index into it.
        codes: for each row the codes of its wanted classes; None for a row that names only classes
            that are not wanted. A row that names no class has an empty list.
    """

    names: tuple[str, ...]
    codes: list[list[int] | None]

    def single(self, rows: Sequence[int]) -> npt.NDArray[np.int32] | None:
        """Return the code of each row, or None if one of the rows has no class or several."""
        codes = [self._codes(row) for row in rows]
        if any(len(of_row) != 1 for of_row in codes):
            return None
        return np.array(codes, np.int32).reshape(-1)

    def present(self, rows: Sequence[int]) -> set[str]:
        """Return the names of the classes of some rows."""
        return {self.names[code] for row in rows for code in self._codes(row)}

    def multi_hot(self, rows: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return float32 (rows, classes): 1 for each class that a row has."""
        hot = np.zeros((len(rows), len(self.names)), np.float32)
        for position, row in enumerate(rows):
            hot[position, self._codes(row)] = 1
        return hot

    def _codes(self, row: int) -> list[int]:
        return self.codes[row] or []


def row_classes(
    values: Sequence[Any], column: str, classes: Sequence[str] | None, class_mode: str
) -> RowClasses:
    """Read a column of class names.

    Args:
        values: the column: names or, for "categorical", also lists and tuples of names. An empty
            list is a row without a class.
        column: name of the column, for errors.
        classes: names of the wanted classes, or None for all there are, sorted.
        class_mode: "binary", "categorical" or "sparse".

    Raises:
        TypeError: if a value is not a name.
        ValueError: if there are not two classes for "binary".
    """
    names_of_rows = [
        _names(value, f"Column {column!r} holds {value!r} in row {row}", class_mode)
        for row, value in enumerate(values)
    ]
    if classes is None:
        names = tuple(sorted({name for names in names_of_rows for name in names}))
    else:
        names = tuple(classes)
    if class_mode == "binary" and len(names) != 2:
        raise ValueError(
            f"class_mode='binary' needs two classes, and there are {len(names)}: "
            f"{', '.join(map(repr, names[:10]))}. Use 'categorical' or 'sparse', or choose two "
            "with classes=[...]."
        )
    code = {name: position for position, name in enumerate(names)}
    known = [[code[name] for name in row if name in code] for row in names_of_rows]
    codes = [
        None if named and not asked_for else asked_for
        for named, asked_for in zip(names_of_rows, known, strict=True)
    ]
    return RowClasses(names, codes)


def _names(value: Any, where: str, class_mode: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    may_be_several = class_mode == "categorical" and isinstance(value, list | tuple)
    if may_be_several and all(isinstance(name, str) for name in value):
        return list(value)
    allowed = "a string, or a list of strings" if class_mode == "categorical" else "a string"
    raise TypeError(
        f"{where}: with class_mode={class_mode!r} the name of a class must be {allowed}. "
        "Numbers can be targets with class_mode='raw'."
    )
