"""Load the weights of a local file into a model, whole or not at all."""

import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["WeightsFileError", "load_weights"]

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MODEL_GROUP = "model_weights"
_WEIGHTS_IN_MODEL = "model.weights.h5"
# Names of the weights in a file, and of the same in the model, with their shapes.
_Shapes = list[tuple[str, list[tuple[int, ...]]]]
# Place of a weight in a Keras 3 file -> name of its layer, shape.
_Weights = dict[str, tuple[str, tuple[int, ...]]]


class WeightsFileError(ValueError):
    """A file's weights can't be loaded into the model; the message says why and what to do."""


@dataclass(frozen=True)
class _Layout:
    """How a file keeps weights: for people, and the end of a name that Keras knows it by."""

    name: str
    suffix: str


_KERAS_3_MODEL = _Layout("a Keras 3 model (.keras)", ".keras")
_KERAS_3_WEIGHTS = _Layout("Keras 3 weights (.weights.h5)", ".weights.h5")
_LEGACY = _Layout("legacy HDF5 of Keras 1 or 2 (.h5)", ".legacy.h5")


def load_weights(model: Any, path: str | os.PathLike[str]) -> Any:
    """Load the weights of a local file into a model; if that fails the model keeps its own.

    Reads what Keras has written in any version: a Keras 3 model (`.keras`) or its weights
    (`.weights.h5`), and the HDF5 files of Keras 1 and 2, with weights alone or a whole model, such
    as `inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5`. What a file is follows from its
    content, so its name doesn't matter. Legacy weights are matched by the order of the layers, as
    Keras does; their names differ from session to session.

    Only numbers are read: no pickled object and no layer of the file is ever made, and links to
    other files are refused.

    Args:
        model: a built `keras.Model`.
        path: the file.

    Returns:
        `model` itself.

    Raises:
        FileNotFoundError: if there is no such file.
        WeightsFileError: if the file is damaged, of another kind, or of another model. Then the
            message says at which layer they part, which shapes were expected and found, and
            whether the file has a classifying top.

    Example:
        >>> import tempfile, kcore
        >>> model = kcore.models.mlp((4, 4), hidden_units=3, seed=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save_weights(f"{folder}/mlp.weights.h5")
        ...     other = kcore.models.load_weights(
        ...         kcore.models.mlp((4, 4), hidden_units=3), f"{folder}/mlp.weights.h5"
        ...     )
        >>> bool((other.get_weights()[0] == model.get_weights()[0]).all())
        True
    """
    path = Path(path)
    layout = _layout(path)
    if layout is _LEGACY:
        _check_legacy(model, path)
    before = model.get_weights()
    try:
        with _named_for_keras(path, layout) as name:
            model.load_weights(name)
    except Exception as error:
        model.set_weights(before)
        raise WeightsFileError(_explanation(model, path, layout, error)) from error
    return model


