"""What each layer of a model does to a shape: one row for each call, printed as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, overload

import keras

from kcore import _notebook
from kcore._console import printable
from kcore._locks import lock_of
from kcore.inspect._hooks import Call, Key, names_of, watch_shapes
from kcore.inspect._layer_windows import multiply_adds, windows_of
from kcore.inspect._model_inputs import sample_shape
from kcore.inspect._receptive_fields import Fields, ReceptiveFields
from kcore.models._arguments import check_model
from kcore.shapes import Windows

__all__ = ["Row", "Trace", "trace"]

Shape = tuple[int, ...]

_HEAD = (
    *("layer", "kind", "input", "output", "kernel", "strides", "pads", "dropped", "sees"),
    *("parameters", "multiply-adds"),
)


@dataclass(frozen=True, repr=False)
class Row:
    """One call of one layer.

    Shapes are those of one sample, without the batch axis. Values for each axis are in the order of
    the spatial axes.

    Attributes:
        name: name of the layer as in `kcore.inspect.activations`: after the names of the models
            that it is nested in, as in "base/mixed7", and with the number of the call if the layer
            is called several times, as in "shared#2".
        kind: name of its class, such as "Conv2D".
        data_format: "channels_last" or "channels_first".
        input_shape: shape of its first input.
        output_shape: shape of its first output.
        kernel_size: kernel or pool size; None for a layer without windows.
        strides: strides; None for a layer without windows.
        pads: (before, after) for each axis, in cells; None for a layer without windows. For a
            transposed convolution they are the cells that are cut off.
        dropped: cells at the end of each axis that no window reaches; None for a layer without
            windows.
        skipped: cells between windows that none of them reads; None for a layer without windows.
        receptive_field: cells of the model's input that one output cell can depend on, for each
            axis; None where this isn't known.
        parameters: number of the layer's weights, counted at its first call only.
        multiply_adds: products with kernels for one sample; None where this isn't known.
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

    def __repr__(self) -> str:
        return (
            f"Row({self.name!r}, {self.kind}, {_cross(self.input_shape)} -> "
            f"{_cross(self.output_shape)}, {self.parameters:,} parameters)"
        )


