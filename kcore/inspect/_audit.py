"""What a model loses or skews without a word: dropped columns, lopsided pads, skipped cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kcore._arguments import check_integer, check_integers
from kcore._console import printable
from kcore.inspect._trace import Row, Trace, trace

__all__ = ["Audit", "Finding", "audit"]


@dataclass(frozen=True)
class Finding:
    """One thing that a layer does to its data along one axis.

    Attributes:
        layer: name of the layer, after the names of the models that it is nested in.
        kind: `"dropped cells"`, `"asymmetric pads"`, `"skipped cells"` or
            `"small receptive field"`.
        axis: the spatial axis, counted from 0.
        message: what happens, in a sentence.
    """

    layer: str
    kind: str
    axis: int
    message: str


class Audit(Sequence[Finding]):
    """All findings, in the order of the layers. Printing it lists them."""

    def __init__(self, findings: Sequence[Finding]):
        self._findings = tuple(findings)

    def __len__(self) -> int:
        return len(self._findings)

    def __getitem__(self, index: Any) -> Any:
        return self._findings[index]

    def __str__(self) -> str:
        if not self._findings:
            return "Nothing is dropped, skipped or padded unevenly."
        return "\n".join(
            f"{printable(one.layer)}: {printable(one.message)}" for one in self._findings
        )


def audit(
    model: Any,
    input_shape: Sequence[int] | None = None,
    receptive_field: int | Sequence[int] | None = None,
) -> Audit:
    """Name what silently loses or skews data in a model.

    - Dropped cells: the last columns or rows of an input that no window reaches.
    - Asymmetric pads: one side gets more of them, which shifts what every later layer sees.
    - Skipped cells: strides larger than the kernel, so that cells between windows count for
      nothing.
    - A small receptive field: the last layer that still has positions sees less of the input than
      asked for.

    Args:
        model: a Keras model; see `trace`.
        input_shape: shape of one sample; see `trace`.
        receptive_field: cells that a position should at least see, one integer or one for each
            axis; None to leave that question out.

    Returns:
        The findings, which print as a list.

    Raises:
        ValueError: as `trace`, or if `receptive_field` has another length than there are axes.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3), keras.layers.MaxPooling2D(3)]
        ... )
        >>> print(audit(model)[0].message)
        drops 2 of 26 cells at the end of axis 0: 8 windows of 3 with strides 3 don't reach them
    """
    if receptive_field is not None and not isinstance(receptive_field, Sequence):
        receptive_field = check_integer("receptive_field", receptive_field)
    rows = trace(model, input_shape)
    findings = [finding for row in rows if row.kernel_size for finding in _of_row(row)]
    if receptive_field is not None:
        findings += _small_field(rows, receptive_field)
    return Audit(findings)


def _of_row(row: Row) -> Iterator[Finding]:
    assert row.kernel_size is not None
    is_transposed = row.kind.endswith("Transpose")
    for axis in range(len(row.kernel_size)):
        for kind, message in (
            ("dropped cells", _dropped(row, axis)),
            ("skipped cells", _skipped(row, axis)),
            ("asymmetric pads", None if is_transposed else _asymmetric(row, axis)),
        ):
            if message:
                yield Finding(row.name, kind, axis, message)


def _dropped(row: Row, axis: int) -> str | None:
    assert row.dropped is not None
    assert row.kernel_size is not None
    assert row.strides is not None
    count = row.dropped[axis]
    if not count:
        return None
    size, windows = _sizes(row, axis)
    return (
        f"drops {count} of {size} cells at the end of axis {axis}: {windows} windows of "
        f"{row.kernel_size[axis]} with strides {row.strides[axis]} don't reach them"
    )


def _skipped(row: Row, axis: int) -> str | None:
    assert row.skipped is not None
    assert row.kernel_size is not None
    assert row.strides is not None
    count = row.skipped[axis]
    if not count:
        return None
    size, _ = _sizes(row, axis)
    return (
        f"never reads {count} of {size} cells of axis {axis}: strides {row.strides[axis]} step "
        f"over them with a kernel of {row.kernel_size[axis]}"
    )


def _asymmetric(row: Row, axis: int) -> str | None:
    assert row.pads is not None
    before, after = row.pads[axis]
    if before == after:
        return None
    return f"pads axis {axis} with {before} before and {after} after"


def _sizes(row: Row, axis: int) -> tuple[int, int]:
    """Input and output cells of an axis."""
    first = 1 if row.data_format == "channels_first" else 0
    reduced = len(row.output_shape) < len(row.input_shape)
    return row.input_shape[first + axis], 1 if reduced else row.output_shape[first + axis]


def _small_field(rows: Trace, wanted: int | Sequence[int]) -> list[Finding]:
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
        )
        for axis, (seen, least) in enumerate(zip(last.receptive_field, asked, strict=True))
        if seen < least
    ]
