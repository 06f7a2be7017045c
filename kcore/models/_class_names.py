"""The names of a model's classes, in memory and in the file of a saved model."""

import json
import os
import zipfile
from collections.abc import Sequence
from typing import Any

from kcore._arguments import check_path
from kcore._files import replacing
from kcore.models._arguments import check_model
from kcore.models._probabilities import output_units

__all__ = ["LABELS_MEMBER", "check_labels", "get_labels", "save", "set_labels"]

LABELS_MEMBER = "kcore/labels.json"


def set_labels(model: Any, labels: Sequence[str]) -> Any:
    """Give a classifier the names of its classes; `model.labels` has them afterwards.

    Args:
        model: a `keras.Model` whose one output is `(batch, classes)`.
        labels: different names in the order of the classes; two for one sigmoid output, of which
            the second is what the output is the probability of.

    Returns:
        `model` itself.

    Raises:
        ValueError: if there are not as many names as classes, or one twice or not text.
    """
    model.labels = check_labels(model, labels)
    return model


def get_labels(model: Any) -> tuple[str, ...] | None:
    """Return the names of a model's classes, or `None` if it has none."""
    labels = getattr(model, "labels", None)
    return None if labels is None else tuple(labels)


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Save a model with its labels in one `.keras` file, which `keras.saving.load_model` reads too.

    The labels are one more member of the archive, and plain Keras passes over it.

    Args:
        model: a `keras.Model`.
        path: a name that ends in `.keras`. A file that is there stays until the new one is whole.

    Raises:
        ValueError: if the name has another ending.
    """
    check_model(model)
    path = check_path("path", path)
    if path.suffix != ".keras":
        raise ValueError(f"path={str(path)!r} must end in .keras.")
    with replacing(path, ".keras") as unfinished:
        model.save(unfinished)
        labels = get_labels(model)
        if labels is not None:
            with zipfile.ZipFile(unfinished, "a") as archive:
                archive.writestr(LABELS_MEMBER, json.dumps(labels, ensure_ascii=False))


def check_labels(model: Any, labels: Any) -> tuple[str, ...]:
    """Return labels as a tuple, or say what is wrong with them for this model."""
    if isinstance(labels, str) or not isinstance(labels, Sequence):
        raise ValueError(f"labels={labels!r} must be a sequence of names.")
    units = output_units(model)
    expected = 2 if units == 1 else units
    if len(labels) != expected:
        kind = "a sigmoid output" if units == 1 else f"{units} classes"
        raise ValueError(f"labels has {len(labels)} names; {kind} needs {expected}.")
    if not all(isinstance(label, str) for label in labels) or len(set(labels)) < len(labels):
        raise ValueError(f"labels={labels!r} must be different names.")
    return tuple(labels)
