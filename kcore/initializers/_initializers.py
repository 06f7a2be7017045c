"""Subclasses of Keras's initializers that draw their numbers with `kcore.random`."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kcore import random
from kcore.initializers._draws import fans, orthogonal, variance_scaling
from kcore.random._normals import truncated_normal

__all__ = [
    "Drawn",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
]

_register = keras.saving.register_keras_serializable("kcore")


class Drawn(keras.initializers.Initializer):
    """Calls `_draw` with the key of the seed, where Keras would call its backend."""

    seed: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        seed = kwargs.get("seed")
        # A dictionary is the configuration of a seed generator.
        if seed is not None and not isinstance(seed, (keras.random.SeedGenerator, dict)):
            random.key(seed)  # raises an error if it is not an integer in range
            kwargs["seed"] = int(seed)
        super().__init__(*args, **kwargs)
        if not isinstance(self.seed, keras.random.SeedGenerator):
            random.key(self.seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return a tensor of `shape`, drawn in float32 and cast to `dtype`."""
        dtype = keras.backend.standardize_dtype(dtype)
        if not dtype.startswith(("float", "bfloat")):
            raise ValueError(
                f"dtype={dtype!r} can't hold the numbers of {type(self).__name__}: give a float "
                "dtype."
            )
        shape = tuple(int(size) for size in shape)
        values = self._draw(self._key(), shape) if math.prod(shape) else np.zeros(shape, "float32")
        return keras.ops.cast(keras.ops.convert_to_tensor(values, "float32"), dtype)

    def _draw(self, key: Any, shape: tuple[int, ...]) -> Any:
        """Return a float32 array of `shape`, drawn from `key` alone."""
        raise NotImplementedError

    def _key(self) -> Any:
        if not isinstance(self.seed, keras.random.SeedGenerator):
            return random.key(self.seed)
        try:
            state = np.asarray(keras.ops.convert_to_numpy(self.seed.next()))
        except Exception as error:  # of another class on each backend
            raise ValueError(
                f"seed={self.seed!r} can't be read in a compiled function: build the layer or the "
                "model first, or give an integer."
            ) from error
        return random.fold_in(state.astype("uint32"), 0)


class _Scaled(Drawn):
    """Draws what a `VarianceScaling` of Keras describes."""

    scale: float
    mode: str
    distribution: str
    input_axes: Any
    output_axes: Any

    def _draw(self, key: Any, shape: tuple[int, ...]) -> Any:
        # Keras 3.14 doesn't have these arguments.
        axes = (getattr(self, name, None) for name in ("input_axes", "output_axes"))
        counts = fans(shape, *axes)
        return variance_scaling(key, shape, counts, self.scale, self.mode, self.distribution)


@_register
class VarianceScaling(_Scaled, keras.initializers.VarianceScaling):
    """Draw kernels of variance `scale` / n, as `keras.initializers.VarianceScaling` does.

    n is the number of a unit's inputs (`mode="fan_in"`) or outputs ("fan_out"), or the mean of both
    ("fan_avg"). `distribution` is "truncated_normal", "untruncated_normal" or "uniform". The
    arguments are those of Keras. The floats are the same on every backend.

    Example:
        >>> import kcore
        >>> draw = kcore.initializers.VarianceScaling(2.0, mode="fan_out", seed=7)
        >>> tuple(draw((3, 3, 16, 32)).shape)
        (3, 3, 16, 32)
    """


@_register
class GlorotUniform(_Scaled, keras.initializers.GlorotUniform):
    """Draw from U(-a, a) with a = sqrt(6 / (fan_in + fan_out)); the argument is `seed`.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010. The floats are the same on every backend.

    Example:
        >>> import keras, kcore
        >>> initializer = kcore.initializers.GlorotUniform(seed=7)
        >>> layer = keras.layers.Dense(10, kernel_initializer=initializer)
    """


