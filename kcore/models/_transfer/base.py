"""The lower part of a transferred model: raw images in, features of a trained network out."""

import os
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kcore._arguments import check_path, check_shape
from kcore.initializers._layers import walk
from kcore.models._arguments import shown
from kcore.models._copying import copy_weights
from kcore.models._loading.weights_files import load_weights
from kcore.models._transfer.applications import (
    application_name,
    application_preprocessing,
    build_application,
)
from kcore.models._transfer.cutting import cut
from kcore.models._transfer.randomness import warn_of_randomness, without_randomness

__all__ = ["PREPROCESSING", "make_base", "wire"]

PREPROCESSING = ("raw", "unit", "tf", "caffe", "torch")

_AXES = ("height", "width", "channels")
# The search for the smallest image that fits ends here, and Keras raises its own error.
_LARGEST_SMALLEST = 512
# Published with the models of ImageNet, as in kcore.preprocess.
_CAFFE_BGR_MEAN = (103.939, 116.779, 123.68)
_TORCH_RGB_MEAN = (0.485, 0.456, 0.406)
_TORCH_RGB_DEVIATION = (0.229, 0.224, 0.225)


def make_base(
    base: Any, weights: Any, input_shape: Sequence[int] | None, preprocessing: Any
) -> tuple[Any, tuple[int, ...], Any]:
    """Make the whole network to cut from, with its weights.

    Returns:
        A functional or sequential model, which must not be changed, the shape of one image, and
        the preprocessing: a mode or a layer.
    """
    _check_weights(weights)
    if isinstance(base, keras.Model):
        return (
            _model_with_weights(base, weights),
            _shape_of_model(base, input_shape),
            _checked_preprocessing(preprocessing, base),
        )
    name = application_name(base)
    if input_shape is None:
        raise ValueError(
            f"input_shape is missing: give the (height, width, channels) of the images for {name}, "
            "such as (150, 150, 3)."
        )
    shape = check_shape(input_shape, _AXES)
    mode = application_preprocessing(name) if preprocessing is None else preprocessing
    is_own = weights is None or weights == "imagenet"
    built = build_application(name, shape, weights if is_own else None)
    if not is_own:
        load_weights(built, weights)
    return built, shape, mode


def wire(base: Any, path: str | None, shape: tuple[int, ...], preprocessing: Any) -> Any:
    """Copy the base up to a layer onto raw images, without layers that act at random.

    Args:
        base: a functional or sequential model.
        path: the path of the layer, or None for the base as a whole.
        shape: (height, width, channels) of the images.
        preprocessing: a mode of `PREPROCESSING` or a layer.

    Raises:
        ValueError: if the images are too small for a base that takes any size, or layers of the
            base have their channels first.
    """
    source = cut(base, path)
    _check_channels_last(source, base.name)
    _check_size(source, base.name, shape)
    images = keras.Input(shape, name=_free_name("images", source))
    prepared = _prepare(images, preprocessing)
    if prepared.shape[1:] != images.shape[1:]:
        raise ValueError(
            f"preprocessing={preprocessing.name!r} makes {tuple(prepared.shape[1:])} of images of "
            f"{shape}: it must keep the shape."
        )

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = keras.tree.map_structure(
            lambda value: prepared if value is images else value, (args, kwargs)
        )
        return layer(*args, **kwargs)

    copy = keras.models.clone_model(
        source,
        input_tensors=images,
        clone_function=without_randomness,
        call_function=call,
        recursive=True,
    )
    copy_weights(source, copy, beside=preprocessing)
    warn_of_randomness(copy, base.name)
    return copy


def _check_channels_last(source: Any, name: str) -> None:
    for layer, path in walk(source):
        if getattr(layer, "data_format", None) == "channels_first":
            raise ValueError(
                f"base={name!r} has {'/'.join(path)!r} with data_format='channels_first', but "
                "images are (height, width, channels), as the head expects. Build the base with "
                "'channels_last' and give it the same weights: they have the same shapes."
            )


def _check_size(source: Any, name: str, shape: tuple[int, ...]) -> None:
    """Refuse images that are too small for a base of open sizes; name the smallest that fit."""
    if None in shape or _fits(source, shape):
        return
    for size in range(min(shape[:2]) + 1, _LARGEST_SMALLEST + 1):
        least = (max(size, shape[0]), max(size, shape[1]), shape[2])
        if _fits(source, least):
            raise ValueError(
                f"input_shape={shape} is too small for base={name!r}, which needs a height and "
                f"width of at least {size}."
            )


