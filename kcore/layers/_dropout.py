"""Layers that drop elements or channels."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kcore.layers._arguments import (
    check_data_format,
    check_float,
    check_layer_seed,
    check_noise_shape,
    check_rate,
    sizes_of_noise,
)
from kcore.layers._element_words import element_words
from kcore.layers._precision import computed

__all__ = ["AlphaDropout", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"]

# Of the activation SELU: Klambauer and others, "Self-normalizing neural networks", NIPS 2017.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
_SATURATION = -_SELU_ALPHA * _SELU_SCALE


@keras.saving.register_keras_serializable(package="kcore")
class Dropout(keras.layers.Dropout):
    """Drop elements at random in training, and scale the others by 1 / (1 - rate).

    An element is kept if the upper 24 bits of its random word are below
    `round((1 - rate) * 2**24)`. So the rate is rounded to a multiple of 2**-24, and a rate below
    2**-25 drops nothing.

    Args:
        rate: fraction of elements to drop, 0 <= rate <= 1.
        noise_shape: shape of the mask, which is broadcast to the inputs: for each axis 1, the size
            of the axis, or None for that size. `None` gives each element its own random number.
        seed: integer, 0 <= seed < 2**32; `None` draws one.
        **kwargs: `name`, `dtype` and the other arguments of every layer.

    Call arguments:
        inputs: float tensor of any shape.
        training: whether to drop.

    Raises:
        ValueError: if an argument is out of range; when the layer is called, if `noise_shape`
            doesn't fit the inputs.
        TypeError: when the layer is called in training, if the inputs are not floats.

    Example:
        >>> import kcore, numpy as np
        >>> layer = kcore.layers.Dropout(0.5, seed=7)
        >>> np.asarray(layer(np.ones((2, 4), "float32"), training=True))
        array([[...]], dtype=float32)
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            check_rate(rate),
            noise_shape=check_noise_shape(noise_shape),
            seed=check_layer_seed(seed),
            **kwargs,
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`, with elements dropped in training."""
        return _dropped(self, inputs, self.noise_shape) if training else inputs


@keras.saving.register_keras_serializable(package="kcore")
class SpatialDropout1D(keras.layers.SpatialDropout1D):
    """Drop whole channels of sequences at random in training, and scale the others.

    Args:
        rate: fraction of channels to drop, 0 <= rate <= 1, rounded as in `Dropout`.
        seed: integer, 0 <= seed < 2**32; `None` draws one.
        **kwargs: `name` and `dtype`.

    Call arguments:
        inputs: float tensor (batch, steps, channels).
        training: whether to drop.

    Raises:
        ValueError: if an argument is out of range.
        TypeError: when the layer is called in training, if the inputs are not floats.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(check_rate(rate), seed=check_layer_seed(seed), **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`, with channels dropped in training."""
        return _dropped(self, inputs, (None, 1, None)) if training else inputs


@keras.saving.register_keras_serializable(package="kcore")
class SpatialDropout2D(keras.layers.SpatialDropout2D):
    """Drop whole channels of feature maps at random in training, and scale the others.

    Args:
        rate: fraction of channels to drop, 0 <= rate <= 1, rounded as in `Dropout`.
        data_format: "channels_last" or "channels_first"; `None` takes Keras's setting.
        seed: integer, 0 <= seed < 2**32; `None` draws one.
        **kwargs: `name` and `dtype`.

    Call arguments:
        inputs: float tensor (batch, height, width, channels), or (batch, channels, height, width).
        training: whether to drop.

    Raises:
        ValueError: if an argument is out of range.
        TypeError: when the layer is called in training, if the inputs are not floats.
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            check_rate(rate),
            data_format=check_data_format(data_format),
            seed=check_layer_seed(seed),
            **kwargs,
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`, with channels dropped in training."""
        return _dropped(self, inputs, _channels(self, axes=2)) if training else inputs


@keras.saving.register_keras_serializable(package="kcore")
class SpatialDropout3D(keras.layers.SpatialDropout3D):
    """Drop whole channels of volumes at random in training, and scale the others.

    Args:
        rate: fraction of channels to drop, 0 <= rate <= 1, rounded as in `Dropout`.
        data_format: "channels_last" or "channels_first"; `None` takes Keras's setting.
        seed: integer, 0 <= seed < 2**32; `None` draws one.
        **kwargs: `name` and `dtype`.

    Call arguments:
        inputs: float tensor (batch, depth, height, width, channels), or (batch, channels, depth,
            height, width).
        training: whether to drop.

    Raises:
        ValueError: if an argument is out of range.
        TypeError: when the layer is called in training, if the inputs are not floats.
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            check_rate(rate),
            data_format=check_data_format(data_format),
            seed=check_layer_seed(seed),
            **kwargs,
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`, with channels dropped in training."""
        return _dropped(self, inputs, _channels(self, axes=3)) if training else inputs


@keras.saving.register_keras_serializable(package="kcore")
class AlphaDropout(keras.layers.AlphaDropout):
    """Set elements to SELU's saturation value at random in training, and keep mean and variance.

    Inputs of mean 0 and variance 1 give outputs of mean 0 and variance 1. The mask is drawn as in
    `Dropout`.

    Args:
        rate: fraction of elements to drop, 0 <= rate < 1.
        noise_shape: shape of the mask, as in `Dropout`.
        seed: integer, 0 <= seed < 2**32; `None` draws one.
        **kwargs: `name`, `dtype` and the other arguments of every layer.

    Call arguments:
        inputs: float tensor of any shape.
        training: whether to drop.

    Raises:
        ValueError: if an argument is out of range; when the layer is called, if `noise_shape`
            doesn't fit the inputs.
        TypeError: when the layer is called in training, if the inputs are not floats.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            check_rate(rate, below_one=True),
            noise_shape=check_noise_shape(noise_shape),
            seed=check_layer_seed(seed),
            **kwargs,
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return `inputs`, with elements dropped in training."""
        if not training or not self.rate:
            return inputs
        is_kept = _is_kept(self, inputs, self.noise_shape)
        factor = ((1 - self.rate) * (1 + self.rate * _SATURATION**2)) ** -0.5
        offset = -_SATURATION * self.rate
        # The sum comes first: some compilers would fuse it with a product before it, which changes
        # the rounding.
        return computed(
            inputs,
            lambda x: (
                (ops.where(is_kept, x, _constant(_SATURATION, x)) + _constant(offset, x))
                * _constant(factor, x)
            ),
        )


def _dropped(layer: Any, inputs: Any, noise_shape: Sequence[int | None] | None) -> Any:
    if not layer.rate:
        return inputs
    is_kept = _is_kept(layer, inputs, noise_shape)
    factor = 1 / (1 - layer.rate) if layer.rate < 1 else 0.0
    # `where` comes last, so that no compiler fuses the product with what follows the layer.
    return computed(
        inputs, lambda x: ops.where(is_kept, x * _constant(factor, x), _constant(0.0, x))
    )


def _is_kept(layer: Any, inputs: Any, noise_shape: Sequence[int | None] | None) -> Any:
    """Draw a mask that broadcasts with the inputs, and count the call."""
    check_float(layer, inputs)
    sizes = sizes_of_noise(layer, inputs, noise_shape)
    words = element_words(layer.seed_generator.next(), sizes)
    upper_bits = ops.cast(ops.right_shift(words, np.uint32(8)), "int32")
    return upper_bits < np.int32(round((1 - layer.rate) * 2**24))


def _constant(value: float, like: Any) -> Any:
    return ops.cast(value, like.dtype)


def _channels(layer: Any, axes: int) -> tuple[int | None, ...]:
    """Return the shape of a mask that is the same at all positions of a channel."""
    positions = (1,) * axes
    is_first = layer.data_format == "channels_first"
    return (None, None, *positions) if is_first else (None, *positions, None)
