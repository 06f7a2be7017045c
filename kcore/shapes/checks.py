"""Early, worded refusals for the numbers that describe a window."""

from collections.abc import Sequence

__all__ = ["at_least", "fits", "no_strides_with_dilation", "one_of", "per_axis", "size_or_unknown"]


def at_least(minimum: int, **values: int) -> None:
    """Refuse a value below `minimum`, or one that is no whole number.

    Raises:
        TypeError: if a value is not an integer.
        ValueError: if a value is below `minimum`.
    """
    for name, value in values.items():
        if not _is_integer(value):
            raise TypeError(f"{name}={value!r} is a {type(value).__name__}; give a whole number.")
        if value < minimum:
            raise ValueError(f"{name}={value} is below {minimum}; give {minimum} or more.")


def size_or_unknown(**sizes: int | None) -> None:
    """Refuse a size that is neither None nor a positive integer."""
    for name, size in sizes.items():
        if size is not None:
            at_least(1, **{name: size})


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


def per_axis(axes: int, **values: int | Sequence[int]) -> tuple[int, ...]:
    """Repeat one integer for each axis, or check that there is one for each.

    Raises:
        ValueError: if a sequence has another length than `axes`.
    """
    ((name, value),) = values.items()
    if _is_integer(value):
        return (value,) * axes  # type: ignore[return-value]
    given = tuple(value)  # type: ignore[arg-type]
    if len(given) != axes:
        raise ValueError(
            f"{name}={given} has {len(given)} entries; give one integer, or {axes} of them, "
            "one for each spatial axis."
        )
    return given


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
