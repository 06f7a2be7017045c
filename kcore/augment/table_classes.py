"""The classes that a column of a table names: one in each row, or several."""

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
        names: the names of the classes; a code is a position in it.
        codes: for each row the codes of its classes, without those of classes not asked for.
    """

    names: tuple[str, ...]
    codes: list[list[int]]

    def single(self, rows: Sequence[int]) -> npt.NDArray[np.int32] | None:
        """Return the code of each of some rows, or None if one of them has several classes."""
        if any(len(self.codes[row]) != 1 for row in rows):
            return None
        return np.array([self.codes[row][0] for row in rows], np.int32)

    def multi_hot(self, rows: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return float32 (rows, classes): 1 for each class that a row has."""
        hot = np.zeros((len(rows), len(self.names)), np.float32)
        for place, row in enumerate(rows):
            hot[place, self.codes[row]] = 1
        return hot


def row_classes(
    values: Sequence[Any], column: str, classes: Sequence[str] | None, class_mode: str
) -> RowClasses:
    """Read a column of class names.

    Args:
        values: the column: names or, for "categorical", also lists and tuples of names.
        column: what it is called, for errors.
        classes: the names of the classes wanted, or None for all there are, sorted.
        class_mode: "binary", "categorical" or "sparse".

    Raises:
        TypeError: if a value is no name.
        ValueError: if "binary" does not have two classes.
    """
    names_of_rows = [_names(value, column, class_mode) for value in values]
    if classes is None:
        names = tuple(sorted({name for names in names_of_rows for name in names}))
    else:
        names = tuple(dict.fromkeys(classes))
    if class_mode == "binary" and len(names) != 2:
        raise ValueError(
            f"class_mode='binary' needs two classes, and there are {len(names)}: "
            f"{', '.join(map(repr, names[:10]))}. Use 'categorical' or 'sparse', or choose two "
            "with classes=[...]."
        )
    code = {name: position for position, name in enumerate(names)}
    return RowClasses(
        names, [[code[name] for name in row if name in code] for row in names_of_rows]
    )


def _names(value: Any, column: str, class_mode: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    may_be_several = class_mode == "categorical" and isinstance(value, list | tuple)
    if may_be_several and all(isinstance(name, str) for name in value):
        return list(value)
    allowed = "a string, or a list of strings" if class_mode == "categorical" else "a string"
    raise TypeError(
        f"Column {column!r} holds {value!r}: with class_mode={class_mode!r} the name of a class "
        f"must be {allowed}. Numbers can be targets with class_mode='raw'."
    )
