"""Check arguments, with messages that say what was received and what is allowed."""

import math
import os
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import TypeGuard, TypeVar

__all__ = [
    "check_choice",
    "check_finite",
    "check_fraction",
    "check_instance",
    "check_integer",
    "check_integers",
    "check_names",
    "check_not_negative",
    "check_path",
    "check_positive",
    "check_range",
    "check_seed",
    "check_shape",
    "check_switch",
    "check_text",
]

_BOOLS = ("bool", "bool_")  # of Python and of NumPy, which is not imported here

Kind = TypeVar("Kind")


def check_choice(name: str, value: object, allowed: Sequence[str | None]) -> None:
    """Raise a ValueError that lists the allowed values, unless `value` is one of them."""
    # `in` compares an array element by element, so arrays are refused first.
    if not (value is None or isinstance(value, str)) or value not in allowed:
        choices = ", ".join(map(repr, allowed))
        raise ValueError(f"{name}={value!r} is unknown: use one of {choices}.")


def check_text(name: str, value: object) -> str:
    """Return `value`, or raise an error if it is not a string."""
    if not isinstance(value, str):
        raise TypeError(f"{name}={value!r} must be a string.")
    return value


def check_path(name: str, path: object, what: str = "file") -> Path:
    """Return `path` as a `Path`, or raise an error if it can't be the name of a file.

    Args:
        name: name of the argument, for the error message.
        path: value of the argument.
        what: "file" or "directory".

    Raises:
        TypeError: if it is neither a string nor an `os.PathLike`.
        ValueError: if it is empty, or contains a character that this system doesn't allow in file
            names, such as NUL.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name}={path!r} must be the name of a {what}.")
    text = os.fsdecode(path)
    if not text:
        instead = ": use '.' for the current one" if what == "directory" else ""
        raise ValueError(f"{name}='' names no {what}{instead}.")
    if "\0" in text:
        raise ValueError(
            f"{name}={text!r} contains a NUL character, which is not allowed in the "
            f"name of a {what}."
        )
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        wrong = text[error.start : error.end]
        raise ValueError(
            f"{name}={text!a} contains {wrong!a}, which this system doesn't allow in the name of a "
            f"{what}: names are encoded as {error.encoding}."
        ) from error
    return Path(text)


def check_names(name: str, values: object) -> tuple[str, ...]:
    """Return `values` as a tuple of strings, or raise an error unless they are distinct strings.

    A single string is refused, because its characters would be the names, and so is a set, because
    it has no order.
    """
    if isinstance(values, str | bytes) or not _is_ordered(values):
        raise TypeError(f"{name}={values!r} must be a sequence of strings, such as ['cat', 'dog'].")
    names: dict[str, None] = {}
    for position, value in enumerate(values):
        if not isinstance(value, str):
            raise TypeError(f"{name}[{position}]={value!r} must be a string.")
        if value in names:
            raise ValueError(f"{name} holds {value!r} twice; names must be distinct.")
        names[str(value)] = None
    return tuple(names)


def _is_ordered(values: object) -> TypeGuard[Sequence[object]]:
    """Tell whether `values` is a sequence or a one-dimensional array."""
    return isinstance(values, Sequence) or getattr(values, "ndim", None) == 1


def check_instance(name: str, value: object, kind: type[Kind]) -> Kind:
    """Return `value`, or raise an error that names the required class."""
    if not isinstance(value, kind):
        raise TypeError(
            f"{name} is of type {type(value).__name__}: give a {kind.__module__.split('.')[0]} "
            f"{kind.__name__}."
        )
    return value


def check_switch(name: str, value: object) -> bool:
    """Return `value` as a bool, or raise an error unless it is True or False."""
    if type(value).__name__ not in _BOOLS:
        raise ValueError(f"{name}={value!r} must be True or False.")
    return bool(value)


def check_integer(name: str, value: object, minimum: int = 1, maximum: int | None = None) -> int:
    """Return `value` as an int, or raise an error that says which integers are allowed."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name}={value!r} must be an integer of at least {minimum}.")
    number = int(value)
    if maximum is not None and number > maximum:
        raise ValueError(f"{name}={value!r} must be at most {maximum:,}.")
    return number


def check_integers(name: str, values: object, minimum: int = 1) -> tuple[int, ...]:
    """Return `values` as a tuple of ints, or raise an error unless they are integers."""
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise ValueError(f"{name}={values!r} must be a sequence such as (64, 64).")
    return tuple(
        check_integer(f"{name}[{position}]", value, minimum)
        for position, value in enumerate(values)
    )


def check_seed(seed: object, name: str = "seed") -> int | None:
    """Return `seed` as an int or None, or raise an error that says which seeds are allowed."""
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"{name}={seed!r} must be an integer of at least 0, or None.")
    return int(seed)


def check_finite(name: str, value: object) -> float:
    """Return `value` as a float, or raise an error unless it is a finite number."""
    number = _float_of(value)
    if not math.isfinite(number):
        raise ValueError(f"{name}={value!r} must be a finite number.")
    return number


def check_positive(name: str, value: object) -> float:
    """Return `value` as a float, or say that it must be a finite number greater than 0."""
    number = check_finite(name, value)
    if number <= 0:
        raise ValueError(f"{name}={value!r} must be greater than 0.")
    return number


def check_not_negative(name: str, value: object) -> float:
    """Return `value` as a float, or say that it must be a finite number of at least 0."""
    number = check_finite(name, value)
    if number < 0:
        raise ValueError(f"{name}={value!r} must be 0 or greater.")
    return number


def check_range(name: str, value: object) -> tuple[float, float]:
    """Return `value` as two floats, or say that it must be (lowest, highest)."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"{name}={value!r} must be (lowest, highest).")
    low, high = (check_finite(f"{name}[{index}]", one) for index, one in enumerate(value))
    if low >= high:
        raise ValueError(f"{name}={value!r} must be (lowest, highest): the first must be smaller.")
    return low, high


def check_fraction(name: str, value: object) -> float:
    """Return `value` as a float, or raise an error unless it is in [0, 1)."""
    number = _float_of(value)
    if not 0 <= number < 1:
        raise ValueError(f"{name}={value!r} must be a fraction: 0 <= {name} < 1.")
    return number


def _float_of(value: object) -> float:
    """Return a real number as a float, and NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # an int beyond 1e308
        return math.inf


def check_shape(input_shape: Sequence[int], axes: Sequence[str]) -> tuple[int, ...]:
    """Return `input_shape` as a tuple of ints, one for each axis.

    Args:
        input_shape: the shape of one sample, without the batch axis.
        axes: the names of the axes, for the error message.

    Raises:
        ValueError: if the number of axes is wrong, or a size is not a positive integer. If there is
            one axis too many, the message says to leave the batch axis out.
    """
    wanted = f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
    if isinstance(input_shape, str | bytes) or not isinstance(input_shape, Sequence):
        raise ValueError(
            f"input_shape={input_shape!r} must be a tuple {wanted}, without the batch axis."
        )
    if len(input_shape) != len(axes):
        hint = " Leave the batch axis out." if len(input_shape) == len(axes) + 1 else ""
        raise ValueError(
            f"input_shape={tuple(input_shape)} has {len(input_shape)} axes; "
            f"this model takes {len(axes)}: {wanted}.{hint}"
        )
    return tuple(check_integer(f"input_shape[{i}]", size) for i, size in enumerate(input_shape))
