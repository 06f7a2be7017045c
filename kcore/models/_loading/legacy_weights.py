"""Match weights in HDF5 files of Keras 1 and 2 by the names in the file.

A file lists the weights of each layer of the model. For a nested model it lists all weights in one
row, trainable ones first, so their order depends on the layers that were frozen when the file was
written. Their names, such as `block_1/gamma:0`, don't.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kcore._console import printable
from kcore.initializers._layers import own_weights, walk
from kcore.models._loading.errors import WeightsFileError

__all__ = ["group_of_layers", "match_legacy", "member"]

_MODEL_GROUP = "model_weights"
_TOP_LEVEL = "top_level_model_weights"
# Names that Keras gives to weights that no gradient reaches.
_STATISTICS = frozenset({"moving_mean", "moving_variance", "mean", "variance", "count"})
_SHAPES_SHOWN = 4


@dataclass(frozen=True, eq=False)
class _Weight:
    """A weight of the file or of the model.

    Attributes:
        owner: the names of the layers that hold it, the outermost first.
        role: its name in the last of them, such as "kernel".
        shape: its shape.
        value: the dataset, or the variable.
    """

    owner: tuple[str, ...]
    role: str
    shape: tuple[int, ...]
    value: Any

    @property
    def path(self) -> str:
        return "/".join((*self.owner, self.role))


_Layer = tuple[str, list[_Weight]]
_Pairs = list[tuple[_Weight, _Weight]]


def group_of_layers(file: Any) -> Any:
    """Return the group whose attributes list the layers, or `None`."""
    for group in (file, file.get(_MODEL_GROUP)):
        attributes = getattr(group, "attrs", ())
        if "layer_names" in attributes or "layer_names0" in attributes:
            return group
    return None


def match_legacy(model: Any, file: Any, opening: str) -> list[tuple[Any, Any, str]]:
    """Find the dataset of each of a model's weights.

    Args:
        model: a built `keras.Model`.
        file: an open HDF5 file.
        opening: what error messages begin with.

    Returns:
        (variable, dataset, path of the weight) for each weight.

    Raises:
        WeightsFileError: if a weight has no counterpart, or it is unclear which one it is.
    """
    group = group_of_layers(file)
    found = [_layer_in_file(group, name) for name in _names(group, "layer_names")]
    expected = [_layer_in_model(layer) for layer in model.layers]
    given = [layer for layer in found if layer[1]]
    wanted = [layer for layer in expected if layer[1]]
    about_top = _about_top(wanted, given)
    pairs: _Pairs = []
    for position, (one, other) in enumerate(zip(wanted, _in_order(wanted, given), strict=False)):
        matched = _match(one[1], other[1])
        if isinstance(matched, str):
            where = f" They part at layer {position + 1} of those with weights: {one[0]!r} "
            raise WeightsFileError(opening + where + f"{matched} in {other[0]!r}.{about_top}")
        pairs += matched
    if len(wanted) != len(given):
        raise WeightsFileError(opening + _about_count(wanted, given) + about_top)
    pairs += _match_top_level(model, group, opening)
    return [(one.value, other.value, one.path) for one, other in pairs]


def _layer_in_file(group: Any, name: str) -> _Layer:
    layer = member(group, name)
    weights = []
    for path in _names(layer, "weight_names"):
        dataset = member(layer, path)
        if not hasattr(dataset, "shape"):
            raise WeightsFileError(
                f"{_file_name(group)} has no weights in {path!r}: it is damaged."
            )
        *owner, role = path.split("/")
        weights.append(_Weight(tuple(owner), _plain(role), tuple(dataset.shape), dataset))
    return name, weights


def _plain(role: str) -> str:
    """Remove the number of the output that TensorFlow appends to a name."""
    return re.sub(r":\d+$", "", role)


def _layer_in_model(layer: Any) -> _Layer:
    weights: dict[int, _Weight] = {}
    for inner, path in [(layer, (layer.name,)), *walk(layer, (layer.name,))]:
        for variable in own_weights(inner):
            weight = _Weight(path, variable.name, tuple(variable.shape), variable)
            weights.setdefault(id(variable), weight)
    return layer.name, list(weights.values())


def _names(group: Any, attribute: str) -> list[str]:
    """Read a list of names, which Keras splits into numbered attributes if it is long."""
    parts = [attribute] if attribute in group.attrs else []
    while f"{attribute}{len(parts)}" in group.attrs:
        parts.append(f"{attribute}{len(parts)}")
    raw = [name for part in parts for name in group.attrs[part]]
    return [name.decode("utf8") if isinstance(name, bytes) else str(name) for name in raw]


def member(group: Any, name: str) -> Any:
    """Follow a name through groups, never through a link to another path or file."""
    import h5py

    for part in name.split("/"):
        link = group.get(part, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise WeightsFileError(
                f"{_file_name(group)} has no {name!r} of its own in {group.name!r}, although it "
                "lists it: the file is damaged, or links to other files."
            )
        group = group[part]
    return group


def _file_name(group: Any) -> str:
    return printable(Path(group.file.filename).name)


# From names to pairs


def _in_order(wanted: Sequence[_Layer], given: Sequence[_Layer]) -> Sequence[_Layer]:
    """Order the layers of the file as in the model if all names agree, else leave them.

    Names that Keras generates differ from session to session.
    """
    by_name = dict(given)
    names = [name for name, _ in wanted]
    if len(by_name) == len(given) and sorted(names) == sorted(by_name):
        return [(name, by_name[name]) for name in names]
    return given


def _match(wanted: list[_Weight], given: list[_Weight]) -> _Pairs | str:
    """Pair the weights of one layer of the model, or say what is expected and found."""
    difference = f"expects {_written(wanted)}, the file has {_written(given)}"
    if len(wanted) != len(given):
        return difference
    for pairs in (_by_owner(wanted, given), _by_order(wanted, given)):
        if pairs is not None:
            unlike = [pair for pair in pairs if pair[0].shape != pair[1].shape]
            if not unlike:
                return pairs
            if len(wanted) > _SHAPES_SHOWN:
                one, other = unlike[0]
                return (
                    f"expects shape {one.shape} for {one.path!r}, the file has shape {other.shape}"
                    f" in {other.path!r}"
                )
            return difference
    if sorted(one.shape for one in wanted) != sorted(other.shape for other in given):
        return difference
    return (
        f"has weights such as {wanted[0].path!r} and {wanted[-1].path!r}, and it can't be told "
        f"which of the file's they are, such as {given[0].path!r} and {given[-1].path!r},"
    )


def _by_owner(wanted: list[_Weight], given: list[_Weight]) -> _Pairs | None:
    """Pair the layers that hold the weights, then the weights of each by their roles."""
    ours, theirs = _by(wanted), _by(given)
    names = _paired_names(list(ours), list(theirs))
    if names is None:
        return None
    pairs: _Pairs = []
    for our_name, their_name in names:
        found = _by_role(ours[our_name], theirs[their_name])
        if found is None:
            return None
        pairs += found
    return pairs


def _by(weights: list[_Weight]) -> dict[tuple[str, ...], list[_Weight]]:
    groups: dict[tuple[str, ...], list[_Weight]] = {}
    for weight in weights:
        groups.setdefault(weight.owner, []).append(weight)
    return groups


def _paired_names(
    ours: list[tuple[str, ...]], theirs: list[tuple[str, ...]]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]] | None:
    """Pair paths of layers by their ends, or, where Keras numbered them anew, by their numbers."""
    if len(ours) != len(theirs):
        return None
    if len(ours) == 1:
        return [(ours[0], theirs[0])]
    for length in range(1, max(map(len, ours)) + 1):
        one, other = ({path[-length:]: path for path in paths} for paths in (ours, theirs))
        if len(one) == len(other) == len(ours) and one.keys() == other.keys():
            return [(path, other[end]) for end, path in one.items()]
    ranked = [sorted(paths, key=lambda path: _numbered(path[-1:])) for paths in (ours, theirs)]
    kinds = [[_numbered(path[-1:])[0] for path in paths] for paths in ranked]
    are_distinct = all(len({path[-1:] for path in paths}) == len(paths) for paths in ranked)
    return list(zip(*ranked, strict=True)) if are_distinct and kinds[0] == kinds[1] else None


def _numbered(path: tuple[str, ...]) -> tuple[str, int]:
    """Split the name that Keras gives a layer into the name of its class and its number."""
    stem, number = re.fullmatch(r"(.*?)(?:_(\d+))?", "/".join(path)).groups()  # type: ignore[union-attr]
    return stem, int(number or 0)


def _by_role(wanted: list[_Weight], given: list[_Weight]) -> _Pairs | None:
    if len(wanted) != len(given):
        return None
    theirs = {weight.role: weight for weight in given}
    ours = {weight.role: weight for weight in wanted}
    if len(theirs) != len(given) or len(ours) != len(wanted):
        return None
    pairs = [(one, theirs[role]) for role, one in ours.items() if role in theirs]
    left = [one for role, one in ours.items() if role not in theirs]
    right = [other for role, other in theirs.items() if role not in ours]
    # A single one left over was renamed, as `depthwise_kernel` to `kernel`; several are matched by
    # their order, which within a single layer doesn't depend on what is trainable.
    return pairs + list(zip(left, right, strict=True))


def _by_order(wanted: list[_Weight], given: list[_Weight]) -> _Pairs | None:
    """Pair weights by order if their names don't help and only one possible order fits."""
    statistics = [weight for weight in wanted if weight.role in _STATISTICS]
    others = [weight for weight in wanted if weight.role not in _STATISTICS]
    fitting = [
        order
        for order in ([*others, *statistics], wanted)
        if [one.shape for one in order] == [other.shape for other in given]
        and all(_may_be(one.role, other.role) for one, other in zip(order, given, strict=True))
    ]
    if not fitting or any(order != fitting[0] for order in fitting):
        return None
    return list(zip(fitting[0], given, strict=True))


