"""Load the weights of a local file into a model, completely or not at all."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np

from kcore._arguments import check_path
from kcore._console import printable
from kcore.models._arguments import check_built
from kcore.models._constants import deriving_constants
from kcore.models._loading.errors import WeightsFileError
from kcore.models._loading.hdf5_files import (
    HDF5_SIGNATURE,
    WEIGHTS_IN_MODEL,
    named,
    opened,
    signature,
)
from kcore.models._loading.keras_3_weights import check_count, difference
from kcore.models._loading.legacy_weights import group_of_layers, match_legacy

__all__ = ["check_finite_weights", "load_weights"]


Model = TypeVar("Model", bound=keras.Model)


@dataclass(frozen=True)
class _Layout:
    """How a file stores weights: in words, and as the suffix that Keras expects."""

    name: str
    suffix: str


_KERAS_3_MODEL = _Layout("a Keras 3 model (.keras)", ".keras")
_KERAS_3_WEIGHTS = _Layout("Keras 3 weights (.weights.h5)", ".weights.h5")
_LEGACY = _Layout("legacy HDF5 of Keras 1 or 2 (.h5)", ".legacy.h5")


def load_weights(model: Model, path: str | os.PathLike[str]) -> Model:
    """Load the weights of a local file into a model; if that fails, the model keeps its own.

    Reads the files of every version of Keras: a Keras 3 model (`.keras`) or its weights
    (`.weights.h5`), and the HDF5 files of Keras 1 and 2, with weights only or a whole model, such
    as `inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5`. The content decides what a file
    is, not its name. Layers of a legacy file are matched by name if all names are those of the
    model, else by their order, as in Keras. The weights of a nested model are matched by the names
    in the file, whatever was trainable when it was written.

    Constants that layers derive from their weights, such as the mean of a `Normalization`, are
    derived again, and functions that `predict` and `fit` have compiled with the old ones are
    dropped. Other models that share such a layer must be compiled again.

    Only numbers are read: no pickled object and no layer of the file is ever created, and links to
    other files are refused.

    Args:
        model: a built `keras.Model`.
        path: the file.

    Returns:
        `model` itself.

    Raises:
        FileNotFoundError: if there is no such file.
        WeightsFileError: if the file is damaged, of another kind or for another model (also one
            with more layers), or if values are NaN, infinite or not real numbers. The message names
            the layer where file and model first differ, the shapes that were expected and found,
            and whether the file has a classifying top.

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
    check_built(model)
    path = check_path("path", path)
    layout = _layout(path)
    opening = (
        f"The weights in {printable(path.name)} ({layout.name}) don't fit the model {model.name!r}."
    )
    with deriving_constants(model):
        if layout is _LEGACY:
            _load_legacy(model, path, opening)
        else:
            _load_keras_3(model, path, layout, opening)
    return model


def _load_legacy(model: Any, path: Path, opening: str) -> None:
    with opened(path) as file:
        matched = match_legacy(model, file, opening)
        values = [_read(dataset, name, path) for _, dataset, name in matched]
    for (variable, _, _), value in zip(matched, values, strict=True):
        variable.assign(value)


def _read(dataset: Any, name: str, path: Path) -> np.ndarray[Any, Any]:
    if dataset.dtype.kind not in "biuf":
        raise WeightsFileError(
            f"{printable(path.name)} has values of dtype {dataset.dtype} for {name!r}: "
            "weights are real numbers."
        )
    if dataset.external or dataset.is_virtual:
        raise WeightsFileError(f"{path.name} has the values of {name!r} in another file.")
    value = np.asarray(dataset)
    _check_finite(value, name, path)
    return value


def _load_keras_3(model: Any, path: Path, layout: _Layout, opening: str) -> None:
    check_count(model, path, opening)
    variables = [*model.weights, *getattr(getattr(model, "optimizer", None), "variables", ())]
    before = [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
    try:
        if path.name.endswith(layout.suffix):
            model.load_weights(path)
        else:
            with named(path, layout.suffix) as name:
                model.load_weights(name)
        check_finite_weights(model, path)
    except Exception as error:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        if isinstance(error, WeightsFileError):
            raise
        raise WeightsFileError(opening + _reason(model, path, error)) from error


def _reason(model: Any, path: Path, error: Exception) -> str:
    try:
        return difference(model, path) or f" Keras says: {error}"
    except WeightsFileError:
        return f" Keras says: {error}"


def check_finite_weights(model: Any, path: Path) -> None:
    """Refuse weights that are NaN or infinite.

    Raises:
        WeightsFileError: names the first variable that has such values.
    """
    for weight in model.weights:
        _check_finite(keras.ops.convert_to_numpy(weight), weight.path, path)


def _check_finite(value: np.ndarray[Any, Any], name: str, path: Path) -> None:
    good = np.isfinite(value)
    if not good.all():
        raise WeightsFileError(
            f"{printable(path.name)} has {value.size - int(good.sum()):,} values that are NaN or "
            f"infinite in {name!r}: the training diverged, or the file is damaged."
        )


def _layout(path: Path) -> _Layout:
    if not path.is_file():
        raise FileNotFoundError(f"weights={str(path)!r}: there is no such file.")
    beginning = signature(path)
    if beginning == HDF5_SIGNATURE:
        return _hdf5_layout(path)
    if _is_archive_with_weights(path):
        return _KERAS_3_MODEL
    found = "is empty" if not beginning else f"begins with {beginning!r}"
    raise WeightsFileError(
        f"{printable(path.name)} {found}, so it is neither HDF5 (.h5) nor a Keras model (.keras), "
        "or it is damaged. Download or save it again."
    )


def _is_archive_with_weights(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return WEIGHTS_IN_MODEL in archive.namelist()
    except Exception:  # zipfile raises anything for a damaged archive
        return False


def _hdf5_layout(path: Path) -> _Layout:
    with opened(path) as file:
        if group_of_layers(file) is not None:
            return _LEGACY
        if "layers" in file or "vars" in file:
            return _KERAS_3_WEIGHTS
        found = ", ".join(map(repr, list(file)[:5])) or "nothing"
    raise WeightsFileError(
        f"{printable(path.name)} is HDF5, but holds no weights as Keras writes them: its top "
        f"has {found}."
    )
