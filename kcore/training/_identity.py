"""What a checkpoint was made with, and whether a new process may resume from it."""

import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kcore._warning import warn
from kcore.data._image_batches import ImageBatches
from kcore.data._resumption import digest_of, fingerprint
from kcore.training._model_state import (
    UNTOLD,
    describe_model,
    describe_optimizer,
    initial_weights,
    learning_rate,
)

__all__ = ["check_identity", "identity"]

# Pixels depend on rounding, which differs between processors.
_TOLERANCE = 1e-2


def identity(
    model: Any,
    data: ImageBatches,
    validation_data: Any,
    arguments: Mapping[str, Any],
    callbacks: Sequence[Any],
    logs: Sequence[str],
) -> dict[str, Any]:
    """Return what must not change when a training run is resumed, as values for JSON.

    Args:
        model: the model, whose variables exist.
        data: the dataset.
        validation_data: a dataset, arrays or None.
        arguments: further arguments of `fit`.
        callbacks: the callbacks.
        logs: the names of the model's logs.
    """
    is_dataset = isinstance(validation_data, ImageBatches)
    return {
        "backend": keras.backend.backend(),
        "model": {**describe_model(model), "logs": list(logs)},
        "optimizer": describe_optimizer(model.optimizer),
        "data": fingerprint(data),
        "validation_data": fingerprint(validation_data) if is_dataset else _arrays(validation_data),
        "fit": dict(arguments),
        "callbacks": [_callback(callback) for callback in callbacks],
        "learning_rate": learning_rate(model.optimizer),
        "initial_weights": initial_weights(model),
        "versions": _versions(),
    }


def check_identity(
    resume: str, saved: dict[str, Any], now: dict[str, Any], rate: float | None
) -> None:
    """Raise a ValueError if a run differs from the one of the checkpoint, or warn if it may.

    Args:
        resume: the directory, for messages.
        saved: `identity` of the run that wrote the checkpoint.
        now: `identity` of this run.
        rate: the learning rate at the checkpoint, to which callbacks may have changed it.
    """
    kinds = ("backend", "model", "optimizer", "data", "validation_data", "fit", "callbacks")
    differences = [text for kind in kinds for text in _differences(kind, saved[kind], now[kind])]
    if now["learning_rate"] not in (saved["learning_rate"], rate):
        differences.append(
            f"learning_rate was {saved['learning_rate']} and is {now['learning_rate']}"
        )
    if differences:
        raise ValueError(
            f"resume={resume!r} holds a training run that began differently: "
            f"{'; '.join(differences)}. Give what it began with, or another directory."
        )
    untold = [name for name in ("layers", "loss_weights") if now["model"][name] == UNTOLD]
    if untold:
        warn(
            f"model can't tell its {' and '.join(untold)}, as Keras can't serialize them: they are "
            f"not compared with those of the training run in resume={resume!r}. Give the classes "
            "the method get_config()."
        )
    if saved["versions"] != now["versions"]:
        changes = _differences("version", saved["versions"], now["versions"])
        warn(
            f"resume={resume!r} was written with other versions: {'; '.join(changes)}. Training "
            "continues, but its result may differ from that of a single version."
        )
    if None not in (saved["initial_weights"], now["initial_weights"]) and (
        saved["initial_weights"] != now["initial_weights"]
    ):
        warn(
            f"model has other initial weights than the training run in resume={resume!r}, as if "
            "from another seed. They are replaced by those of the checkpoint."
        )


def _differences(name: str, saved: Any, now: Any) -> list[str]:
    """Return what differs, as sentences that name both values."""
    if name == "data first_batch" or name == "validation_data first_batch":
        return [] if _close(saved, now) else [f"{name}: other values in the first batch"]
    if isinstance(saved, dict) and isinstance(now, dict):
        names = dict.fromkeys([*saved, *now])
        return [
            text
            for key in names
            for text in _differences(f"{name} {key}", saved.get(key), now.get(key))
        ]
    if saved == now:
        return []
    if name == "model logs":
        hint = 'give metrics that Keras numbers a name, as in keras.metrics.AUC(name="auc")'
        return [f"the names of the logs were {_short(saved)} and are {_short(now)} ({hint})"]
    if name == "model layers":
        return ["the layers of model have other settings, such as another seed or rate"]
    if name == "model variables":
        return [_first_difference(saved, now)]
    return [f"{name} was {_short(saved)} and is {_short(now)}"]


def _first_difference(saved: list[Any], now: list[Any]) -> str:
    for before, after in zip(saved, now, strict=False):
        if before != after:
            return f"a variable of model was {_variable(before)} and is {_variable(after)}"
    return f"model had {len(saved)} variables and has {len(now)}"


def _variable(described: list[Any]) -> str:
    path, shape, dtype, is_trained = described
    return f"{path} of shape {tuple(shape)} and {dtype}{'' if is_trained else ', not trained,'}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _close(saved: Any, now: Any) -> bool:
    return len(saved) == len(now) and all(map(_are_close, saved, now))


def _are_close(saved: list[float], now: list[float]) -> bool:
    if len(saved) != len(now):
        return False
    before, after = np.array(saved), np.array(now)
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    difference = np.where(same, 0.0, np.abs(before - after))
    scale = np.abs(before[np.isfinite(before)])
    return bool(difference.mean() <= _TOLERANCE * scale.mean()) if not same.all() else True


def _arrays(validation_data: Any) -> Any:
    if isinstance(validation_data, tuple | list):
        return [_array(leaf) for leaf in keras.tree.flatten(list(validation_data))]
    return None if validation_data is None else type(validation_data).__name__


def _array(leaf: Any) -> Any:
    shape = list(getattr(leaf, "shape", ()))
    return [shape, digest_of(leaf)] if isinstance(leaf, np.ndarray) and leaf.size else [shape]


def _callback(callback: Any) -> str:
    """Return the class of a callback and what it monitors, to which its state belongs."""
    monitor = getattr(callback, "monitor", None)
    mode = getattr(callback, "mode", None)
    of = f"(monitor={monitor!r}, mode={mode!r})" if isinstance(monitor, str) else ""
    return f"{type(callback).__name__}{of}"


def _versions() -> dict[str, str]:
    found = {"keras": keras.version()}
    for package in ("kcore", "jax", "tensorflow", "tensorflow-cpu"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    other = {"jax": ("tensorflow", "tensorflow-cpu"), "tensorflow": ("jax",)}
    for package in other.get(keras.backend.backend(), ()):
        found.pop(package, None)
    return found
