"""Layers that add normal noise, or multiply by it."""

import math
from typing import Any

import keras
from keras import ops

from kcore._arguments import check_finite
from kcore.layers._arguments import check_float, check_layer_seed, check_rate
from kcore.layers._element_words import element_words
from kcore.layers._precision import computed
from kcore.random._normals import normals_of
from kcore.random._scaling import check_float32

__all__ = ["GaussianDropout", "GaussianNoise"]

# `normals_of` takes standard deviations of at least 2**-60; that of a rate is about its root.
_SMALLEST, _SMALLEST_RATE = 1e-18, 1e-36


@keras.saving.register_keras_serializable(package="kcore")
class GaussianNoise(keras.layers.GaussianNoise):
    """Add normal noise of mean 0 in training.

    The noise is computed with the same table of the normal distribution as in
    `kcore.random.normal`.

    Args:
        stddev: standard deviation of the noise: 0, or 1e-18 <= stddev <= 1.
        seed: integer, 0 <= seed < 2**32; `None` draws one.
        **kwargs: `name`, `dtype` and the other arguments of every layer.

    Call arguments:
        inputs: float tensor of any shape.
        training: whether to add noise.

    Raises:
        ValueError: if an argument is out of range.
        TypeError: when the layer is called in training, if the inputs are not floats.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        number = check_finite("stddev", stddev)
        if number and not _SMALLEST <= number <= 1:
            raise ValueError(f"stddev={stddev!r} must be 0, or {_SMALLEST} <= stddev <= 1.")
        super().__init__(number, seed=check_layer_seed(seed), **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`, with noise added in training."""
        if not training or not self.stddev:
            return inputs
        noise = _normals(self, inputs, 0.0, self.stddev)
        return computed(inputs, lambda x: x + ops.cast(noise, x.dtype))


@keras.saving.register_keras_serializable(package="kcore")
class GaussianDropout(keras.layers.GaussianDropout):
    """Multiply by normal noise of mean 1 in training.

    The noise has the standard deviation sqrt(rate / (1 - rate)), which is also that of the factors
    by which `Dropout` multiplies. It is computed with the same table of the normal distribution as
    in `kcore.random.normal`.

    Args:
        rate: strength of the noise, as the rate of `Dropout`: 0, or 1e-36 <= rate < 1.
        seed: integer, 0 <= seed < 2**32; `None` draws one.
        **kwargs: `name`, `dtype` and the other arguments of every layer.

    Call arguments:
        inputs: float tensor of any shape.
        training: whether to multiply by noise.

    Raises:
        ValueError: if an argument is out of range.
        TypeError: when the layer is called in training, if the inputs are not floats.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        number = check_rate(rate, below_one=True)
        if 0 < number < _SMALLEST_RATE:
            raise ValueError(f"rate={rate!r} must be 0, or {_SMALLEST_RATE} <= rate < 1.")
        super().__init__(number, seed=check_layer_seed(seed), **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`, multiplied by noise in training."""
        if not training or not self.rate:
            return inputs
        noise = _normals(self, inputs, 1.0, self._stddev)
        return computed(inputs, lambda x: x * ops.cast(noise, x.dtype))

    @property
    def _stddev(self) -> float:
        return math.sqrt(self.rate / (1 - self.rate))


def _normals(layer: Any, inputs: Any, mean: float, stddev: float) -> Any:
    """Draw float32 numbers of the shape of the inputs, and count the call."""
    check_float(layer, inputs)
    words = element_words(layer.seed_generator.next(), ops.shape(inputs))
    return normals_of(ops, words, mean, check_float32("stddev", stddev))
