"""What each layer of a model does to a shape: one row a layer, printed as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from kcore._console import printable
from kcore.inspect._calls import Call, calls_of
from kcore.inspect._layer_windows import keeps_cells, multiply_adds, windows_of
from kcore.shapes import ReceptiveField, Windows

__all__ = ["Row", "Trace", "trace"]

Shape = tuple[int, ...]
Fields = tuple[ReceptiveField, ...] | None


@dataclass(frozen=True)
class Row:
    """One call of one layer.

    Shapes are those of one sample. Numbers for each axis stand in the order of the spatial axes.

    Attributes:
        name: name of the layer, after the names of the models that it is nested in.
        kind: its class.
        data_format: where its channels stand.
        input_shape: shape of its first input.
        output_shape: shape of its output.
        kernel_size: kernel or pool size; None for a layer without windows.
        strides: strides, or None.
        pads: (before, after) for each axis, or None. For a transposed convolution they are the
            cells that are cut off.
        dropped: cells at the end of each axis that no window reaches, or None.
        skipped: cells between windows that none reads, or None.
        receptive_field: cells of the model's input that one output cell can depend on, for each
            axis; None where it can't be told.
        parameters: weights of the layer, counted at its first call alone.
        multiply_adds: products with kernels for one sample; None where they can't be told.
    """

    name: str
    kind: str
    data_format: str
    input_shape: Shape
    output_shape: Shape
    kernel_size: tuple[int, ...] | None
    strides: tuple[int, ...] | None
    pads: tuple[tuple[int, int], ...] | None
    dropped: tuple[int, ...] | None
    skipped: tuple[int, ...] | None
    receptive_field: tuple[int, ...] | None
    parameters: int
    multiply_adds: int | None


class Trace(Sequence[Row]):
    """The rows of a model, in the order in which its layers run. Printing it shows a table."""

    def __init__(self, rows: Sequence[Row]):
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    @property
    def parameters(self) -> int:
        """Weights of all layers."""
        return sum(row.parameters for row in self)

    @property
    def multiply_adds(self) -> int | None:
        """Products with kernels for one sample; None if those of a layer can't be told."""
        counts = [row.multiply_adds for row in self]
        return None if None in counts else sum(count or 0 for count in counts)

    def as_data(self) -> list[dict[str, Any]]:
        """Return one dictionary a layer, of numbers, strings and tuples."""
        return [asdict(row) for row in self]

    def __str__(self) -> str:
        head = ["layer", "kind", "input", "output", "kernel", "strides", "pads", "dropped", "sees"]
        lines = [[*head, "parameters", "multiply-adds"], *(_cells(row) for row in self)]
        total = "?" if self.multiply_adds is None else f"{self.multiply_adds:,}"
        lines.append(["total", *[""] * 8, f"{self.parameters:,}", total])
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        return "\n".join(_line(line, widths) for line in lines)


def trace(model: Any, input_shape: Sequence[int] | None = None) -> Trace:
    """Follow shapes, windows and receptive fields through a model, without computing anything.

    Args:
        model: a Sequential, functional, nested or subclassed Keras model with one input.
        input_shape: shape of one sample, such as (300, 300, 3); needed for a subclassed model that
            was never built, and for a model with unknown sizes.

    Returns:
        The rows, which print as a table.

    Raises:
        ValueError: if the input's shape is needed and not given, or the model has several inputs.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3), keras.layers.MaxPooling2D(3)]
        ... )
        >>> rows = trace(model)
        >>> rows[1].output_shape, rows[1].dropped, rows[1].receptive_field
        ((8, 8, 8), (2, 2), (5, 5))
    """
    entry, *calls = calls_of(model, input_shape)
    fields = _Fields(entry)
    counted: set[int] = set()
    rows = []
    for call in calls:
        if not call.outputs:
            fields.enter(call)
            continue
        windows = None
        if len(call.input_shape) > 2:
            windows = windows_of(call.layer, call.input_shape)
        field = fields.after(call, windows)
        parameters = 0 if id(call.layer) in counted else call.layer.count_params()
        counted.add(id(call.layer))
        rows.append(_row(call, windows, field, parameters))
    return Trace(rows)


