"""What a model silently loses or skews: dropped cells, uneven pads, skipped cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import keras

from kcore import _notebook
from kcore._arguments import check_integer, check_integers
from kcore._console import printable
from kcore.inspect._trace import Row, Trace, trace

__all__ = ["Audit", "Finding", "audit"]

_CLEAN = "Nothing is dropped, skipped or padded unevenly."


@dataclass(frozen=True)
class Finding:
    """One thing that a layer does to its data along one axis.

    Attributes:
        layer: name of the layer as in `kcore.inspect.trace`, such as "base/conv" or "shared#2".
        kind: `"dropped cells"`, `"asymmetric pads"`, `"skipped cells"` or
            `"small receptive field"`.
        axis: the spatial axis, counted from 0.
        message: what happens.
        remedy: what to do about it.
    """

    layer: str
    kind: str
    axis: int
    message: str
    remedy: str

    def __repr__(self) -> str:
        return f"Finding({self.layer!r}, {self.kind}: {self.message})"


class Audit(Sequence[Finding]):
    """All findings, in the order of the layers.

    Printing it lists them; a notebook also shows what to do. A slice of it is an `Audit`.
    """

    def __init__(self, findings: Sequence[Finding]):
        self._findings = tuple(findings)

    def __len__(self) -> int:
        return len(self._findings)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> "Audit": ...
    def __getitem__(self, index: int | slice) -> "Finding | Audit":
        return Audit(self._findings[index]) if isinstance(index, slice) else self._findings[index]

    def __repr__(self) -> str:
        kinds = {one.kind: 0 for one in self}
        for one in self:
            kinds[one.kind] += 1
        listed = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        return f"Audit({len(self)} findings{': ' if kinds else ''}{listed})"

    def __str__(self) -> str:
        if not self._findings:
            return _CLEAN
        return "\n".join(f"{printable(one.layer)}: {printable(one.message)}" for one in self)

    def _repr_html_(self) -> str:
        if not self._findings:
            return _notebook.summary(_CLEAN, [])
        rows = [(one.layer, one.kind, one.message, one.remedy) for one in self]
        return _notebook.table(("layer", "kind", "what happens", "what to do"), rows)


def audit(
    model: keras.Model,
    input_shape: Sequence[int] | None = None,
    receptive_field: int | Sequence[int] | None = None,
) -> Audit:
    """Find what silently loses or skews data in a model.

    - Dropped cells: the last rows or columns of an input that no window reaches.
    - Asymmetric pads: one side gets more of them, which shifts what every later layer sees.
    - Skipped cells: with strides larger than the kernel, the cells between windows are never read.
    - A small receptive field: the last layer with positions sees less of the input than
      `receptive_field` asks for.

    Args:
        model: a Sequential, functional, nested or subclassed Keras model with one input.
        input_shape: shape of one sample without the batch axis, such as (300, 300, 3). Needed for a
            subclassed model that was never built, and for a model with unknown sizes.
        receptive_field: cells of the input that one position of the last layer with positions
            should see at least, one integer or one for each axis; None skips this check.

    Returns:
        The findings; printing it lists them.

    Raises:
        TypeError: if `model` is not a Keras model.
        ValueError: if the model has several inputs, the shape of its input is unknown and
            `input_shape` isn't given, the model can't take `input_shape`, or `receptive_field`
            isn't one integer of at least 1, or one for each axis.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3), keras.layers.MaxPooling2D(3)]
        ... )
        >>> found = audit(model)
        >>> found
        Audit(2 findings: 2 dropped cells)
        >>> print(found[0].message)
        drops 2 of 26 cells at the end of axis 0: 8 windows of 3 with strides 3 don't reach them
        >>> print(found[0].remedy)
        Give this layer 24 or 27 cells along axis 0, or use padding='same'.
    """
    if receptive_field is not None and not isinstance(receptive_field, Sequence):
        receptive_field = check_integer("receptive_field", receptive_field)
    rows = trace(model, input_shape)
    findings = [finding for row in rows if row.kernel_size for finding in _of_row(row)]
    if receptive_field is not None:
        findings += _small_fields(rows, receptive_field)
    return Audit(findings)


def _of_row(row: Row) -> Iterator[Finding]:
    assert row.kernel_size is not None
    is_transposed = row.kind.endswith("Transpose")
    for axis in range(len(row.kernel_size)):
        yield from _dropped(row, axis)
        yield from _skipped(row, axis)
        if not is_transposed:
            yield from _asymmetric(row, axis)


def _dropped(row: Row, axis: int) -> Iterator[Finding]:
    assert row.dropped is not None
    assert row.kernel_size is not None
    assert row.strides is not None
    count, kernel, strides = row.dropped[axis], row.kernel_size[axis], row.strides[axis]
    if not count:
        return
    size, windows = _sizes(row, axis)
    # A pad helps only if the next window begins inside the input.
    pads = ", or use padding='same'" if count > strides - kernel else ""
    yield Finding(
        row.name,
        "dropped cells",
        axis,
        f"drops {count} of {size} cells at the end of axis {axis}: {windows} windows of "
        f"{kernel} with strides {strides} don't reach them",
        f"Give this layer {size - count} or {size - count + strides} cells along axis {axis}"
        f"{pads}.",
    )


def _skipped(row: Row, axis: int) -> Iterator[Finding]:
    assert row.skipped is not None
    assert row.kernel_size is not None
    assert row.strides is not None
    count, kernel, strides = row.skipped[axis], row.kernel_size[axis], row.strides[axis]
    if not count:
        return
    size, _ = _sizes(row, axis)
    yield Finding(
        row.name,
        "skipped cells",
        axis,
        f"never reads {count} of {size} cells of axis {axis}: strides {strides} step "
        f"over them with a kernel of {kernel}",
        f"Use strides of at most {kernel}, or a kernel of at least {strides}, along axis {axis}.",
    )


def _asymmetric(row: Row, axis: int) -> Iterator[Finding]:
    assert row.pads is not None
    before, after = row.pads[axis]
    if before == after:
        return
    # Only causal padding puts more pads before than after.
    remedy = (
        "padding='causal' does this by design; if a step may see later ones, use 'same'."
        if before > after
        else "To pad both sides alike, put a ZeroPadding layer before this one and use "
        "padding='valid'."
    )
    yield Finding(
        row.name,
        "asymmetric pads",
        axis,
        f"pads axis {axis} with {before} before and {after} after",
        remedy,
    )


def _sizes(row: Row, axis: int) -> tuple[int, int]:
    """Input and output cells of an axis."""
    first = 1 if row.data_format == "channels_first" else 0
    reduced = len(row.output_shape) < len(row.input_shape)
    return row.input_shape[first + axis], 1 if reduced else row.output_shape[first + axis]


def _small_fields(rows: Trace, wanted: int | Sequence[int]) -> list[Finding]:
    positioned = [row for row in rows if row.kernel_size and len(row.output_shape) > 1]
    if not positioned:
        return []
    last = positioned[-1]
    if last.receptive_field is None:
        return []
    axes = len(last.receptive_field)
    asked = (
        (wanted,) * axes if isinstance(wanted, int) else check_integers("receptive_field", wanted)
    )
    if len(asked) != axes:
        raise ValueError(
            f"receptive_field={asked}: give one integer, or {axes}, one for each axis."
        )
    return [
        Finding(
            last.name,
            "small receptive field",
            axis,
            f"sees {seen} cells of axis {axis} of the input; {least} are asked for",
            "Add a layer with windows, or use larger kernels, strides or dilation rates before "
            "this layer.",
        )
        for axis, (seen, least) in enumerate(zip(last.receptive_field, asked, strict=True))
        if seen < least
    ]
