"""Receptive fields of the tensors of a watched run."""

from fractions import Fraction
from typing import Any, TypeAlias

from kcore.inspect._hooks import Call
from kcore.inspect._layer_windows import keeps_cells
from kcore.shapes import ReceptiveField, Windows

__all__ = ["Fields", "ReceptiveFields"]

Fields: TypeAlias = tuple[ReceptiveField, ...] | None


class ReceptiveFields:
    """The receptive field of each tensor along each spatial axis, looked up by identity.

    Tensors are kept with their fields, so no later one can have the same identity. Casts and copies
    that Keras makes of a model's input are recognized by their shapes.
    """

    def __init__(self, entry: Call):
        """Start at the inputs of a model, given by the entry into it."""
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
        """Work out the field after a call, and remember it for the outputs."""
        after = self._through(call, windows, self._joined(call))
        for tensor in call.outputs:
            self._found[id(tensor)] = (tensor, after)
        return after

    def _of(self, tensor: Any) -> Fields:
        if id(tensor) in self._found:
            return self._found[id(tensor)][1]
        return self._entered.get(tuple(tensor.shape))

    def _joined(self, call: Call) -> Fields:
        """The widest field among the inputs; None if an input doesn't come from a layer."""
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