def _fits(source: Any, shape: tuple[int, ...]) -> bool:
    try:
        return 0 not in source.compute_output_shape((None, *shape))
    except ValueError:
        return False


def _check_weights(weights: Any) -> None:
    if weights is not None and not isinstance(weights, (str, os.PathLike)):
        raise TypeError(f"weights={shown(weights)} must be the path of a file, 'imagenet' or None.")
    if weights is not None:
        check_path("weights", weights)


def _model_with_weights(base: Any, weights: Any) -> Any:
    if not hasattr(base, "inputs") or not base.inputs:
        raise TypeError(
            f"base={base.name!r} is a {type(base).__name__} without a graph of layers: only a "
            "functional or sequential model that knows its input can be cut at a layer."
        )
    if len(base.inputs) != 1:
        raise ValueError(f"base={base.name!r} has {len(base.inputs)} inputs: one is needed.")
    if weights is None:
        return base
    if weights == "imagenet":
        raise ValueError(
            "weights='imagenet' is for models of keras.applications; a keras.Model keeps the "
            "weights it has, or takes those of a file."
        )
    return load_weights(keras.models.clone_model(base), weights)


def _shape_of_model(base: Any, input_shape: Sequence[int] | None) -> tuple[int, ...]:
    own = tuple(base.inputs[0].shape[1:])
    if len(own) != len(_AXES):
        raise ValueError(
            f"base={base.name!r} takes inputs of shape {own}: images (height, width, channels) are "
            "needed."
        )
    if input_shape is None:
        return own
    shape = check_shape(input_shape, _AXES)
    if any(size not in (None, given) for size, given in zip(own, shape, strict=True)):
        raise ValueError(
            f"input_shape={shape} is not what base={base.name!r} takes: {own}. Leave it out."
        )
    return shape


def _checked_preprocessing(preprocessing: Any, base: Any) -> Any:
    if preprocessing is None:
        raise ValueError(
            f"What base={base.name!r} expects of its images can't be read from it: give "
            "preprocessing='raw' for values from 0 to 255, 'unit' for 0 to 1, 'tf' for -1 to 1, "
            "'caffe' or 'torch' as in kcore.preprocess, or a Keras layer."
        )
    return preprocessing


def _free_name(name: str, model: Any) -> str:
    # The input is made anew.
    layers = [one for one in model.layers if not isinstance(one, keras.layers.InputLayer)]
    taken = {layer.name for layer in layers}
    while name in taken:
        name += "_"
    return name


def _called(preprocessing: Any, images: Any) -> Any:
    try:
        return preprocessing(images)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"preprocessing={shown(preprocessing)} can't be called on images of shape "
            f"{tuple(images.shape)}: {error}"
        ) from error


def _prepare(images: Any, preprocessing: Any) -> Any:
    """Prepare images as the network expects them, by layers that Keras has, in float32."""
    if isinstance(preprocessing, keras.Layer):
        return _called(preprocessing, images)
    if not isinstance(preprocessing, str) or preprocessing not in PREPROCESSING:
        choices = ", ".join(map(repr, PREPROCESSING))
        raise ValueError(
            f"preprocessing={preprocessing!r} is unknown: use one of {choices}, or a Keras layer."
        )
    if preprocessing in ("caffe", "torch") and images.shape[-1] != 3:
        raise ValueError(
            f"preprocessing={preprocessing!r} is for RGB images with 3 channels; input_shape has "
            f"{images.shape[-1]}. Gray images can be given three equal channels."
        )
    if preprocessing == "unit":
        return _rescaling(1 / 255, 0.0)(images)
    if preprocessing == "tf":
        return _rescaling(1 / 127.5, -1.0)(images)
    if preprocessing == "caffe":
        return _normalization(_CAFFE_BGR_MEAN, (1.0, 1.0, 1.0))(keras.ops.flip(images, axis=-1))
    if preprocessing == "torch":
        mean, deviation = 255 * np.array(_TORCH_RGB_MEAN), 255 * np.array(_TORCH_RGB_DEVIATION)
        return _normalization(mean.tolist(), (deviation**2).tolist())(images)
    return images


def _rescaling(scale: float, offset: float) -> Any:
    return keras.layers.Rescaling(scale, offset, dtype="float32", name="prepare_images")


def _normalization(mean: Sequence[float], variance: Sequence[float]) -> Any:
    return keras.layers.Normalization(
        axis=-1, mean=mean, variance=variance, dtype="float32", name="prepare_images"
    )
