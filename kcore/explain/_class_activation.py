"""Class-activation maps: the regions of an image that support a class, as a layer sees them."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore.explain._class_scores import (
    ClassIndex,
    check_score,
    chosen_classes,
    class_indices,
    of_classes,
)
from kcore.explain._gradients import class_gradients
from kcore.explain._heat_maps import finished, resized
from kcore.explain._token_grids import Reshape, as_feature_maps, check_grid
from kcore.inspect._layer_outputs import LayerOutput, LayerReference
from kcore.inspect._model_inputs import (
    as_arrays,
    as_images,
    batches,
    even_size,
    first_images,
    image_size,
    length,
)
from kcore.inspect._model_runner import ModelRunner

__all__ = ["grad_cam", "grad_cam_plus_plus", "layer_cam", "score_cam"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


def grad_cam(
    model: keras.Model,
    images: Any,
    layer: LayerReference | None = None,
    class_index: ClassIndex = None,
    *,
    reshape: Reshape = None,
    batch_size: int = 32,
) -> Floats:
    """Map the regions of an image that support a class, by Grad-CAM.

    The channels of a layer are summed, each weighted by the mean over all positions of the gradient
    of the class's score, and negative values become 0 (Selvaraju and others, "Grad-CAM: Visual
    explanations from deep networks via gradient-based localization", ICCV 2017). The score is the
    one before softmax or sigmoid, as in `class_scores`. The model is not changed.

    Args:
        model: a Keras model with one output (samples, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, with values scaled as the model takes them. For a model with
            several inputs, the list or dict of arrays that it takes; the maps have the size of the
            first input with 4 axes.
        layer: a layer that returns feature maps: its name as in `kcore.inspect.activations` (in a
            nested model with or without the model's name, "base/mixed7" or "mixed7"), an index into
            `model.layers`, or the layer itself. None means the last one with more than one
            position; a model that continues with tokens has no such layer.
        class_index: the class to explain, one for all images or one for each; None means the
            predicted classes.
        reshape: for a `layer` that returns tokens, (images, tokens, channels), as in a vision
            transformer: the (rows, columns) of the grid of patches, whose tokens come row by row.
            If there is one token more, the first one is the class token and is left out. For tokens
            in any other order, a function that takes (images, tokens, channels) and returns
            (images, rows, columns, channels).
        batch_size: the largest number of images that run at once.

    Returns:
        (images, height, width) float32 in 0..1, in the size of the images; the highest value of a
        map is 1. A map is all zeros, and a warning gives the index of its image, if no region
        supports the class, the map is the same everywhere, or a value isn't finite.

    Raises:
        TypeError: if `model` is not a Keras model, `images` is not an array of real numbers, or
            `layer` is not a name, an index or a layer.
        ValueError: if the model has no score for each class, `layer` or `class_index` is not in it,
            the layer's output has no positions, or `reshape` doesn't fit it.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((2, 28, 28, 1))
        >>> maps = kcore.explain.grad_cam(kcore.models.cnn(seed=0), images)
        >>> maps.shape
        (2, 28, 28)
    """
    layer_view = _LayerView(model, images, layer, reshape, batch_size)
    return layer_view.map("grad_cam", _grad_cam, class_index)


def grad_cam_plus_plus(
    model: keras.Model,
    images: Any,
    layer: LayerReference | None = None,
    class_index: ClassIndex = None,
    *,
    reshape: Reshape = None,
    batch_size: int = 32,
) -> Floats:
    """Map the regions of an image that support a class, by Grad-CAM++.

    As in `grad_cam` the channels of a layer are summed, but the weight of a channel is a weighted
    sum over positions of its positive gradients, so that several small objects count as much as one
    large one (Chattopadhay and others, "Grad-CAM++: Generalized gradient-based visual explanations
    for deep convolutional networks", WACV 2018, with the exponential of the score as in its section
    3.3). The library tf-keras-vis also divides the weights of positions, the paper's alphas, by
    their sum; its maps differ from the paper's by up to 0.033, those of kcore by 3e-8.

    Args:
        model: a Keras model with one output (samples, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, with values scaled as the model takes them. For a model with
            several inputs, the list or dict of arrays that it takes; the maps have the size of the
            first input with 4 axes.
        layer: a layer that returns feature maps: its name as in `kcore.inspect.activations` (in a
            nested model with or without the model's name, "base/mixed7" or "mixed7"), an index into
            `model.layers`, or the layer itself. None means the last one with more than one
            position; a model that continues with tokens has no such layer.
        class_index: the class to explain, one for all images or one for each; None means the
            predicted classes.
        reshape: for a `layer` that returns tokens, (images, tokens, channels), as in a vision
            transformer: the (rows, columns) of the grid of patches, whose tokens come row by row.
            If there is one token more, the first one is the class token and is left out. For tokens
            in any other order, a function that takes (images, tokens, channels) and returns
            (images, rows, columns, channels).
        batch_size: the largest number of images that run at once.

    Returns:
        (images, height, width) float32 in 0..1, in the size of the images; the highest value of a
        map is 1. A map is all zeros, and a warning gives the index of its image, if no region
        supports the class, the map is the same everywhere, or a value isn't finite.

    Raises:
        TypeError: if `model` is not a Keras model, `images` is not an array of real numbers, or
            `layer` is not a name, an index or a layer.
        ValueError: if the model has no score for each class, `layer` or `class_index` is not in it,
            the layer's output has no positions, or `reshape` doesn't fit it.
    """
    layer_view = _LayerView(model, images, layer, reshape, batch_size)
    return layer_view.map("grad_cam_plus_plus", _grad_cam_plus_plus, class_index)


def layer_cam(
    model: keras.Model,
    images: Any,
    layer: LayerReference | None = None,
    class_index: ClassIndex = None,
    *,
    reshape: Reshape = None,
    batch_size: int = 32,
) -> Floats:
    """Map the regions of an image that support a class, by LayerCAM.

    Each channel of a layer is weighted at each position by its own positive gradient there, which
    gives detailed maps even for early layers (Jiang and others, "LayerCAM: Exploring hierarchical
    class activation maps for localization", IEEE TIP 2021).

    Args:
        model: a Keras model with one output (samples, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, with values scaled as the model takes them. For a model with
            several inputs, the list or dict of arrays that it takes; the maps have the size of the
            first input with 4 axes.
        layer: a layer that returns feature maps: its name as in `kcore.inspect.activations` (in a
            nested model with or without the model's name, "base/mixed7" or "mixed7"), an index into
            `model.layers`, or the layer itself. None means the last one with more than one
            position; a model that continues with tokens has no such layer.
        class_index: the class to explain, one for all images or one for each; None means the
            predicted classes.
        reshape: for a `layer` that returns tokens, (images, tokens, channels), as in a vision
            transformer: the (rows, columns) of the grid of patches, whose tokens come row by row.
            If there is one token more, the first one is the class token and is left out. For tokens
            in any other order, a function that takes (images, tokens, channels) and returns
            (images, rows, columns, channels).
        batch_size: the largest number of images that run at once.

    Returns:
        (images, height, width) float32 in 0..1, in the size of the images; the highest value of a
        map is 1. A map is all zeros, and a warning gives the index of its image, if no region
        supports the class, the map is the same everywhere, or a value isn't finite.

    Raises:
        TypeError: if `model` is not a Keras model, `images` is not an array of real numbers, or
            `layer` is not a name, an index or a layer.
        ValueError: if the model has no score for each class, `layer` or `class_index` is not in it,
            the layer's output has no positions, or `reshape` doesn't fit it.
    """
    layer_view = _LayerView(model, images, layer, reshape, batch_size)
    return layer_view.map("layer_cam", _layer_cam, class_index)


def score_cam(
    model: keras.Model,
    images: npt.ArrayLike,
    layer: LayerReference | None = None,
    class_index: ClassIndex = None,
    *,
    reshape: Reshape = None,
    batch_size: int = 32,
) -> Floats:
    """Map the regions of an image that support a class, by Score-CAM, without gradients.

    Each channel of a layer, enlarged and rescaled to 0..1, masks the image. The channels are
    summed, each weighted by the softmax over all channels of the scores of the masked images (Wang
    and others, "Score-CAM: Score-weighted visual explanations for convolutional neural networks",
    CVPR workshops 2020, algorithm 1). A channel that is the same everywhere masks nothing and is
    left out. The model runs once for each channel and image, which takes a long time for layers
    with many channels.

    Args:
        model: a Keras model with one input and one output (samples, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, with values scaled as the model takes them. Zero should mean an
            empty image, since masked parts become zero.
        layer: a layer that returns feature maps: its name as in `kcore.inspect.activations` (in a
            nested model with or without the model's name, "base/mixed7" or "mixed7"), an index into
            `model.layers`, or the layer itself. None means the last one with more than one
            position; a model that continues with tokens has no such layer.
        class_index: the class to explain, one for all images or one for each; None means the
            predicted classes.
        reshape: for a `layer` that returns tokens, (images, tokens, channels), as in a vision
            transformer: the (rows, columns) of the grid of patches, whose tokens come row by row.
            If there is one token more, the first one is the class token and is left out. For tokens
            in any other order, a function that takes (images, tokens, channels) and returns
            (images, rows, columns, channels).
        batch_size: the largest number of masked images that run at once.

    Returns:
        (images, height, width) float32 in 0..1, in the size of the images; the highest value of a
        map is 1. A map is all zeros, and a warning gives the index of its image, if no region
        supports the class, the map is the same everywhere, or a value isn't finite.

    Raises:
        TypeError: if `model` is not a Keras model, `images` is not an array of real numbers, or
            `layer` is not a name, an index or a layer.
        ValueError: if the model has no score for each class, `layer` or `class_index` is not in it,
            the layer's output has no positions, or `reshape` doesn't fit it.
    """
    array = as_images(images)
    view = _LayerView(model, array, layer, reshape, batch_size)
    chosen, _ = chosen_classes(view.runner, array, class_index)
    (outputs,) = view.runner.forward(array, [view.output.key])
    raw = [
        _by_scores(view.runner, image, channels, int(one))
        for image, channels, one in zip(array, view.feature_maps(outputs), chosen, strict=True)
    ]
    return finished(np.stack(raw), view.size, "score_cam")


class _LayerView:
    """A layer's output for some images, as feature maps."""

    def __init__(
        self,
        model: keras.Model,
        images: Any,
        layer: LayerReference | None,
        reshape: Reshape,
        batch_size: int,
    ):
        is_several = isinstance(images, (list, tuple, dict))
        self.arrays = as_arrays(images, "images") if is_several else as_images(images)
        self.runner = ModelRunner(model, self.arrays, batch_size, "images")
        self.output = _feature_map(self.runner, layer, reshape)
        self.size = image_size(first_images(self.arrays), self.runner.is_channels_first)
        self._reshape = reshape

    def feature_maps(self, array: Array) -> Array:
        """Return (images, height, width, channels), float64, of the output or its gradient."""
        return as_feature_maps(array, self.output, self._reshape)

    def map(
        self, name: str, combine: Callable[[Array, Array], Array], class_index: ClassIndex
    ) -> Floats:
        """Combine the gradients and outputs of the layer to one map for each image."""
        chosen = class_indices(self.runner.score, class_index, length(self.arrays))
        found = class_gradients(self.runner, self.arrays, self.output, chosen)
        with np.errstate(over="ignore", invalid="ignore"):
            raw = combine(self.feature_maps(found.values), self.feature_maps(found.outputs))
        return finished(raw, self.size, name)


def _feature_map(
    runner: ModelRunner, layer: LayerReference | None, reshape: Reshape
) -> LayerOutput:
    check_score(runner.score)
    if layer is None:
        if reshape is not None:
            raise ValueError(f"reshape={reshape!r} is for the tokens of a layer: give layer too.")
        return runner.last_feature_map()
    output = runner.select_output(layer)
    check_grid(output, reshape)
    return output


def _grad_cam(slopes: Array, outputs: Array) -> Array:
    weights = slopes.mean(axis=(1, 2))
    return np.einsum("nhwc,nc->nhw", outputs, weights)


def _grad_cam_plus_plus(slopes: Array, outputs: Array) -> Array:
    # With exp(score) for the score, its first three derivatives are exp(score) times the powers of
    # the slope, as far as the network is linear between its kinks. The factor cancels out of the
    # fraction, and out of the map when that is divided by its maximum.
    sums = outputs.sum(axis=(1, 2), keepdims=True)
    below = 2 * slopes**2 + sums * slopes**3
    fraction = np.divide(slopes**2, below, out=np.zeros_like(below), where=below != 0)
    weights = (fraction * np.maximum(slopes, 0)).sum(axis=(1, 2))
    return np.einsum("nhwc,nc->nhw", outputs, weights)


def _layer_cam(slopes: Array, outputs: Array) -> Array:
    return (np.maximum(slopes, 0) * outputs).sum(axis=-1)


def _by_scores(runner: ModelRunner, image: Array, channels: Array, chosen: int) -> Array:
    """Sum the channels (height, width, channels), weighted by the scores of masked images."""
    maps = np.moveaxis(channels, -1, 0)
    low, high = maps.min(axis=(1, 2), keepdims=True), maps.max(axis=(1, 2), keepdims=True)
    varies = (high > low)[:, 0, 0]
    if not np.isfinite(maps).all():
        return np.full(maps.shape[1:], np.nan)
    if not varies.any():
        return np.zeros(maps.shape[1:])
    shares = (maps - low) / np.where(high > low, high - low, 1)
    scores = np.empty(len(maps))
    # Part by part, since a masked image for each channel takes much memory.
    for where, part in batches(shares, even_size(len(maps), runner.batch_size)):
        found = _scores_of_masked(runner, image, part, chosen)
        scores[where] = found[: where.stop - where.start]
    weights = np.where(varies, np.exp(scores - scores[varies].max()), 0)
    return np.einsum("khw,k->hw", maps, weights / weights.sum())


def _scores_of_masked(runner: ModelRunner, image: Array, shares: Array, chosen: int) -> Floats:
    masks = resized(shares, image_size(image[None], runner.is_channels_first))
    masked = image * np.expand_dims(masks, 1 if runner.is_channels_first else -1)
    masked = masked.astype(image.dtype)
    (scores,) = runner.forward(masked, ["score"])
    return of_classes(runner.score, scores, np.full(len(masked), chosen))
