"""List cells one by one, up to a limit that bounds time and memory."""

__all__ = ["MOST_LISTED", "listed", "untouched"]

MOST_LISTED = 10**7
_MOST_STEPS = 10**8


def listed(cells: range) -> tuple[int, ...]:
    """Return cells as a tuple.

    Raises:
        ValueError: if there are more than ten million.
    """
    first, step = cells.start, cells.step
    count = max(-(-(cells.stop - first) // step), 0)
    if count > MOST_LISTED:
        raise ValueError(
            f"There are {count:,} cells here, and at most {MOST_LISTED:,} are listed; use `span`."
        )
    return tuple(cells)


def untouched(
    size: int, positions: tuple[int, int], taps: tuple[int, int], before: int
) -> tuple[int, ...]:
    """Return the cells of an axis that no tap of any position touches.

    Args:
        size: cells of the axis.
        positions: number of positions, and cells from one to the next.
        taps: number of taps, and cells from one to the next.
        before: cells from the first tap of the first position to the start of the axis.

    Raises:
        ValueError: if there are too many cells to examine one by one.
    """
    (outer, outer_step), (inner, inner_step) = sorted((positions, taps))
    if size > MOST_LISTED or outer * min(inner, size // inner_step + 1) > _MOST_STEPS:
        raise ValueError(
            f"{size:,} cells, kernel_size={taps[0]:,} and {positions[0]:,} positions are too many "
            "to examine the cells one by one."
        )
    is_touched = bytearray(size)
    for number in range(outer):
        first = number * outer_step - before
        start = first + max(-(first // inner_step), 0) * inner_step
        stop = min(first + (inner - 1) * inner_step + 1, size)
        if start < stop:
            count = len(range(start, stop, inner_step))
            is_touched[start:stop:inner_step] = b"\1" * count
    return tuple(cell for cell in range(size) if not is_touched[cell])