def _may_be(role: str, other: str) -> bool:
    return role == other or (role in _STATISTICS) == (other in _STATISTICS)


def _match_top_level(model: Any, group: Any, opening: str) -> _Pairs:
    """Pair the weights that the model itself holds, outside its layers."""
    wanted = [
        _Weight((model.name,), weight.name, tuple(weight.shape), weight)
        for weight in own_weights(model)
    ]
    given = _layer_in_file(group, _TOP_LEVEL)[1] if _TOP_LEVEL in group else []
    if not wanted and not given:
        return []
    matched = _by_role(wanted, given)
    if matched is None or any(one.shape != other.shape for one, other in matched):
        raise WeightsFileError(
            f"{opening} The model itself, outside of its layers, expects {_written(wanted)}, the "
            f"file has {_written(given)}."
        )
    return matched


# Words


def _about_count(wanted: Sequence[_Layer], given: Sequence[_Layer]) -> str:
    longer, whose = (given, "file") if len(given) > len(wanted) else (wanted, "model")
    name, weights = longer[min(len(given), len(wanted))]
    return (
        f" {len(wanted)} layers with weights are expected, the file has {len(given)}. The first "
        f"that only the {whose} has is {name!r} with {_written(weights)}."
    )


def _about_top(wanted: Sequence[_Layer], given: Sequence[_Layer]) -> str:
    """Say whether the file ends in a classifier, which can explain a difference."""
    if not _has_top(given):
        return " The file has no top."
    if _has_top(wanted):
        return " The file has a top."
    name, weights = given[-1]
    return (
        f" The file has a top ({name!r} with {_written(weights)}), the model has none: take the "
        "file without, often named 'notop'."
    )


def _has_top(layers: Sequence[_Layer]) -> bool:
    """Tell whether the last weights, but for statistics, are those of a Dense layer."""
    kernels = [one for one in layers[-1][1] if len(one.shape) > 1] if layers else []
    return bool(kernels) and len(kernels[-1].shape) == 2


def _written(weights: Sequence[_Weight]) -> str:
    if not weights:
        return "no weights"
    shown = ", ".join(str(weight.shape) for weight in weights[:_SHAPES_SHOWN])
    more = f" and {len(weights) - _SHAPES_SHOWN} more" if len(weights) > _SHAPES_SHOWN else ""
    return f"shape{'s' if len(weights) > 1 else ''} {shown}{more}"
