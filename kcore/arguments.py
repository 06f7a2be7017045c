"""Checks of arguments, with messages that say what was received and what is allowed."""

import math
from collections.abc import Sequence
from numbers import Integral, Real

__all__ = [
    "check_choice",
    "check_finite",
    "check_fraction",
    "check_seed",
    "check_shape",
    "check_switch",
    "check_whole",
    "check_wholes",
]

_BOOLS = ("bool", "bool_")  # Python's and NumPy's, which this floor does without


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise a ValueError that says what `name` may be, unless `value` is one of `allowed`."""
    if not isinstance(value, str) or value not in allowed:  # an array is equal to nothing
        choices = ", ".join(map(repr, allowed))
        raise ValueError(f"{name}={value!r} is unknown: use one of {choices}.")


def check_switch(name: str, value: object) -> bool:
    """Return `value` as a bool, or say that it must be one; 1 and "no" are none."""
    if type(value).__name__ not in _BOOLS:
        raise ValueError(f"{name}={value!r} must be True or False.")
    return bool(value)


def check_whole(name: str, value: object, minimum: int = 1) -> int:
    """Return `value` as an int, or say which whole numbers are allowed."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name}={value!r} must be a whole number of at least {minimum}.")
    return int(value)


def check_wholes(name: str, values: object, minimum: int = 1) -> tuple[int, ...]:
    """Return `values` as a tuple of ints, or say that a sequence of whole numbers is wanted."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
        raise ValueError(f"{name}={values!r} must be a sequence such as (64, 64).")
    return tuple(
        check_whole(f"{name}[{position}]", value, minimum) for position, value in enumerate(values)
    )


def check_seed(seed: object) -> int | None:
    """Return `seed` as an int, or `None` as it is, or say which seeds are allowed."""
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed={seed!r} must be a whole number of at least 0, or None.")
    return int(seed)


def check_finite(name: str, value: object) -> float:
    """Return `value` as a float, or say that it must be a finite number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{name}={value!r} must be a finite number.")
    return float(value)


def check_fraction(name: str, value: object) -> float:
    """Return `value` as a float in [0, 1), or say that it is a fraction and not a percentage."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
        raise ValueError(f"{name}={value!r} must be a fraction: 0 <= {name} < 1.")
    return float(value)


def check_shape(input_shape: Sequence[int], axes: Sequence[str]) -> tuple[int, ...]:
    """Return `input_shape` as a tuple of ints, one for each of `axes`.

    Args:
        input_shape: the shape of one sample, without the batch axis.
        axes: the names of the axes, for the error message.

    Raises:
        ValueError: if the number of axes is wrong or a size is not a positive whole number. A
            shape that is one axis too long gets the hint that the batch axis does not belong.
    """
    wanted = f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
    if isinstance(input_shape, str) or not isinstance(input_shape, Sequence):
        raise ValueError(
            f"input_shape={input_shape!r} must be a tuple {wanted}, without the batch axis."
        )
    if len(input_shape) != len(axes):
        hint = " Leave the batch axis out." if len(input_shape) == len(axes) + 1 else ""
        raise ValueError(
            f"input_shape={tuple(input_shape)} has {len(input_shape)} axes; "
            f"this model takes {len(axes)}: {wanted}.{hint}"
        )
    return tuple(check_whole(f"input_shape[{i}]", size) for i, size in enumerate(input_shape))
