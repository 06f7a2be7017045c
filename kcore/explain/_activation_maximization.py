"""Images that a filter or a class responds to most strongly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image

from kcore import _notebook, random
from kcore._arguments import check_integer, check_not_negative, check_range, check_shape
from kcore._arrays import read_array
from kcore._warning import warn
from kcore.explain._array_summaries import array_summary, number_range
from kcore.explain._class_scores import check_score, class_indices, selector
from kcore.explain._heat_maps import channels_last, warn_of_holes
from kcore.inspect._layer_outputs import LayerOutput, LayerReference
from kcore.inspect._model_inputs import image_size
from kcore.inspect._model_runner import ModelRunner
from kcore.models._arguments import check_model

__all__ = ["ActivationMaximization", "maximize_activation"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

# The first images: noise around the middle, this wide as a fraction of the range of values.
_SPREAD = 0.05
_MOST_STEPS = 10_000
# A notebook shows this many images, each at least this many pixels wide and high.
_MOST_SHOWN = 16
_SHOWN_SIZE = 96


@dataclass(frozen=True, eq=False)
class ActivationMaximization:
    """Images that were made to raise an activation; a notebook shows them.

    Attributes:
        images: float32, one for each filter or class: (images, height, width, channels), or
            (images, channels, height, width) for a channels_first model; within `value_range`.
        activations: (images, steps + 1) float32, the activation of the image before each step and
            after the last.
        value_range: the lowest and the highest value that a pixel may have.
        data_format: data format of the images, "channels_last" or "channels_first".
    """

    images: Floats
    activations: Floats
    value_range: tuple[float, float]
    data_format: str

    def __repr__(self) -> str:
        return (
            f"ActivationMaximization({array_summary(self.images)}, activations from "
            f"{number_range(self.activations[:, 0])} to {number_range(self.activations.max(1))})"
        )

    def _repr_html_(self) -> str:
        maps = channels_last(self.images, self.data_format == "channels_first")
        if maps.shape[-1] not in (1, 3):
            return _notebook.summary(repr(self), [])
        low, high = self.value_range
        pixels = np.rint((maps[:_MOST_SHOWN] - low) / (high - low) * 255).astype(np.uint8)
        scale = max(1, -(-_SHOWN_SIZE // min(maps.shape[1:3])))
        shown = [
            _notebook.picture(
                Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image),
                f"image {index}, activation {rise.max():.4g}",
                scale=scale,
            )
            for index, (image, rise) in enumerate(zip(pixels, self.activations, strict=False))
        ]
        count = len(self.images)
        rest = f", the first {_MOST_SHOWN} shown" if count > _MOST_SHOWN else ""
        return _notebook.join(_notebook.summary(f"{count} images{rest}", []), *shown)


def maximize_activation(
    model: keras.Model,
    layer: LayerReference | None = None,
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
    """Make images that a filter of a layer, or a class, responds to strongly.

    This is gradient ascent from noise around the middle of the range of values (Erhan and others,
    "Visualizing higher-layer features of a deep network", 2009). Each step moves along the
    gradient, which is blurred and divided by its root mean square, and then clips the values to the
    range. The length of the steps falls from 5% of the range to 0. The blur also falls to 0: it
    lets large shapes grow before fine patterns, which would otherwise prevail and mean little to
    the eye. The activation is the mean of the filter's output over all positions, or the score of
    the class as in `class_scores`. The best image of all steps is returned. The noise depends only
    on the seed and the index in `filters` or `class_index`. A filter whose activation is zero
    everywhere on the noise, as is possible after a ReLU, has no gradient to follow: its image stays
    noise, and a warning gives its index.

    Args:
        model: a Keras model with one input.
        layer: the layer that has the filters: its name as in `kcore.inspect.activations` (in a
            nested model with or without the model's name, "base/mixed7" or "mixed7"), an index into
            `model.layers`, or the layer itself; None for classes.
        filters: filters of the layer, counted from 0; None means all.
        class_index: classes, if no layer is given.
        input_shape: shape of one image without the batch axis, such as (300, 300, 3); needed if the
            model takes any size.
        value_range: the lowest and the highest value that the model takes.
        steps: number of steps of the ascent, at most 10,000.
        smoothness: standard deviation in pixels of the blur at the first step; 0 for no blur.
        seed: an integer of at least 0.
        batch_size: the largest number of images that run at once.

    Returns:
        The images, and how the activation rose.

    Raises:
        TypeError: if `model` is not a Keras model, or `layer` is not a name, an index or a layer.
        ValueError: if not exactly one of `layer` and `class_index` is given, `filters` are given
            without a layer, one of them is not in the model, or another argument is out of range.

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
        raise ValueError(f"filters={filters!r} belong to a layer: leave them out for classes.")
    value_range = check_range("value_range", value_range)
    steps = check_integer("steps", steps, maximum=_MOST_STEPS)
    smoothness = check_not_negative("smoothness", smoothness)
    shape = _input_shape(model, input_shape)
    runner = ModelRunner(model, np.zeros((1, *shape), keras.config.floatx()), batch_size)
    target = (
        _of_classes(runner, class_index) if layer is None else _of_layer(runner, layer, filters)
    )
    runner.check_differentiable()
    images = _noise(seed, (len(target.selector), *shape), value_range)
    return _ascend(target, images, value_range, steps, smoothness)


@dataclass(frozen=True)
class _Target:
    """The activation to maximize: for each image one channel of an output, or one class."""

    runner: ModelRunner
    output: LayerOutput | None
    selector: Floats

    def climb(self, images: Array) -> tuple[Array, Floats]:
        """Return the gradient of each image's activation, and the activations."""
        x = images.astype(keras.config.floatx())
        slopes, values, *_ = self.runner.backward(x, self.selector, None, self.output)
        return slopes, (values * self.selector).sum(axis=-1)


def _of_classes(runner: ModelRunner, class_index: Any) -> _Target:
    check_score(runner.score)
    indices = np.atleast_1d(read_array("class_index", class_index))
    class_indices(runner.score, indices, len(indices))
    return _Target(runner, None, selector(runner.score, indices, len(indices)))


def _of_layer(runner: ModelRunner, layer: LayerReference, filters: Any) -> _Target:
    output = runner.select_output(layer)
    channels = output.channels
    if filters is None:
        return _Target(runner, output, np.eye(channels, dtype=np.float32))
    indices = np.atleast_1d(read_array("filters", filters))
    is_vector = np.issubdtype(indices.dtype, np.integer) and indices.ndim == 1 and indices.size > 0
    if not is_vector or indices.min() < 0 or indices.max() >= channels:
        raise ValueError(
            f"filters={filters!r} must be integers from 0 to {channels - 1}: the layer "
            f"{output.name!r} has {channels} filters."
        )
    return _Target(runner, output, np.eye(channels, dtype=np.float32)[indices])


def _noise(seed: int, shape: tuple[int, ...], value_range: tuple[float, float]) -> Array:
    low, high = value_range
    keys = random.fold_in(random.key(seed), np.arange(shape[0]))
    noise = random.normal(keys, shape[1:]).clip(-3, 3)
    return (low + high) / 2 + _SPREAD * (high - low) * noise


def _ascend(
    target: _Target,
    images: Array,
    value_range: tuple[float, float],
    steps: int,
    smoothness: float,
) -> ActivationMaximization:
    low, high = value_range
    is_channels_first = target.runner.is_channels_first
    best, history = images, np.empty((len(images), steps + 1), np.float32)
    is_moved = np.zeros(len(images), bool)
    for step in range(steps + 1):
        slopes, history[:, step] = target.climb(images)
        is_moved |= slopes.any(axis=tuple(range(1, slopes.ndim)))
        is_best = history[:, step] >= history[:, : step + 1].max(axis=1)
        best = np.where(is_best.reshape(-1, *[1] * (images.ndim - 1)), images, best)
        left = 1 - step / steps
        direction = _normalized(_blurred(slopes, smoothness * left, is_channels_first))
        images = np.clip(images + 0.05 * (high - low) * left * direction, low, high)
    warn_of_holes("maximize_activation", "activations", history)
    _warn_of_unmoved(np.flatnonzero(~is_moved))
    data_format = "channels_first" if is_channels_first else "channels_last"
    return ActivationMaximization(best.astype(np.float32), history, value_range, data_format)


def _warn_of_unmoved(indices: Array) -> None:
    if len(indices):
        warn(
            "maximize_activation: these images stayed noise, because their activation has no "
            f"gradient there: {', '.join(map(str, indices))}. Try another seed."
        )


def _blurred(slopes: Array, deviation: float, is_channels_first: bool) -> Array:
    """Blur along height and width with a normal distribution, cut off at the edges."""
    if deviation == 0:
        return slopes
    rows, columns = (_weights(size, deviation) for size in image_size(slopes, is_channels_first))
    signature = "ncyx,hy,wx->nchw" if is_channels_first else "nyxc,hy,wx->nhwc"
    return np.einsum(signature, slopes, rows, columns, optimize=True)


def _weights(size: int, deviation: float) -> Array:
    positions = np.arange(size)
    distances = (positions[:, None] - positions) / deviation
    weights = np.exp(-(distances**2) / 2)
    return weights / weights.sum(axis=1, keepdims=True)


def _normalized(slopes: Array) -> Array:
    """Divide the gradient of each image by its root mean square; a zero one stays zero."""
    axes = tuple(range(1, slopes.ndim))
    # Divide by the maximum first, so that squares of small numbers don't vanish.
    largest = np.abs(slopes).max(axis=axes, keepdims=True).astype(np.float64)
    scaled = np.divide(slopes, largest, out=np.zeros(slopes.shape), where=largest > 0)
    size = np.sqrt((scaled**2).mean(axis=axes, keepdims=True))
    return np.divide(scaled, size, out=np.zeros(slopes.shape), where=size > 0)


def _input_shape(model: keras.Model, input_shape: Sequence[int] | None) -> tuple[int, ...]:
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
