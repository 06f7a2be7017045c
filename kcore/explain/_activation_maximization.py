"""Images that a filter or a class answers to most strongly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore import random
from kcore._arguments import check_finite, check_integer, check_shape
from kcore._arrays import read_array
from kcore._warning import warn
from kcore.explain._class_scores import check_score, indices, selector
from kcore.explain._heat_maps import warn_of_holes
from kcore.inspect._layer_outputs import Seen
from kcore.inspect._model_inputs import image_size
from kcore.inspect._model_runner import Reader, reader_of
from kcore.inspect._selection import one_output_of
from kcore.models._arguments import check_at_most, check_model

__all__ = ["ActivationMaximization", "maximize_activation"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

# The first images: noise around the middle, this wide as a part of the range of values.
_SPREAD = 0.05
_MOST_STEPS = 10_000


@dataclass(frozen=True)
class ActivationMaximization:
    """Images that were made to raise an activation.

    Attributes:
        images: float32, one for each filter or class: (images, height, width, channels), or
            (images, channels, height, width) for a channels_first model; in the range of values.
        activations: (images, steps + 1) float32, the activation of the image before each step and
            after the last.
    """

    images: Floats
    activations: Floats


def maximize_activation(
    model: Any,
    layer: Any = None,
    filters: int | Sequence[int] | None = None,
    class_index: int | Sequence[int] | None = None,
    *,
    input_shape: Sequence[int] | None = None,
    value_range: tuple[float, float] = (0.0, 1.0),
    steps: int = 64,
    smoothness: float = 1.0,
    seed: int = 0,
    batch_size: int = 32,
) -> ActivationMaximization:
    """Make images that a filter of a layer, or a class, answers to strongly.

    Gradient ascent from noise around the middle of the range of values (Erhan and others,
    "Visualizing higher-layer features of a deep network", 2009). Each step follows the gradient,
    blurred and divided by its root mean square, for a part of the range that falls from 5 % to
    nothing, and clips to the range. The blur, which falls to nothing too, lets large shapes grow
    before fine patterns; without it the fine patterns win, which mean little to the eye. What rises
    is the mean of the filter's output over all positions, or the score of the class (see
    `class_scores`). The image that was best on the way is returned. The noise depends on the seed
    and the place in `filters` or `class_index` alone. A filter whose activation is zero on all of
    the noise, as behind a ReLU, has no gradient to follow; its image stays noise, and a warning
    gives its place.

    Args:
        model: a Keras model with one input.
        layer: a layer: its name as in `activations`, an index into `model.layers`, or the layer;
            None for classes.
        filters: filters of the layer, counted from 0; None means all.
        class_index: classes, where no layer is given.
        input_shape: (height, width, channels) of the images, without the batch axis; needed where
            the model takes any size.
        value_range: the lowest and the highest value that the model takes.
        steps: steps of the ascent.
        smoothness: standard deviation in pixels of the blur at the first step; 0 for none.
        seed: integer of at least 0; see `kcore.random.key`.
        batch_size: the most images that run at a time.

    Returns:
        The images, and how the activation rose.

    Raises:
        TypeError: if `model` is no Keras model.
        ValueError: if not exactly one of `layer` and `class_index` is given, there are `filters`
            without a layer, one is not in the model, or another argument is out of range.

    Example:
        >>> import kcore
        >>> model = kcore.models.cnn(seed=0)
        >>> found = kcore.explain.maximize_activation(model, class_index=[2, 5], steps=4)
        >>> found.images.shape, found.activations.shape
        ((2, 28, 28, 1), (2, 5))
    """
    check_model(model)
    if (layer is None) == (class_index is None):
        raise ValueError("Give either layer, with filters, or class_index.")
    if layer is None and filters is not None:
        raise ValueError(f"filters={filters!r} are those of a layer; leave them out for classes.")
    low, high = _checked_range(value_range)
    steps = check_at_most("steps", check_integer("steps", steps), _MOST_STEPS)
    shape = _input_shape(model, input_shape)
    probe = np.zeros((1, *shape), keras.config.floatx())
    of, chosen = _targets(model, reader_of(model, probe, 1), layer, filters, class_index)
    keys = random.fold_in(random.key(seed), np.arange(len(chosen)))
    noise = random.normal(keys, shape).clip(-3, 3)
    start = (low + high) / 2 + _SPREAD * (high - low) * noise
    reader = reader_of(model, start.astype(probe.dtype), check_integer("batch_size", batch_size))
    reader.check_differentiable()
    blur = _at_least_zero("smoothness", smoothness)
    return _ascend(reader, start, _selector(reader, of, chosen), of, (low, high), steps, blur)


def _ascend(
    reader: Reader,
    images: Array,
    chosen: Floats,
    of: Seen | None,
    value_range: tuple[float, float],
    steps: int,
    smoothness: float,
) -> ActivationMaximization:
    low, high = value_range
    best, history = images, np.empty((len(images), steps + 1), np.float32)
    is_moved = np.zeros(len(images), bool)
    dtype = keras.config.floatx()
    for step in range(steps + 1):
        slopes, values, *_ = reader.backward(images.astype(dtype), chosen, None, of)
        is_moved |= slopes.any(axis=tuple(range(1, slopes.ndim)))
        history[:, step] = (values * chosen).sum(axis=-1)
        is_best = history[:, step] >= history[:, : step + 1].max(axis=1)
        best = np.where(is_best.reshape(-1, *[1] * (images.ndim - 1)), images, best)
        left = 1 - step / steps
        direction = _normalized(_blurred(slopes, smoothness * left, reader.is_channels_first))
        images = np.clip(images + 0.05 * (high - low) * left * direction, low, high)
    warn_of_holes("maximize_activation", "activations", history)
    _warn_of_unmoved(np.flatnonzero(~is_moved))
    return ActivationMaximization(best.astype(np.float32), history)


def _warn_of_unmoved(places: Array) -> None:
    if len(places):
        warn(
            "maximize_activation: these images stayed noise, because their activation has no "
            f"gradient there: {', '.join(map(str, places))}. Try another seed."
        )


def _blurred(slopes: Array, deviation: float, is_channels_first: bool) -> Array:
    """Blur along height and width with a normal distribution, cut off at the edges."""
    if deviation == 0:
        return slopes
    rows, columns = (_weights(size, deviation) for size in image_size(slopes, is_channels_first))
    signature = "ncyx,hy,wx->nchw" if is_channels_first else "nyxc,hy,wx->nhwc"
    return np.einsum(signature, slopes, rows, columns, optimize=True)


def _weights(size: int, deviation: float) -> Array:
    places = np.arange(size)
    distances = (places[:, None] - places) / deviation
    weights = np.exp(-(distances**2) / 2)
    return weights / weights.sum(axis=1, keepdims=True)


def _normalized(slopes: Array) -> Array:
    """Divide the gradient of each image by its root mean square; a zero one stays zero."""
    axes = tuple(range(1, slopes.ndim))
    # By the maximum first, so that squares of small numbers don't vanish.
    largest = np.abs(slopes).max(axis=axes, keepdims=True).astype(np.float64)
    scaled = np.divide(slopes, largest, out=np.zeros(slopes.shape), where=largest > 0)
    size = np.sqrt((scaled**2).mean(axis=axes, keepdims=True))
    return np.divide(scaled, size, out=np.zeros(slopes.shape), where=size > 0)


def _targets(
    model: Any, reader: Reader, layer: Any, filters: Any, class_index: Any
) -> tuple[Seen | None, Array]:
    """Return the output whose filters are meant, None for classes, and their numbers."""
    if layer is None:
        check_score(reader.score)
        numbers = np.atleast_1d(read_array("class_index", class_index))
        indices(reader.score, numbers, len(numbers))
        return None, numbers
    of = one_output_of(model, reader.seen, layer)
    numbers = (
        np.arange(of.channels) if filters is None else np.atleast_1d(read_array("filters", filters))
    )
    is_whole = np.issubdtype(numbers.dtype, np.integer) and numbers.ndim == 1 and numbers.size > 0
    if not is_whole or numbers.min() < 0 or numbers.max() >= of.channels:
        raise ValueError(
            f"filters={filters!r} must be integers from 0 to {of.channels - 1}: the layer "
            f"{of.name!r} has {of.channels} filters."
        )
    return of, numbers


def _selector(reader: Reader, of: Seen | None, chosen: Array) -> Floats:
    if of is None:
        return selector(reader.score, chosen, len(chosen))
    return np.eye(of.channels, dtype=np.float32)[chosen]


def _input_shape(model: Any, input_shape: Sequence[int] | None) -> tuple[int, ...]:
    if input_shape is None:
        inputs = getattr(model, "inputs", None) or []
        shapes = [tuple(one.shape[1:]) for one in inputs]
        if len(shapes) != 1 or None in shapes[0]:
            raise ValueError(
                f"The model's inputs {shapes or 'are unknown'}: give input_shape, the shape of one "
                "image, such as (300, 300, 3)."
            )
        input_shape = shapes[0]
    return check_shape(input_shape, ("height", "width", "channels"))


def _checked_range(value_range: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(value_range, (tuple, list)) or len(value_range) != 2:
        raise ValueError(f"value_range={value_range!r} must be (lowest, highest).")
    low, high = (check_finite("value_range", value) for value in value_range)
    if low >= high:
        raise ValueError(f"value_range={value_range!r} must be (lowest, highest).")
    return low, high


def _at_least_zero(name: str, value: Any) -> float:
    number = check_finite(name, value)
    if number < 0:
        raise ValueError(f"{name}={value!r} must be 0 or greater.")
    return number
