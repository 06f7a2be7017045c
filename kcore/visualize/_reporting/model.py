"""The part of a report on the model: a row for each layer."""

from collections.abc import Sequence
from typing import Any

from kcore.visualize._reporting.section import Section, Table, table

__all__ = ["model_section"]

_TITLES = (
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
        return _section(**_listed(model))
    # Keras, and with it a backend, is needed only if there is a model.
    from kcore.inspect._trace import trace

    try:
        return _section(**_listed(trace(model)))
    except (ValueError, TypeError) as error:
        reason = f"The shapes of {model.name!r} can't be listed: {error}"
        return _section([reason, f"It has {len(model.layers)} layers."])


def _section(sentences: Sequence[str], layers: Table | None = None) -> Section:
    content = {
        "sentences": sentences,
        "table": layers,
        "is_open": layers is not None and len(layers.rows) <= _OPEN_UP_TO,
    }
    return Section("model", "Model", "model.html", content)


def _listed(rows: Sequence[Any]) -> dict[str, Any]:
    total = sum(row.parameters for row in rows)
    known = [row.multiply_adds for row in rows if row.multiply_adds is not None]
    work = f", {sum(known):,} multiply-adds for one image" if len(known) == len(rows) else ""
    return {
        "sentences": [f"{len(rows)} layers, {total:,} parameters{work}."],
        "layers": table(_TITLES, map(_cells, rows), "Layers of the model"),
    }


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
