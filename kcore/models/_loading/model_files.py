"""Load a whole model from a file of any version of Keras, or say why that fails."""

import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import keras

from kcore._arguments import check_path
from kcore._console import printable
from kcore._warning import warn
from kcore.models._class_names import CLASS_NAMES_MEMBER, set_class_names
from kcore.models._loading.errors import ModelFileError
from kcore.models._loading.hdf5_files import (
    HDF5_SIGNATURE,
    WEIGHTS_IN_MODEL,
    named,
    opened,
    signature,
)
from kcore.models._loading.weights_files import check_finite_weights

__all__ = ["load"]

_CONFIG, _METADATA = "config.json", "metadata.json"
# Keras's messages about an unknown class or function.
_UNKNOWN = re.compile(r"[Cc]ould not locate (?:class|function) '([^']+)'|Unknown \w+: '(\w+)'")
_LONGEST = 300
_REBUILD = "Build the model in code, and load its weights with kcore.models.load_weights."


def load(path: str | os.PathLike[str]) -> keras.Model:
    """Load a model, with the names of its classes if the file has them.

    No code in the file is run: Keras's safe mode stays on, so a model with a `Lambda` layer is
    refused. This holds unless `keras.config.enable_unsafe_deserialization()` was called, which
    overrides safe mode in the whole process.

    Args:
        path: a `.keras` file, written by `kcore.models.save` or by Keras alone, or a whole model in
            HDF5 (`.h5`), written by Keras 3, or by tf_keras or Keras 2 as far as Keras 3 knows its
            layers. The content decides what a file is, not its name.

    Returns:
        The `keras.Model`; `model.class_names` are the names of its classes if it was saved with
        them. A model in HDF5 whose loss or optimizer Keras 3 doesn't know is not compiled, with a
        warning.

    Raises:
        FileNotFoundError: if there is no such file.
        ModelFileError: if the file is damaged, holds no model or one of unknown classes, if weights
            are NaN or infinite, or if the names of classes don't fit the model. The message names
            the file, the reason and a remedy.
    """
    path = check_path("path", path)
    if not path.exists():
        raise FileNotFoundError(f"path={str(path)!r}: there is no such file.")
    if not path.is_file():
        raise ModelFileError(
            f"{printable(path.name)} is not a file. A SavedModel of Keras 2 is a folder: in Keras "
            "3, "
            "keras.layers.TFSMLayer(folder) runs it on TensorFlow, without its layers."
        )
    try:
        is_hdf5 = signature(path) == HDF5_SIGNATURE
        model = _of_hdf5(path) if is_hdf5 else _of_archive(path)
        check_finite_weights(model, path)
        return model
    except ModelFileError:
        raise
    # Keras and zipfile raise anything for a damaged file; MemoryError for a false size.
    except Exception as error:
        raise ModelFileError(
            f"{printable(path.name)} can't be loaded: {_reason(path, error)}"
        ) from error


def _of_archive(path: Path) -> Any:
    if not zipfile.is_zipfile(path):
        raise ModelFileError(
            f"{printable(path.name)} is damaged, or is not a model that Keras saved (.keras or "
            ".h5)."
        )
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if _CONFIG not in names:
            has_weights = WEIGHTS_IN_MODEL in names
            raise ModelFileError(
                f"{printable(path.name)} is an archive without {_CONFIG}, which says how its model "
                f"is built. {_REBUILD if has_weights else 'It is damaged, or of another kind.'}"
            )
        broken = archive.testzip()
        if broken is not None:
            raise ModelFileError(
                f"{printable(path.name)} is damaged in {printable(broken)}: its checksum is wrong."
            )
        class_names = archive.read(CLASS_NAMES_MEMBER) if CLASS_NAMES_MEMBER in names else None
    if path.suffix == ".keras":
        model = keras.saving.load_model(path, safe_mode=True)
    else:
        with named(path, ".keras") as name:
            model = keras.saving.load_model(name, safe_mode=True)
    if not isinstance(model, keras.Model):
        raise ModelFileError(
            f"{printable(path.name)} holds a {type(model).__name__}, which is not a keras.Model."
        )
    if class_names is None:
        return model
    try:
        return set_class_names(model, json.loads(class_names))
    except ValueError as error:
        raise ModelFileError(
            f"The names of classes in {printable(path.name)} are damaged: {error}"
        ) from error


def _of_hdf5(path: Path) -> Any:
    with opened(path) as file:
        if "model_config" not in file.attrs:
            raise ModelFileError(
                f"{printable(path.name)} is HDF5 without the configuration of a model: it holds "
                f"only weights. {_REBUILD}"
            )
        is_compiled = "training_config" in file.attrs
    with named(path, ".h5") as name:
        if not is_compiled:
            return keras.saving.load_model(name, compile=False, safe_mode=True)
        try:
            return keras.saving.load_model(name, safe_mode=True)
        except Exception as error:
            model = keras.saving.load_model(name, compile=False, safe_mode=True)
            first = str(error).strip().splitlines()
            warn(
                f"{printable(path.name)} is loaded without its loss and optimizer "
                f"({first[0] if first else ''}): compile the model before you train it."
            )
            return model


def _reason(path: Path, error: Exception) -> str:
    """Say what went wrong, and what to do."""
    text = str(error)
    unknown = _UNKNOWN.search(text)
    if unknown:
        name = unknown[1] or unknown[2]
        return (
            f"it has {name!r}, which this process doesn't know. Import the module that registers "
            "it with keras.saving.register_keras_serializable, or load within "
            f"keras.saving.custom_object_scope({{{name!r}: ...}}).{_about_version(path)}"
        )
    # Keras puts a whole configuration before the inner error.
    lines = text.split("Exception encountered:")[-1].strip().splitlines()
    shown = f": {lines[0][:_LONGEST].rstrip('.')}." if lines else "."
    if "afe" in text and "ambda" in text:
        shown = f": {' '.join(text.split())}"
    return f"{type(error).__name__}{shown}{_about_version(path)}"


def _about_version(path: Path) -> str:
    """Return a sentence that says so if Keras 1 or 2 wrote the file, else ""."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                version = json.loads(archive.read(_METADATA))["keras_version"]
        else:
            with opened(path) as file:
                version = file.attrs.get("keras_version", "")
                version = version.decode() if isinstance(version, bytes) else version
    except Exception:  # the file is damaged, and the version would only add to the message
        return ""
    is_old = str(version).split(".")[0] in ("1", "2")
    return f" The file was written by Keras {version}. {_REBUILD}" if is_old else ""
