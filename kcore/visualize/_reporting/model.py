"""The part of a report on the model: a row for each layer."""

from collections.abc import Sequence
from typing import Any

from kcore.visualize._reporting.html import Html, element, join, table
from kcore.visualize._reporting.section import Section

__all__ = ["model_section"]

_HEAD = (
    "layer",
    "kind",
    "input",
    "output",
    "kernel",
    "strides",
    "pads",
    "dropped",
    "sees",
    "parameters",
    "multiply-adds",
)

_OPEN_UP_TO = 40


def model_section(model: Any) -> Section:
    """Show shapes, pads and weights.

    Args:
        model: a Keras model, or the rows that `kcore.inspect.trace` returned for it.
    """
    if not hasattr(model, "layers"):
        is_trace = isinstance(model, Sequence) and not isinstance(model, str)
        if not is_trace or not all(hasattr(row, "multiply_adds") for row in model):
            raise ValueError(
                f"model is a {type(model).__name__}; it must be a keras.Model, or what "
                "kcore.inspect.trace returned for one."
            )
        return Section("model", "Model", _table(model))
    # Keras, and with it a backend, is needed only where there is a model.
    from kcore.inspect._trace import trace

    try:
        shown = _table(trace(model))
    except (ValueError, TypeError) as error:
        shown = join(
            [
                element("p", f"The shapes of {model.name!r} can't be listed: {error}"),
                element("p", f"It has {len(model.layers)} layers."),
            ]
        )
    return Section("model", "Model", shown)


def _table(rows: Sequence[Any]) -> Html:
    total = sum(row.parameters for row in rows)
    told = [row.multiply_adds for row in rows if row.multiply_adds is not None]
    work = f", {sum(told):,} multiply-adds for one image" if len(told) == len(rows) else ""
    summary = element("p", f"{len(rows)} layers, {total:,} parameters{work}.")
    explained = element(
        "p",
        "Pads are cells added before + after, dropped are cells at the end that no window reaches, "
        "and sees is the part of the input that one output cell depends on.",
        class_="faint",
    )
    listed = element(
        "details",
        element("summary", "Layers"),
        table(_HEAD, map(_cells, rows), "Layers of the model"),
        explained,
        open=len(rows) <= _OPEN_UP_TO,
    )
    return join([summary, listed])


def _cells(row: Any) -> list[str]:
    pads = None if row.pads is None else [f"{before}+{after}" for before, after in row.pads]
    return [
        row.name,
        row.kind,
        _cross(row.input_shape),
        _cross(row.output_shape),
        _cross(row.kernel_size),
        _cross(row.strides),
        _cross(pads) if row.pads and any(map(any, row.pads)) else "",
        _cross(row.dropped) if row.dropped and any(row.dropped) else "",
        "?" if row.receptive_field is None else _cross(row.receptive_field),
        f"{row.parameters:,}" if row.parameters else "",
        _count(row.multiply_adds),
    ]


def _count(multiply_adds: int | None) -> str:
    if multiply_adds is None:
        return "?"
    return f"{multiply_adds:,}" if multiply_adds else ""


def _cross(values: Sequence[Any] | None) -> str:
    return "" if values is None else "×".join(map(str, values))
