"""Class-activation maps: where in an image a layer saw what speaks for a class."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore.explain._class_scores import check_score, chosen_classes, indices, of_classes
from kcore.explain._gradients import class_gradients
from kcore.explain._grids import Reshape, as_feature_maps, check_grid
from kcore.explain._heat_maps import finished, resized
from kcore.inspect._layer_outputs import Seen
from kcore.inspect._model_inputs import (
    as_arrays,
    as_images,
    batches,
    even_size,
    first_images,
    image_size,
    length,
)
from kcore.inspect._model_runner import Reader, reader_of
from kcore.inspect._selection import last_feature_map, one_output_of

__all__ = ["grad_cam", "grad_cam_plus_plus", "layer_cam", "score_cam"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


def grad_cam(
    model: Any,
    images: Any,
    layer: Any = None,
    class_index: Any = None,
    *,
    reshape: Reshape = None,
    batch_size: int = 32,
) -> Floats:
    """Map where a layer saw what speaks for a class, by Grad-CAM.

    The channels of the layer are summed, each weighted with the mean over all positions of the
    gradient of the class's score, and what is negative is cut off (Selvaraju and others, "Grad-CAM:
    Visual explanations from deep networks via gradient-based localization", ICCV 2017). The score
    is the one before softmax or sigmoid; see `class_scores`. The model is left as it is.

    Args:
        model: a Keras model with one output (images, classes).
        images: (images, height, width, channels), or (images, channels, height, width) for a
            channels_first model, scaled as the model takes them. For a model with several inputs
            the list or dict that it takes; the map has the size of its first image input.
        layer: a layer that returns feature maps: its name as in `activations` (in a nested model
            with or without the model's name, "base/mixed7" or "mixed7"), an index into
            `model.layers`, or a layer. None means the last one with more than one position; for a
            model that goes on with tokens there is none.
        class_index: the class, one for all or one for each image; None means the predicted ones.
        reshape: for a `layer` that returns tokens, (images, tokens, channels), as in a vision
            transformer: the (rows, columns) of the grid that the image was cut into, row by row;
            one token more is that of the class, comes first and is left out. For other tokens a
            function that makes (images, rows, columns, channels) of them.
        batch_size: the most images that run at a time.

    Returns:
        (images, height, width) float32 in 0..1, in the size of the images; the highest value of a
        map is 1. Where nothing speaks for the class, where the map is the same everywhere, or where
        a value isn't finite, the map is all zeros, and a warning gives the number of the image.

    Raises:
        TypeError: if `model` is no Keras model, or `images` no array.
        ValueError: if the model has no scores, `layer` or `class_index` is not in it, the
            layer's output has no positions, or `reshape` doesn't fit it.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((2, 28, 28, 1))
        >>> maps = kcore.explain.grad_cam(kcore.models.cnn(seed=0), images)
        >>> maps.shape
        (2, 28, 28)
    """
    return _by_gradients(
        "grad_cam", _grad_cam, model, images, layer, class_index, reshape, batch_size
    )


def grad_cam_plus_plus(
    model: Any,
    images: Any,
    layer: Any = None,
    class_index: Any = None,
    *,
    reshape: Reshape = None,
    batch_size: int = 32,
) -> Floats:
    """Map where a layer saw what speaks for a class, by Grad-CAM++.

    As `grad_cam`, but the weight of a channel is a sum over positions of the positive gradients,
    in which positions count so that several small objects weigh as much as one large one
    (Chattopadhay and others, "Grad-CAM++: Generalized gradient-based visual explanations for deep
    convolutional networks", WACV 2018, with the exponential of the score as in its section 3.3).
    The library tf-keras-vis also divides these weights of positions, the paper's alphas, by their
    sum; its maps differ from the paper's by up to 0.033, these by 3e-8.

    Args:
        model: see `grad_cam`.
        images: see `grad_cam`.
        layer: see `grad_cam`.
        class_index: see `grad_cam`.
        reshape: see `grad_cam`.
        batch_size: see `grad_cam`.

    Returns:
        (images, height, width) float32 in 0..1, as `grad_cam`.

    Raises:
        TypeError: as `grad_cam`.
        ValueError: as `grad_cam`.
    """
    return _by_gradients(
        "grad_cam_plus_plus",
        _grad_cam_plus_plus,
        model,
        images,
        layer,
        class_index,
        reshape,
        batch_size,
    )


def layer_cam(
    model: Any,
    images: Any,
    layer: Any = None,
    class_index: Any = None,
    *,
    reshape: Reshape = None,
    batch_size: int = 32,
) -> Floats:
    """Map where a layer saw what speaks for a class, by LayerCAM.

    Each channel is weighted at each position with its own positive gradient there, which gives fine
    maps of early layers too (Jiang and others, "LayerCAM: Exploring hierarchical class activation
    maps for localization", IEEE TIP 2021).

    Args:
        model: see `grad_cam`.
        images: see `grad_cam`.
        layer: see `grad_cam`.
        class_index: see `grad_cam`.
        reshape: see `grad_cam`.
        batch_size: see `grad_cam`.

    Returns:
        (images, height, width) float32 in 0..1, as `grad_cam`.

    Raises:
        TypeError: as `grad_cam`.
        ValueError: as `grad_cam`.
    """
    return _by_gradients(
        "layer_cam", _layer_cam, model, images, layer, class_index, reshape, batch_size
    )


def score_cam(
    model: Any,
    images: Any,
    layer: Any = None,
    class_index: Any = None,
    *,
    reshape: Reshape = None,
    batch_size: int = 32,
) -> Floats:
    """Map where a layer saw what speaks for a class, by Score-CAM, which needs no gradient.

    Each channel, enlarged and brought to 0..1, masks the image. The softmax over all channels of
    the scores of the masked images weights the channels in their sum (Wang and others, "Score-CAM:
    Score-weighted visual explanations for convolutional neural networks", CVPR workshops 2020,
    algorithm 1). A channel that is the same everywhere masks nothing and is left out. The model
    runs once for each channel and image, so this takes long for layers with many channels.

    Args:
        model: see `grad_cam`; it must have one input.
        images: see `grad_cam`. Zero should mean an empty image, since masked parts become zero.
        layer: see `grad_cam`.
        class_index: see `grad_cam`.
        reshape: see `grad_cam`.
        batch_size: the most masked images that run at a time.

    Returns:
        (images, height, width) float32 in 0..1, as `grad_cam`.

    Raises:
        TypeError: as `grad_cam`.
        ValueError: as `grad_cam`.
    """
    array = as_images(images)
    reader = reader_of(model, array, check_integer("batch_size", batch_size), "images")
    at = _feature_map(model, reader, layer, reshape)
    chosen, _ = chosen_classes(reader, array, class_index)
    (outputs,) = reader.forward(array, [at.key])
    maps = as_feature_maps(outputs, at, reshape)
    raw = [
        _by_scores(model, reader, image, channels, int(one), batch_size)
        for image, channels, one in zip(array[:, None], maps, chosen, strict=True)
    ]
    return finished(np.stack(raw), image_size(array, reader.is_channels_first), "score_cam")


def _by_gradients(
    name: str,
    combine: Callable[[Array, Array], Array],
    model: Any,
    images: Any,
    layer: Any,
    class_index: Any,
    reshape: Reshape,
    batch_size: int,
) -> Floats:
    arrays = (
        as_arrays(images, "images")
        if isinstance(images, (list, tuple, dict))
        else as_images(images)
    )
    reader = reader_of(model, arrays, check_integer("batch_size", batch_size), "images")
    at = _feature_map(model, reader, layer, reshape)
    chosen = indices(reader.score, class_index, length(arrays))
    found = class_gradients(reader, arrays, at, chosen)
    slopes, outputs = (
        as_feature_maps(array, at, reshape) for array in (found.values, found.outputs)
    )
    size = image_size(first_images(arrays), reader.is_channels_first)
    with np.errstate(over="ignore", invalid="ignore"):
        raw = combine(slopes, outputs)
    return finished(raw, size, name)


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


def _by_scores(
    model: Any, reader: Reader, image: Array, channels: Array, chosen: int, batch_size: int
) -> Array:
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
    for place, part in batches(shares, even_size(len(maps), batch_size)):
        found = _scores_of_masked(model, reader, image, part, chosen)
        scores[place] = found[: place.stop - place.start]
    weights = np.where(varies, np.exp(scores - scores[varies].max()), 0)
    return np.einsum("khw,k->hw", maps, weights / weights.sum())


def _scores_of_masked(
    model: Any, reader: Reader, image: Array, shares: Array, chosen: int
) -> Floats:
    masks = resized(shares, image_size(image, reader.is_channels_first))
    masked = image * np.expand_dims(masks, 1 if reader.is_channels_first else -1)
    masked = masked.astype(image.dtype)
    reader = reader_of(model, masked, len(masked))
    (scores,) = reader.forward(masked, ["score"])
    return of_classes(reader.score, scores, np.full(len(masked), chosen))


def _feature_map(model: Any, reader: Reader, layer: Any, reshape: Reshape) -> Seen:
    check_score(reader.score)
    if layer is None:
        if reshape is not None:
            raise ValueError(f"reshape={reshape!r} is for the tokens of a layer; give layer too.")
        return last_feature_map(reader.seen)
    seen = one_output_of(model, reader.seen, layer)
    check_grid(seen, layer, reshape)
    return seen
