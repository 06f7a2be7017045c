"""Compare weights in a file of Keras 3 with those that a model would write itself."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kcore._console import printable
from kcore.models._loading.errors import WeightsFileError
from kcore.models._loading.hdf5_files import opened

__all__ = ["check_count", "difference"]

# Attributes that are saved besides the layers.
_STATE = frozenset({"optimizer", "metrics", "seed_generator"})
# Path of a weight in a file -> name of its layer, shape.
_Weights = dict[str, tuple[str, tuple[int, ...]]]


def check_count(model: Any, path: Path, opening: str) -> None:
    """Refuse a file that has more weights than the model, which Keras would ignore.

    Raises:
        WeightsFileError: if it has more, is damaged, or holds values that are not real numbers.
    """
    # Most files have the same number, which is quickly checked; Keras checks the rest.
    if len(_weights(path)) != len(model.weights):
        found = difference(model, path)
        if found:
            raise WeightsFileError(opening + found)


def difference(model: Any, path: Path) -> str:
    """Compare a weights file with one that the model itself would write; "" if they are alike."""
    found = _weights(path)
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder, "own.weights.h5")
        model.save_weights(own)
        expected = _weights(own)
    names = [layer.name for layer in model.layers]
    for weight, (layer, shape) in _in_order(expected, names):
        found_shape = found.get(weight, ("", None))[1]
        if found_shape != shape:
            has = "nothing there" if found_shape is None else f"shape {found_shape}"
            return (
                f" They first differ at layer {layer!r} ({weight!r}): shape {shape} is expected, "
                f"the file has {has}. The model has {len(expected)} weights, the file "
                f"{len(found)}."
                f"{_about_top(expected, found)}"
            )
    for weight, (layer, shape) in _in_order(found, names):
        if weight not in expected:
            return (
                f" The model has {len(expected)} weights, the file {len(found)}. The first that "
                f"only the file has is of layer {layer!r} ({weight!r}), with shape {shape}."
                f"{_about_top(expected, found)}"
            )
    return ""


def _in_order(weights: _Weights, names: Sequence[str]) -> list[tuple[str, Any]]:
    """List weights in the order of the model's layers, those of other layers last."""
    ranks = {name: position for position, name in enumerate(names)}
    return sorted(weights.items(), key=lambda item: ranks.get(item[1][0], len(names)))


def _weights(path: Path) -> _Weights:
    """Map the path of each weight to its layer's name, if the file has it, and its shape."""
    import h5py

    weights: _Weights = {}

    def note(name: str, member: Any) -> None:
        if isinstance(member, h5py.Dataset) and not _is_state(name):
            if member.dtype.kind not in "biuf":
                raise WeightsFileError(
                    f"{printable(path.name)} has values of dtype {member.dtype} in {name!r}: "
                    "weights are real numbers."
                )
            layer = member.parent.attrs.get("name", name.rsplit("/", 2)[0])
            weights[name] = str(layer), tuple(member.shape)

    with opened(path) as file:
        file.visititems(note)
    return weights


def _is_state(name: str) -> bool:
    """Tell whether a variable belongs to an optimizer, a metric or a random layer's state."""
    parts = name.split("/")
    return any(
        part in _STATE and above != "layers"
        for above, part in zip(["", *parts], parts, strict=False)
    )


def _about_top(expected: _Weights, found: _Weights) -> str:
    def tops(weights: _Weights) -> list[str]:
        return [name for name, (_, shape) in weights.items() if len(shape) == 2]

    if tops(found) and not tops(expected):
        return (
            f" The file has a top ({tops(found)[-1]!r}), the model has none: load it into the "
            "whole model, and give that to kcore.models.transfer with cut_at."
        )
    return f" The file has {'a' if tops(found) else 'no'} top."