@_register
class GlorotNormal(_Scaled, keras.initializers.GlorotNormal):
    """Draw a truncated normal of variance 2 / (fan_in + fan_out); the argument is `seed`.

    Source: Glorot and Bengio, as for `GlorotUniform`. The floats are the same on every backend.
    """


@_register
class HeUniform(_Scaled, keras.initializers.HeUniform):
    """Draw from U(-a, a) with a = sqrt(6 / fan_in); the argument is `seed`.

    Source: He and others, "Delving deep into rectifiers", ICCV 2015. The floats are the same on
    every backend.
    """


@_register
class HeNormal(_Scaled, keras.initializers.HeNormal):
    """Draw a truncated normal of variance 2 / fan_in; the argument is `seed`.

    Source: He and others, as for `HeUniform`. The floats are the same on every backend.
    """


@_register
class LecunUniform(_Scaled, keras.initializers.LecunUniform):
    """Draw from U(-a, a) with a = sqrt(3 / fan_in); the argument is `seed`.

    Source: LeCun and others, "Efficient backprop", 1998. The floats are the same on every backend.
    """


@_register
class LecunNormal(_Scaled, keras.initializers.LecunNormal):
    """Draw a truncated normal of variance 1 / fan_in; the argument is `seed`.

    Source: LeCun and others, as for `LecunUniform`. The floats are the same on every backend.
    """


@_register
class RandomUniform(Drawn, keras.initializers.RandomUniform):
    """Draw from U(`minval`, `maxval`), the same floats on every backend.

    The arguments are those of `keras.initializers.RandomUniform`: `minval=-0.05`, `maxval=0.05` and
    `seed=None`.
    """

    def _draw(self, key: Any, shape: tuple[int, ...]) -> Any:
        """Return a float32 array of `shape`, drawn from `key` alone."""
        return random.uniform(key, shape, self.minval, self.maxval)


@_register
class RandomNormal(Drawn, keras.initializers.RandomNormal):
    """Draw from a normal distribution, the same floats on every backend.

    The arguments are those of `keras.initializers.RandomNormal`: `mean=0.0`, `stddev=0.05` and
    `seed=None`.
    """

    def _draw(self, key: Any, shape: tuple[int, ...]) -> Any:
        """Return a float32 array of `shape`, drawn from `key` alone."""
        return random.normal(key, shape, self.mean, self.stddev)


@_register
class TruncatedNormal(Drawn, keras.initializers.TruncatedNormal):
    """Draw from a normal distribution cut at two `stddev` from its mean.

    The arguments are those of `keras.initializers.TruncatedNormal`: `mean=0.0`, `stddev=0.05` and
    `seed=None`. As in Keras, `stddev` is the standard deviation before the cut; after the cut it is
    0.8796 times as large. The floats are the same on every backend.
    """

    def _draw(self, key: Any, shape: tuple[int, ...]) -> Any:
        """Return a float32 array of `shape`, drawn from `key` alone."""
        return truncated_normal(key, shape, self.mean, self.stddev)


@_register
class Orthogonal(Drawn, keras.initializers.Orthogonal):
    """Draw a matrix with orthogonal columns, or rows if there are fewer rows, times `gain`.

    The arguments are those of `keras.initializers.Orthogonal`: `gain=1.0` and `seed=None`. All axes
    but the last count as rows. NumPy computes the matrix by a QR decomposition in float64, so it is
    the same on every backend. On another machine, another linear algebra library may change the
    last bit of some float32 values.
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return a tensor of `shape`, which has two or more axes."""
        if len(shape) < 2:
            raise ValueError(
                f"shape={tuple(shape)} has {len(shape)} axes: an orthogonal matrix needs 2 or more."
            )
        return super().__call__(shape, dtype)

    def _draw(self, key: Any, shape: tuple[int, ...]) -> Any:
        """Return a float32 array of `shape`, drawn from `key` alone."""
        return orthogonal(key, shape, self.gain)
