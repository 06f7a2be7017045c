"""Checks of the numbers that describe a window, with messages that name what is wrong."""

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
    """Return the last of some integers, or refuse any that is too small or not an integer.

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
    """Return the last of some sizes, or refuse any that is neither None nor an integer."""
    number = None
    for name, size in sizes.items():
        number = None if size is None else at_least(minimum, **{name: size})
    return number


def sizes_of_axes(sizes: object) -> tuple[int | None, ...]:
    """Return spatial sizes as a tuple, or refuse anything but a sequence of sizes.

    Raises:
        TypeError: if it is not a sequence, or a size is neither None nor an integer.
        ValueError: if it is empty, or a size is below 1.
    """
    found = sequence("sizes", sizes)
    if not found:
        raise ValueError("sizes=() is empty; give the spatial sizes, such as (28, 28).")
    return tuple(size_or_unknown(**{f"sizes[{axis}]": size}) for axis, size in enumerate(found))


def sequence(name: str, value: object) -> tuple[object, ...]:
    """Return a sequence as a tuple; refuse sets, which have no order, and strings."""
    is_array = hasattr(value, "__len__") and hasattr(value, "__getitem__")
    if isinstance(value, (str, bytes, dict)) or not is_array:
        raise TypeError(
            f"{name}={value!r} is a {type(value).__name__}; give a sequence such as (28, 28)."
        )
    try:
        return tuple(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:  # an array without axes, a shape of unknown rank
        raise TypeError(
            f"{name}={value!r} has no length; give a sequence such as (28, 28)."
        ) from error


def settle(described: Any, *values: object) -> None:
    """Store checked values in the fields of a frozen dataclass, in the order of the fields."""
    for field, value in zip(fields(described), values, strict=True):
        object.__setattr__(described, field.name, value)


def instance(allowed: tuple[type, ...], **values: object) -> None:
    """Refuse a value whose type is not allowed."""
    ((name, value),) = values.items()
    if isinstance(value, bool) or not isinstance(value, allowed):
        choices = ", ".join(one.__name__ for one in allowed)
        raise TypeError(f"{name}={value!r} is a {type(value).__name__}; give one of {choices}.")


def one_of(allowed: Sequence[str], **values: str) -> str:
    """Return the one given value in lower case, or refuse it."""
    ((name, value),) = values.items()
    if not isinstance(value, str) or value.lower() not in allowed:
        choices = ", ".join(repr(choice) for choice in allowed)
        raise ValueError(f"{name}={value!r} is unknown; choose from {choices}.")
    return value.lower()


def fits(
    size: int | None, kernel_size: int, dilation_rate: int = 1, *, name: str = "kernel_size"
) -> None:
    """Refuse an unpadded window that is wider than its input.

    Args:
        size: cells of the input, None where unknown.
        kernel_size: cells that the window reads.
        dilation_rate: cells from one read cell to the next.
        name: the user's name for `kernel_size`, for the message.

    Raises:
        ValueError: if the window doesn't fit; the message says what can be changed.
    """
    effective = (kernel_size - 1) * dilation_rate + 1
    if size is None or size >= effective:
        return
    wide = f"{name}={kernel_size}"
    if dilation_rate > 1:
        wide += f" with dilation_rate={dilation_rate} covers {effective} cells and"
    raise ValueError(
        f"{wide} doesn't fit into size={size} with padding='valid'. Use padding='same', an input "
        f"of at least {effective} cells, or a smaller {name}."
    )


def no_strides_with_dilation(strides: Sequence[int], dilation_rate: Sequence[int]) -> None:
    """Refuse strides together with dilation, as Keras's convolution layers do.

    Raises:
        ValueError: if a stride and a dilation rate exceed 1, on the same axis or on two.
    """
    if max(strides) > 1 and max(dilation_rate) > 1:
        raise ValueError(
            f"strides={tuple(strides)} together with dilation_rate={tuple(dilation_rate)}: Keras's "
            "convolution layers don't allow both above 1. Set one of them to 1, or use a depthwise "
            "convolution or kcore.nn.conv2d, which allow both."
        )


def integers(name: str, value: object, minimum: int | None = None) -> tuple[int, ...]:
    """Return one integer or a sequence of them as a tuple.

    Raises:
        TypeError: if it is neither of the two.
        ValueError: if an integer is below `minimum`.
    """
    # An array of one axis is allowed too, although it is not a Sequence.
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
    """Return one integer for each axis, given one for all or a sequence.

    Raises:
        ValueError: if the length of a sequence is not `axes`, or a number is below `minimum`.
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