class Trace(Sequence[Row]):
    """The rows of a model, in the order in which its layers run.

    Printing it shows a table, and so does a notebook. A slice of it is a `Trace` of these rows.
    """

    def __init__(self, rows: Sequence[Row]):
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> "Trace": ...
    def __getitem__(self, index: int | slice) -> "Row | Trace":
        return Trace(self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    @property
    def parameters(self) -> int:
        """Number of the weights of all rows."""
        return sum(row.parameters for row in self)

    @property
    def multiply_adds(self) -> int | None:
        """Products with kernels for one sample; None if they aren't known for a row."""
        counts = [row.multiply_adds for row in self]
        return None if None in counts else sum(count or 0 for count in counts)

    def as_data(self) -> list[dict[str, Any]]:
        """Return one dictionary for each row, of numbers, strings and tuples."""
        return [asdict(row) for row in self]

    def __repr__(self) -> str:
        if not self._rows:
            return "Trace(0 rows)"
        shapes = f"{_cross(self[0].input_shape)} -> {_cross(self[-1].output_shape)}"
        count = "unknown" if self.multiply_adds is None else f"{self.multiply_adds:,}"
        rows = f"{len(self)} {'row' if len(self) == 1 else 'rows'}"
        return f"Trace({rows}, {shapes}, {self.parameters:,} parameters, {count} multiply-adds)"

    def __str__(self) -> str:
        lines = [[*_HEAD], *self._table()]
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        return "\n".join(_line(line, widths) for line in lines)

    def _repr_html_(self) -> str:
        return _notebook.table(_HEAD, self._table())

    def _table(self) -> list[list[str]]:
        """Return the cells of the rows, and of one row of totals."""
        total = "?" if self.multiply_adds is None else f"{self.multiply_adds:,}"
        totals = ["total", *[""] * (len(_HEAD) - 3), f"{self.parameters:,}", total]
        return [*(_cells(row) for row in self), totals]


def trace(model: keras.Model, input_shape: Sequence[int] | None = None) -> Trace:
    """Trace shapes, windows and receptive fields through a model without computing anything.

    Layers of nested models have a row each; a layer that holds other layers has one. The model is
    not changed.

    Args:
        model: a Sequential, functional, nested or subclassed Keras model with one input.
        input_shape: shape of one sample without the batch axis, such as (300, 300, 3). Needed for a
            subclassed model that was never built, and for a model with unknown sizes.

    Returns:
        One row for each call of a layer; printing it shows a table.

    Raises:
        TypeError: if `model` is not a Keras model.
        ValueError: if the model has several inputs, the shape of its input is unknown and
            `input_shape` isn't given, or the model can't take `input_shape`.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3), keras.layers.MaxPooling2D(3)]
        ... )
        >>> rows = trace(model)
        >>> rows
        Trace(2 rows, 28x28x1 -> 8x8x8, 80 parameters, 48,672 multiply-adds)
        >>> rows[1].output_shape, rows[1].dropped, rows[1].receptive_field
        ((8, 8, 8), (2, 2), (5, 5))
    """
    entry, *calls = _calls_of(check_model(model), input_shape)
    returned = [call for call in calls if call.number is not None and call.outputs]
    names = names_of([_key(call) for call in returned])
    fields = ReceptiveFields(entry)
    counted: set[int] = set()
    rows = []
    for call in calls:
        if call.number is None:
            fields.enter(call)
        elif call.inputs and call.outputs:
            parameters = 0 if id(call.layer) in counted else call.layer.count_params()
            counted.add(id(call.layer))
            rows.append(_row(names[_key(call)], call, fields, parameters))
    return Trace(rows)


def _calls_of(model: keras.Model, input_shape: Sequence[int] | None) -> list[Call]:
    """Return the entry into the model, then the calls of its layers and the entries into models."""
    shape = sample_shape(model, input_shape)
    inputs = keras.tree.flatten(getattr(model, "inputs", None) or [])
    dtype = str(inputs[0].dtype) if inputs else str(keras.config.floatx())
    try:
        with lock_of(model):
            watch, _ = watch_shapes(model, keras.Input(batch_shape=(1, *shape), dtype=dtype))
    except Exception as error:
        if input_shape is None:
            raise
        # Each backend has its own errors for shapes that a layer can't take.
        raise ValueError(f"input_shape={shape}: {model.name!r} can't take it: {error}") from error
    return watch.calls


def _key(call: Call) -> Key:
    return Key(call.path, call.number or 0, 0)


def _row(name: str, call: Call, fields: ReceptiveFields, parameters: int) -> Row:
    windows: Windows | None = None
    if len(call.input_shape) > 2:
        windows = windows_of(call.layer, call.input_shape)
    axes = () if windows is None else windows.axes
    return Row(
        name=name,
        kind=type(call.layer).__name__,
        data_format=getattr(call.layer, "data_format", "channels_last"),
        input_shape=call.input_shape[1:],
        output_shape=call.output_shape[1:],
        kernel_size=tuple(_width(axis) for axis in axes) or None,
        strides=tuple(getattr(axis, "strides", 0) for axis in axes) or None,
        pads=tuple(axis.pads for axis in axes) or None,
        dropped=tuple(len(getattr(axis, "dropped", ())) for axis in axes) or None,
        skipped=tuple(len(getattr(axis, "skipped", ())) for axis in axes) or None,
        receptive_field=_sizes(fields.after(call, windows)),
        parameters=parameters,
        multiply_adds=multiply_adds(call.layer, windows, call.input_shape, call.output_shape),
    )


def _sizes(field: Fields) -> tuple[int, ...] | None:
    sizes = [] if field is None else [one.size for one in field]
    return tuple(size or 0 for size in sizes) if sizes and None not in sizes else None


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
