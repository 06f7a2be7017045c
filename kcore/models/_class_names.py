"""The names of a model's classes, in memory and in the file of a saved model."""

import json
import os
import zipfile
from collections.abc import Sequence
from typing import Any, TypeVar

import keras

from kcore._arguments import check_path
from kcore._files import replacing
from kcore.data._division import alone
from kcore.models._arguments import check_model
from kcore.models._probabilities import output_units

__all__ = ["CLASS_NAMES_MEMBER", "check_class_names", "get_class_names", "save", "set_class_names"]

CLASS_NAMES_MEMBER = "kcore/class_names.json"

Model = TypeVar("Model", bound=keras.Model)


def set_class_names(model: Model, class_names: Sequence[str]) -> Model:
    """Give a classifier the names of its classes, which `model.class_names` holds afterwards.

    Args:
        model: a `keras.Model` whose one output is `(batch, classes)`.
        class_names: different names in the order of the classes; two for one sigmoid output, which
            is the probability of the second.

    Returns:
        `model` itself.

    Raises:
        ValueError: if there are not as many names as classes, or a name appears twice or is not
            text.
    """
    model.class_names = check_class_names(model, class_names)
    return model


def get_class_names(model: Any) -> tuple[str, ...] | None:
    """Return the names of a model's classes, or `None` if it has none."""
    class_names = getattr(model, "class_names", None)
    return None if class_names is None else tuple(class_names)


def save(model: keras.Model, path: str | os.PathLike[str]) -> None:
    """Save a model with the names of its classes in one `.keras` file.

    `keras.saving.load_model` reads the file too: the names are one more member of the archive,
    which plain Keras ignores. Of several processes that train together, one may call it; in
    `model.save` it would wait for the others.

    Args:
        model: a `keras.Model`.
        path: a name that ends in `.keras`. A file that exists there stays until the new one is
            complete.

    Raises:
        ValueError: if the name has another ending.
    """
    check_model(model)
    path = check_path("path", path)
    if path.suffix != ".keras":
        raise ValueError(f"path={str(path)!r} must end in .keras.")
    with replacing(path, ".keras") as unfinished:
        with alone():
            model.save(unfinished)
        class_names = get_class_names(model)
        if class_names is not None:
            with zipfile.ZipFile(unfinished, "a") as archive:
                text = json.dumps(class_names, ensure_ascii=False)
                archive.writestr(CLASS_NAMES_MEMBER, text)


def check_class_names(model: Any, class_names: Any) -> tuple[str, ...]:
    """Return the names of classes as a tuple, or say why they don't fit this model."""
    if isinstance(class_names, str) or not isinstance(class_names, Sequence):
        raise ValueError(f"class_names={class_names!r} must be a sequence of names.")
    units = output_units(model)
    expected = 2 if units == 1 else units
    if len(class_names) != expected:
        kind = "a sigmoid output needs" if units == 1 else f"{units} classes need"
        raise ValueError(f"class_names has {len(class_names)} names; {kind} {expected}.")
    is_text = all(isinstance(name, str) for name in class_names)
    if not is_text or len(set(class_names)) < len(class_names):
        raise ValueError(f"class_names={class_names!r} must be different names.")
    return tuple(class_names)