def _layout(path: Path) -> _Layout:
    if not path.is_file():
        raise FileNotFoundError(f"weights={str(path)!r}: there is no such file.")
    with path.open("rb") as file:
        beginning = file.read(len(_HDF5_SIGNATURE))
    if beginning == _HDF5_SIGNATURE:
        return _hdf5_layout(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if _WEIGHTS_IN_MODEL in archive.namelist():
                return _KERAS_3_MODEL
    found = "is empty" if not beginning else f"begins with {beginning!r}"
    raise WeightsFileError(
        f"{path.name} {found}, so it is neither HDF5 (.h5) nor a Keras model (.keras), or it is "
        "damaged. Download or save it again."
    )


def _hdf5_layout(path: Path) -> _Layout:
    with _open(path) as file:
        if _group_of_layers(file) is not None:
            return _LEGACY
        if "layers" in file or "vars" in file:
            return _KERAS_3_WEIGHTS
        found = ", ".join(map(repr, list(file)[:5])) or "nothing"
    raise WeightsFileError(
        f"{path.name} is HDF5, but holds no weights as Keras writes them: its top has {found}."
    )


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    """Open HDF5 for reading; whatever goes wrong with the file becomes a `WeightsFileError`."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except WeightsFileError:
        raise
    except Exception as error:
        raise WeightsFileError(f"{path.name} is damaged or no sound HDF5: {error}") from error


@contextmanager
def _named_for_keras(path: Path, layout: _Layout) -> Iterator[Path]:
    """Give the file a name that makes Keras read it as what it is."""
    is_legacy_name = path.suffix in (".h5", ".hdf5") and not path.name.endswith(".weights.h5")
    fits = is_legacy_name if layout is _LEGACY else path.name.endswith(layout.suffix)
    if fits:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder, f"file{layout.suffix}")
        try:
            link.symlink_to(path.absolute())
        except OSError:  # where the user may make no links, as on Windows
            link.write_bytes(path.read_bytes())
        yield link


def _explanation(model: Any, path: Path, layout: _Layout, error: Exception) -> str:
    opening = _opening(model, path, layout)
    difference = "" if layout is _LEGACY else _keras_3_difference(model, path, layout)
    return opening + (difference or f" Keras says: {error}")


def _opening(model: Any, path: Path, layout: _Layout) -> str:
    return f"The weights in {path.name} ({layout.name}) don't fit the model {model.name!r}."


# Legacy HDF5


def _group_of_layers(file: Any) -> Any:
    """Return the group whose attributes list the layers, or `None`."""
    for group in (file, file.get(_MODEL_GROUP)):
        attributes = getattr(group, "attrs", ())
        if "layer_names" in attributes or "layer_names0" in attributes:
            return group
    return None


def _check_legacy(model: Any, path: Path) -> None:
    with _open(path) as file:
        found = [pair for pair in _legacy_shapes(_group_of_layers(file)) if pair[1]]
    expected = _model_shapes(model)
    for position, (wanted, given) in enumerate(zip(expected, found, strict=False)):
        if wanted[1] != given[1]:
            raise WeightsFileError(
                f"{_opening(model, path, _LEGACY)} They part at layer {position + 1} of those with "
                f"weights: {wanted[0]!r} expects {_written(wanted[1])}, the file has "
                f"{_written(given[1])} in {given[0]!r}.{_about_top(model, found)}"
            )
    if len(expected) != len(found):
        longer, whose = (found, "file") if len(found) > len(expected) else (expected, "model")
        extra = longer[min(len(found), len(expected))]
        raise WeightsFileError(
            f"{_opening(model, path, _LEGACY)} {len(expected)} layers with weights are expected, "
            f"the file has {len(found)}. The first that only the {whose} has is {extra[0]!r} with "
            f"{_written(extra[1])}.{_about_top(model, found)}"
        )


def _legacy_shapes(group: Any) -> Iterator[tuple[str, list[tuple[int, ...]]]]:
    for name in _names(group, "layer_names"):
        layer = _member(group, name)
        shapes = [tuple(_member(layer, weight).shape) for weight in _names(layer, "weight_names")]
        yield name, shapes


def _names(group: Any, attribute: str) -> list[str]:
    """Read a list of names, which Keras parts into numbered attributes if it is long."""
    parts = [attribute] if attribute in group.attrs else []
    while f"{attribute}{len(parts)}" in group.attrs:
        parts.append(f"{attribute}{len(parts)}")
    raw = [name for part in parts for name in group.attrs[part]]
    return [name.decode("utf8") if isinstance(name, bytes) else str(name) for name in raw]


def _member(group: Any, name: str) -> Any:
    """Follow a name through groups, never through a link to another place or file."""
    import h5py

    for part in name.split("/"):
        link = group.get(part, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise WeightsFileError(
                f"{Path(group.file.filename).name} has no {name!r} of its own in {group.name!r}, "
                "although it lists it: the file is damaged, or links to other places."
            )
        group = group[part]
    return group


def _model_shapes(model: Any) -> _Shapes:
    """List the layers that have weights, with shapes in the order of Keras 1 and 2."""
    shapes = []
    for layer in model.layers:
        weights = [*layer.trainable_weights, *layer.non_trainable_weights]
        if weights:
            shapes.append((layer.name, [tuple(weight.shape) for weight in weights]))
    return shapes


def _about_top(model: Any, found: Sequence[tuple[str, list[tuple[int, ...]]]]) -> str:
    """Say whether the file ends in a classifier, if that can explain the difference."""
    name, shapes = found[-1] if found else ("", [])
    has_top = bool(shapes) and len(shapes[0]) == 2
    model_has_top = len((_model_shapes(model) or [("", [()])])[-1][1][0]) == 2
    if has_top and not model_has_top:
        return (
            f" The file has a top ({name!r} with {_written(shapes)}), the model has none: take the "
            "file without, often named 'notop'."
        )
    return f" The file has {'a' if has_top else 'no'} top."


def _written(shapes: Sequence[tuple[int, ...]]) -> str:
    if not shapes:
        return "no weights"
    return f"shape{'s' if len(shapes) > 1 else ''} {', '.join(map(str, shapes))}"


# Keras 3


def _keras_3_difference(model: Any, path: Path, layout: _Layout) -> str:
    """Compare a weights file with one that the model itself would write."""
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder, "own.weights.h5")
        model.save_weights(own)
        expected = _keras_3_weights(own)
        try:
            found = _keras_3_weights(_unpacked(path, folder) if layout is _KERAS_3_MODEL else path)
        except WeightsFileError:
            return ""
    places = [layer.name for layer in model.layers]
    for place, (layer, shape) in sorted(
        expected.items(), key=lambda item: _rank(places, item[1][0])
    ):
        found_shape = found.get(place, ("", None))[1]
        if found_shape != shape:
            has = "nothing there" if found_shape is None else f"shape {found_shape}"
            return (
                f" They part at layer {layer!r} ({place!r}): shape {shape} is expected, the file "
                f"has {has}. The model has {len(expected)} weights, the file {len(found)}."
                f"{_about_keras_3_top(expected, found)}"
            )
    return ""


def _rank(places: Sequence[str], layer: str) -> int:
    return places.index(layer) if layer in places else len(places)


def _unpacked(path: Path, folder: str) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            return Path(archive.extract(_WEIGHTS_IN_MODEL, folder))
    except Exception as error:
        raise WeightsFileError(f"{path.name} is damaged: {error}") from error


def _keras_3_weights(path: Path) -> _Weights:
    """Map the place of each weight to its layer's name, if the file has it, and its shape."""
    import h5py

    weights: _Weights = {}

    def note(name: str, member: Any) -> None:
        if isinstance(member, h5py.Dataset) and not name.startswith("optimizer/"):
            layer = member.parent.attrs.get("name", name.rsplit("/", 2)[0])
            weights[name] = str(layer), tuple(member.shape)

    with _open(path) as file:
        file.visititems(note)
    return weights


def _about_keras_3_top(expected: _Weights, found: _Weights) -> str:
    def tops(weights: _Weights) -> list[str]:
        return [name for name, (_, shape) in weights.items() if len(shape) == 2]

    if tops(found) and not tops(expected):
        return f" The file has a top ({tops(found)[-1]!r}), the model has none."
    return f" The file has {'a' if tops(found) else 'no'} top."
