"""Decide where layers compute in another way than Keras's, and prepare their inputs."""

import functools
from typing import Any

import keras

__all__ = ["as_floats", "avoids_xla_on_cpu", "check_fit", "computes_on_cpus"]

_FLOATS = ("float16", "bfloat16", "float32", "float64")


def avoids_xla_on_cpu() -> bool:
    """Tell whether XLA compiles for a CPU, whose gradients of convolutions and pools are slow.

    Only JAX uses XLA there by default. Under a distribution, its own lowerings stay: they say how
    an operation is divided between devices.
    """
    is_alone = keras.distribution.distribution() is None
    return keras.backend.backend() == "jax" and is_alone and computes_on_cpus()


@functools.cache
def computes_on_cpus() -> bool:
    """Tell whether the backend has no device but CPUs."""
    return all(device.startswith("cpu") for device in keras.distribution.list_devices())


def as_floats(layer: Any, x: Any) -> Any:
    """Cast integers and booleans to the layer's compute dtype; Keras casts floats alone."""
    if keras.backend.standardize_dtype(x.dtype) in _FLOATS:
        return x
    return keras.ops.cast(x, layer.compute_dtype)


def check_fit(layer: Any, x: Any) -> None:
    """Refuse windows that don't fit; Keras checks only symbolic inputs, and TensorFlow may die.

    Raises:
        ValueError: with the text of Keras.
    """
    layer.compute_output_shape(tuple(x.shape))