class _Fields:
    """Receptive fields of tensors, looked up by identity.

    Tensors are kept with their fields, so that no later one can have the same identity. What Keras
    makes of the input of a model, by a cast or a copy, is known by its shape.
    """

    def __init__(self, entry: Call):
        self._whole = entry.input_shape[1:-1]
        start = tuple(ReceptiveField() for _ in self._whole)
        self._found: dict[int, tuple[Any, Fields]] = {}
        for tensor in entry.inputs:
            self._found[id(tensor)] = (tensor, start)
        self._entered: dict[tuple[int, ...], Fields] = {}
        self.enter(entry)

    def enter(self, call: Call) -> None:
        """Remember the field of a model's inputs by their shapes."""
        self._entered = {tuple(tensor.shape): self._of(tensor) for tensor in call.inputs}

    def after(self, call: Call, windows: Windows | None) -> Fields:
        """Work out the field behind a call, and remember it for the outputs."""
        before = self._joined(call)
        after = self._through(call, windows, before)
        for tensor in call.outputs:
            self._found[id(tensor)] = (tensor, after)
        return after

    def _of(self, tensor: Any) -> Fields:
        if id(tensor) in self._found:
            return self._found[id(tensor)][1]
        return self._entered.get(tuple(tensor.shape))

    def _joined(self, call: Call) -> Fields:
        """The widest field among the inputs; None if one input comes from outside of layers."""
        found = [self._of(tensor) for tensor in call.inputs]
        joined = found[0]
        for other in found[1:]:
            if joined is None or other is None:
                return None
            joined = tuple(one.union(two) for one, two in zip(joined, other, strict=True))
        return joined

    def _through(self, call: Call, windows: Windows | None, before: Fields) -> Fields:
        if before is None:
            return None
        if windows is not None:
            pairs = zip(before, windows.axes, strict=False)
            return tuple(field.through(described) for field, described in pairs)
        if keeps_cells(call.layer, call.input_shape, call.output_shape):
            return before
        if len(call.output_shape) == 2:
            return tuple(ReceptiveField(size, Fraction(0)) for size in self._whole)
        return None


def _row(call: Call, windows: Windows | None, field: Fields, parameters: int) -> Row:
    axes = () if windows is None else windows.axes
    known = field is not None and None not in [one.size for one in field]
    return Row(
        name=call.name,
        kind=type(call.layer).__name__,
        data_format=getattr(call.layer, "data_format", "channels_last"),
        input_shape=call.input_shape[1:],
        output_shape=call.output_shape[1:],
        kernel_size=tuple(_width(axis) for axis in axes) or None,
        strides=tuple(getattr(axis, "strides", 0) for axis in axes) or None,
        pads=tuple(axis.pads for axis in axes) or None,
        dropped=tuple(len(getattr(axis, "dropped", ())) for axis in axes) or None,
        skipped=tuple(len(getattr(axis, "skipped", ())) for axis in axes) or None,
        receptive_field=tuple(one.size or 0 for one in field) if known and field else None,
        parameters=parameters,
        multiply_adds=multiply_adds(call.layer, windows, call.input_shape, call.output_shape),
    )


def _width(axis: Any) -> int:
    return int(axis.kernel_size if hasattr(axis, "kernel_size") else axis.widest)


def _cells(row: Row) -> list[str]:
    pads = None if row.pads is None else [f"{before}+{after}" for before, after in row.pads]
    count = "?" if row.multiply_adds is None else f"{row.multiply_adds:,}"
    sees = "?" if row.receptive_field is None else _cross(row.receptive_field)
    return [
        printable(row.name),
        printable(row.kind),
        _cross(row.input_shape),
        _cross(row.output_shape),
        _cross(row.kernel_size),
        _cross(row.strides),
        _cross(pads) if row.pads and any(map(any, row.pads)) else "",
        _cross(row.dropped) if row.dropped and any(row.dropped) else "",
        sees,
        f"{row.parameters:,}" if row.parameters else "",
        count if row.multiply_adds != 0 else "",
    ]


def _cross(values: Sequence[Any] | None) -> str:
    # "x", which every console has, as users print tables themselves.
    return "" if values is None else "x".join(str(value) for value in values)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    last = len(cells) - 2
    padded = [
        cell.rjust(width) if column >= last else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
