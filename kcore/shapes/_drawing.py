"""Draw windows as text: a line of numbered cells, and a bracket below it for each position."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Rational

__all__ = ["draw", "numbered", "plural"]

_MOST_POSITIONS = 8
_MOST_CELLS = 40
_FIRST_AND_LAST = 2
_GAP = " .. "


def draw(
    size: int,
    positions: int,
    row: Callable[[int], range],
    pads: tuple[int, int] = (0, 0),
    mark: str = "p",
) -> list[str]:
    """Draw the cells of an axis and the positions of a window.

    Cells that a position reads are underlined; cells that a dilated window passes over are dotted.
    Of a long axis, only the cells around the first and last positions are drawn, which bounds the
    time that a drawing takes.

    Args:
        size: number of cells of the axis.
        positions: number of positions.
        row: the cells that a position reads, counted from the first pad.
        pads: number of cells before and after the axis.
        mark: the character for a pad.

    Returns:
        The lines of the drawing: first the cells, then a line for each position.
    """
    before, after = pads
    count = before + size + after
    is_long = positions > _MOST_POSITIONS or count > _MOST_CELLS
    hidden = max(positions - 2 * _FIRST_AND_LAST, 0) if is_long else 0
    numbers = list(range(min(positions, _MOST_POSITIONS)))
    if hidden:
        last = range(positions - _FIRST_AND_LAST, positions)
        numbers = [*range(_FIRST_AND_LAST), *last]
    shown = [row(number) for number in numbers]
    kept = range(count) if count <= _MOST_CELLS else _near(count, shown)
    labels = {
        cell: str(cell - before + 1) if before <= cell < before + size else mark for cell in kept
    }
    columns = _columns(kept, len(str(size)) + 1)
    lines = [_cell_line(labels, columns), *(_bracket(cells, columns) for cells in shown)]
    if hidden:
        lines.insert(1 + _FIRST_AND_LAST, f" .. {hidden} more ..")
    return [line.rstrip() for line in lines]


def plural(count: Rational | int, noun: str) -> str:
    """Return a count and a noun, with an s unless the count is 1."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def numbered(cells: range) -> str:
    """Name cells by their numbers in a drawing, which start at 1."""
    first, last = cells.start + 1, cells.stop
    return f"cell {first}" if first == last else f"cells {first} to {last}"


def _columns(kept: Iterable[int], width: int) -> dict[int, tuple[int, int]]:
    """Return start and width of each drawn cell; a gap stands for cells left out."""
    columns: dict[int, tuple[int, int]] = {}
    start, previous = 0, -1
    for cell in kept:
        if cell != previous + 1:
            start += len(_GAP)
        columns[cell] = (start, width)
        start, previous = start + width, cell
    return columns


def _near(count: int, positions: Sequence[range]) -> list[int]:
    """Return the cells at both ends, and those where a drawn position starts or ends."""
    last = count - 1
    kept = {0, 1, last - 1, last}
    for cells in positions:
        for edge in (cells[0], cells[-1]):
            kept.update(range(max(edge - 1, 0), min(edge + 1, last) + 1))
    return sorted(kept)


def _cell_line(labels: Mapping[int, str], columns: dict[int, tuple[int, int]]) -> str:
    line, previous = "", -1
    for cell, (_, width) in columns.items():
        if cell != previous + 1:
            line += _GAP
        line += labels[cell].rjust(width)
        previous = cell
    return f"{line} "


def _bracket(cells: range, columns: dict[int, tuple[int, int]]) -> str:
    """Draw a position as a line: bars at its edges, and its cells between them."""
    first, _ = columns[cells[0]]
    start, width = columns[cells[-1]]
    line = [" "] * (start + width + 1)
    line[first : start + width] = "." * (start + width - first)
    for cell, (at, wide) in columns.items():
        if cell in cells:
            line[at : at + wide] = "_" * wide
    _join_gaps(line, cells, columns)
    line[first] = line[start + width] = "|"
    return "".join(line)


def _join_gaps(line: list[str], cells: range, columns: dict[int, tuple[int, int]]) -> None:
    """Draw the line of an undilated position through the gaps of a shortened axis."""
    if cells[0] != cells[-1] and cells.step == 1:
        first, (last, _) = columns[cells[0]][0], columns[cells[-1]]
        line[first:last] = "_" * (last - first)
