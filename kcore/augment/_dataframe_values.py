"""Read the values of a table's column as an array of one kind and one shape."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._warning import warn

__all__ = ["column_values", "stacked"]

_Array = npt.NDArray[Any]
_KINDS = {"b": "numbers", "i": "numbers", "u": "numbers", "f": "numbers", "U": "texts"}
_NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)


def column_values(column: str, values: Sequence[Any], row_name: Callable[[int], str]) -> _Array:
    """Return the values of a column: all numbers, all strings, or all arrays of one of them.

    A warning names the first row that holds NaN.

    Args:
        column: name of the column, for errors.
        values: one value for each row.
        row_name: function that maps the position of a value to a name of its row for errors.

    Raises:
        TypeError: if a value is neither a number nor a string, or there are both.
        ValueError: if the values have different shapes.
    """
    if not _are_plain(values):
        _check_kinds(column, values, row_name)
    array = np.array(list(values))
    if array.dtype.kind not in _KINDS:
        raise TypeError(f"Column {column!r} holds numbers that don't fit into any NumPy dtype.")
    if array.dtype.kind == "f":
        _warn_of_nan(column, array, row_name)
    return array


def stacked(columns: dict[str, _Array]) -> _Array:
    """Return the values of several columns as one array of shape (rows, ..., columns).

    Raises:
        TypeError: if some hold numbers and others strings.
        ValueError: if they have different shapes.
    """
    kinds = {name: _KINDS[values.dtype.kind] for name, values in columns.items()}
    shapes = {name: values.shape[1:] for name, values in columns.items()}
    for found, error in ((kinds, TypeError), (shapes, ValueError)):
        if len(set(found.values())) > 1:
            raise error(
                f"The columns of y_col can't be one array, as they hold {found}: use "
                "class_mode='multi_output', or columns of one kind."
            )
    return np.stack(list(columns.values()), axis=-1)


def _are_plain(values: Sequence[Any]) -> bool:
    """Return whether all values are numbers or all are strings, which is quick to find out."""
    types = set(map(type, values))
    is_number = [issubclass(kind, _NUMBERS) for kind in types]
    return all(is_number) or (not any(is_number) and all(issubclass(kind, str) for kind in types))


def _check_kinds(column: str, values: Sequence[Any], row_name: Callable[[int], str]) -> None:
    first_kind, first_shape = _kind_and_shape(values[0])
    for position, value in enumerate(values):
        kind, shape = _kind_and_shape(value)
        where = f"Column {column!r} holds {value!r} in {row_name(position)}"
        if kind not in _KINDS.values():
            raise TypeError(f"{where}: targets must be numbers, or arrays of numbers of one shape.")
        if kind != first_kind:
            raise TypeError(f"{where}, but {first_kind} before: targets must be of one kind.")
        if shape != first_shape:
            raise ValueError(
                f"{where}, of shape {shape}, and {first_shape} before: targets need one shape."
            )


def _kind_and_shape(value: Any) -> tuple[str, tuple[int, ...]]:
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths in one value
        return "", ()
    return _KINDS.get(array.dtype.kind, ""), array.shape


def _warn_of_nan(column: str, array: _Array, row_name: Callable[[int], str]) -> None:
    found = np.flatnonzero(np.isnan(array.reshape(len(array), -1)).any(axis=1))
    if len(found):
        warn(
            f"Column {column!r} holds NaN in {len(found)} of {len(array)} rows, the first in "
            f"{row_name(int(found[0]))}: most losses become NaN there. Leave such rows out, or "
            "fill them."
        )
