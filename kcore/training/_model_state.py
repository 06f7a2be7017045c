"""The state of a model in training: its variables, and what tells two models apart."""

import hashlib
import json
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore.training._configurations import described, text_of, without_number

__all__ = [
    "UNTOLD",
    "arrays_of",
    "assign",
    "build",
    "describe_model",
    "describe_optimizer",
    "describe_variables",
    "initial_weights",
    "learning_rate",
    "training_variables",
]

UNTOLD = "not told"
"""Stands for what a model of the user's own class doesn't tell, which can't be compared."""

# What Keras raises for an object without `get_config`, or that it can't serialize, or for a lambda
# whose source is in no file.
_CAN_NOT_TELL = (NotImplementedError, TypeError, ValueError, OSError)


def build(model: Any, batch: Any) -> list[str]:
    """Create all variables of a compiled model, its optimizer and its metrics.

    Args:
        model: the model.
        batch: a batch of its training data. TensorFlow creates the variables of metrics when they
            are first used.

    Returns:
        The names of its logs, sorted.
    """
    used = keras.utils.unpack_x_y_sample_weight(batch)
    logs = model.test_on_batch(*used, return_dict=True)
    model.reset_metrics()
    model.optimizer.build(model.trainable_variables)
    return sorted(logs)


def arrays_of(model: Any) -> list[npt.NDArray[Any]]:
    """Return the values of all variables, to be read before training continues.

    These are the weights, the states of layers such as seed generators, and the variables of the
    optimizer and of the metrics. On JAX, reading `trainable_variables` within `fit` first brings
    the variables up to date.
    """
    return [keras.ops.convert_to_numpy(variable.value) for variable in _variables(model)]


def assign(model: Any, arrays: Sequence[npt.NDArray[Any]], *, with_metrics: bool) -> None:
    """Set all variables, those of the metrics only if asked for."""
    variables = _variables(model)
    if not with_metrics:
        variables = variables[: len(variables) - len(model.metrics_variables)]
    for variable, array in zip(variables, arrays, strict=False):
        variable.assign(array)


def describe_model(model: Any) -> dict[str, Any]:
    """Return what tells two compiled models apart, as values for JSON."""
    return {
        "variables": describe_variables(model),
        "layers": _digest_of_layers(model),
        "loss": described(model.loss),
        "loss_weights": _loss_weights(model),
        "steps_per_execution": int(model.steps_per_execution),
        "jit_compile": bool(model.jit_compile),
        "run_eagerly": bool(model.run_eagerly),
    }


def describe_variables(model: Any) -> list[Any]:
    """Return path, shape, dtype and whether it is trained, of all variables in their order."""
    trained = len(model.trainable_variables)
    return [
        [without_number(variable.path), list(variable.shape), str(variable.dtype), number < trained]
        for number, variable in enumerate(_variables(model))
    ]


def describe_optimizer(optimizer: Any) -> dict[str, Any]:
    """Return the class and the settings of an optimizer, but for a constant learning rate."""
    config = {**optimizer.get_config()}
    config.pop("name", None)
    if learning_rate(optimizer) is not None:
        config.pop("learning_rate", None)
    return {"class": type(optimizer).__name__, **json.loads(text_of(config))}


def learning_rate(optimizer: Any) -> float | None:
    """Return a learning rate that is a number; None for a schedule, or several optimizers."""
    rate = optimizer.get_config().get("learning_rate")
    return float(rate) if isinstance(rate, float | int | np.generic) else None


def initial_weights(model: Any) -> str | None:
    """Return a hash of the weights of a model that has not been trained yet, or None."""
    # With gradient accumulation it is a tensor, and no variable.
    iterations = model.optimizer.iterations
    if int(keras.ops.convert_to_numpy(getattr(iterations, "value", iterations))):
        return None
    digest = hashlib.sha256()
    for variable in model.trainable_variables:
        digest.update(keras.ops.convert_to_numpy(variable.value).tobytes())
    return digest.hexdigest()


def training_variables(model: Any) -> list[Any]:
    """Return the variables of a model's layers and of its optimizer."""
    return [
        *model.trainable_variables,
        *model.non_trainable_variables,
        *model.optimizer.variables,
    ]


def _variables(model: Any) -> list[Any]:
    return [*training_variables(model), *model.metrics_variables]


def _digest_of_layers(model: Any) -> str:
    config = _told(lambda: keras.saving.serialize_keras_object(model)["config"])
    return UNTOLD if config is UNTOLD else hashlib.sha256(text_of(config).encode()).hexdigest()[:16]


def _loss_weights(model: Any) -> Any:
    return _told(lambda: described(model.get_compile_config().get("loss_weights")))


def _told(tell: Callable[[], Any]) -> Any:
    try:
        with warnings.catch_warnings():
            # Keras warns of lambdas, which are unsafe to load. Nothing is loaded from this.
            warnings.simplefilter("ignore")
            return tell()
    except _CAN_NOT_TELL:
        return UNTOLD
