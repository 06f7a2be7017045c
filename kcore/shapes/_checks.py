"""Early, worded refusals for the numbers that describe a window."""

from collections.abc import Sequence
from dataclasses import fields
from numbers import Integral
from typing import Any

__all__ = [
    "at_least",
    "fits",
    "instance",
    "integers",
    "no_strides_with_dilation",
    "one_of",
    "per_axis",
    "sequence",
    "settle",
    "size_or_unknown",
    "sizes_of_axes",
]


def at_least(minimum: int, /, **values: object) -> int:
    """Return the last of some integers, or refuse a value below `minimum` or one that is none.

    Raises:
        TypeError: if a value is not an integer.
        ValueError: if a value is below `minimum`.
    """
    number = minimum
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"{name}={value!r} is a {type(value).__name__}; give an integer.")
        if value < minimum:
            raise ValueError(f"{name}={value} is below {minimum}; give {minimum} or more.")
        number = int(value)
    return number


def size_or_unknown(minimum: int = 1, /, **sizes: object) -> int | None:
    """Return the last of some sizes, or refuse one that is neither None nor an integer."""
    number = None
    for name, size in sizes.items():
        number = None if size is None else at_least(minimum, **{name: size})
    return number


def sizes_of_axes(sizes: object) -> tuple[int | None, ...]:
    """Return the spatial sizes as a tuple, or refuse what is no sequence of them.

    Raises:
        TypeError: if it is no sequence, or one of them is no integer.
        ValueError: if there is none, or one is below 1.
    """
    found = sequence("sizes", sizes)
    if not found:
        raise ValueError("sizes=() has no axis; give the spatial sizes, such as (28, 28).")
    return tuple(size_or_unknown(**{f"sizes[{axis}]": size}) for axis, size in enumerate(found))


def sequence(name: str, value: object) -> tuple[object, ...]:
    """Return a sequence as a tuple; a set has no order, and a text holds no sizes."""
    is_array = hasattr(value, "__len__") and hasattr(value, "__getitem__")
    if isinstance(value, (str, bytes, dict)) or not is_array:
        raise TypeError(
            f"{name}={value!r} is a {type(value).__name__}; give a sequence such as (28, 28)."
        )
    try:
        return tuple(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:  # an array without axes, a shape of unknown rank
        raise TypeError(f"{name}={value!r} has no length; give one such as (28, 28).") from error


def settle(described: Any, *values: object) -> None:
    """Put checked values into the fields of a frozen dataclass, in their order."""
    for field, value in zip(fields(described), values, strict=True):
        object.__setattr__(described, field.name, value)


def instance(allowed: tuple[type, ...], **values: object) -> None:
    """Refuse a value of another type than those allowed."""
    ((name, value),) = values.items()
    if isinstance(value, bool) or not isinstance(value, allowed):
        choices = ", ".join(one.__name__ for one in allowed)
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; give one of {choices}.")


def one_of(allowed: Sequence[str], **values: str) -> str:
    """Return the one given value in small letters, or refuse it."""
    ((name, value),) = values.items()
    if not isinstance(value, str) or value.lower() not in allowed:
        choices = ", ".join(repr(choice) for choice in allowed)
        raise ValueError(f"{name}={value!r} is unknown; choose from {choices}.")
    return value.lower()


def fits(size: int | None, kernel: int, dilation_rate: int) -> None:
    """Refuse an unpadded window that is wider than its input.

    Raises:
        ValueError: naming the sizes and what can be changed.
    """
    effective = (kernel - 1) * dilation_rate + 1
    if size is None or size >= effective:
        return
    wide = f"kernel={kernel}"
    if dilation_rate > 1:
        wide += f" with dilation_rate={dilation_rate} covers {effective} cells and"
    raise ValueError(
        f"{wide} doesn't fit into size={size} with padding='valid'. Use padding='same', an input "
        f"of at least {effective} cells, or a smaller kernel."
    )


def no_strides_with_dilation(strides: Sequence[int], dilation_rate: Sequence[int]) -> None:
    """Refuse what Keras's convolution layers refuse: strides and dilation in one layer.

    Raises:
        ValueError: if any stride and any dilation rate, also on different axes, exceed 1.
    """
    if max(strides) > 1 and max(dilation_rate) > 1:
        raise ValueError(
            f"strides={tuple(strides)} together with dilation_rate={tuple(dilation_rate)}: Keras's "
            "convolution layers refuse both above 1. Set one of them to 1, or use a depthwise "
            "convolution or kcore.nn.conv2d, which allow both."
        )


def integers(name: str, value: object, minimum: int | None = None) -> tuple[int, ...]:
    """Return one integer or a sequence of them as a tuple.

    Raises:
        TypeError: if it is neither.
        ValueError: if one is below `minimum`.
    """
    # An array of one axis is no Sequence, and serves as well.
    if isinstance(value, Sequence) or getattr(value, "ndim", None) == 1:
        given = sequence(name, value)
        names = [f"{name}[{index}]" for index in range(len(given))]
    else:
        given, names = (value,), [name]
    for shown, one in zip(names, given, strict=True):
        if not _is_integer(one):
            raise TypeError(
                f"{shown}={one!r} is a {type(one).__name__}; give an integer or a sequence of them."
            )
        if minimum is not None:
            at_least(minimum, **{shown: one})
    return tuple(int(one) for one in given)  # type: ignore[call-overload]


def per_axis(axes: int, minimum: int = 1, **values: object) -> tuple[int, ...]:
    """Repeat one integer for each axis, or check that there is one for each.

    Raises:
        ValueError: if a sequence has another length than `axes`, or a number is below `minimum`.
        TypeError: if a value is neither an integer nor a sequence of integers.
    """
    ((name, value),) = values.items()
    given = integers(name, value, minimum)
    if not hasattr(value, "__len__"):
        return given * axes
    if len(given) != axes:
        raise ValueError(
            f"{name}={given} has {len(given)} entries; give one integer, or {axes} of them, "
            "one for each spatial axis."
        )
    return given


def _is_integer(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
