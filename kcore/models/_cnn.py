"""Classifiers made of convolution and pooling stages."""

from collections.abc import Sequence
from typing import Any

import keras

from kcore._arguments import check_integers, check_shape
from kcore.layers import Conv2D, MaxPooling2D
from kcore.models._arguments import check_units
from kcore.models._image_range import rescaling
from kcore.models._initial_weights import seed_weights

__all__ = ["binary_cnn", "cnn"]

_KERNEL = 3
_POOL = 2


def cnn(
    input_shape: Sequence[int] = (28, 28, 1),
    classes: int = 10,
    *,
    filters: Sequence[int] = (64, 64),
    hidden_units: int = 128,
    rescale: float | None = None,
    seed: int | None = None,
) -> keras.Sequential:
    """Build the Fashion-MNIST CNN: stages of Conv2D and MaxPooling2D, a hidden layer, softmax.

    Each stage is a 3x3 convolution with ReLU and `padding="valid"`, then a 2x2 max pooling. The
    layers are named `conv_1`, `pool_1`, ..., `flatten`, `hidden` and `predictions`.

    Args:
        input_shape: `(height, width, channels)`, without the batch axis.
        classes: number of classes, at least 2.
        filters: number of filters of each stage, from the first to the last.
        hidden_units: width of the fully connected layer.
        rescale: factor by which the model first multiplies images, in a layer of its own. With
            `1 / 255`, it takes raw images, such as those of `kcore.data`. `None` adds no such
            layer.
        seed: makes the initial weights the same on every backend, 0 <= seed < 2**64; `None` leaves
            them to Keras.

    Returns:
        A `keras.Sequential` that maps images `(batch, height, width, channels)`, scaled to 0..1
        or raw with `rescale=1 / 255`, to probabilities `(batch, classes)`.

    Raises:
        ValueError: if an argument is out of range, or the image is too small for the stages; the
            message names the smallest size that fits.

    Example:
        >>> import kcore
        >>> [layer.output.shape[1:3] for layer in kcore.models.cnn().layers[:4]]
        [(26, 26), (13, 13), (11, 11), (5, 5)]
    """
    classes = check_units("classes", classes, minimum=2)
    layers = _stages(input_shape, filters, hidden_units, rescale)
    layers.append(keras.layers.Dense(classes, activation="softmax", name="predictions"))
    return seed_weights(keras.Sequential(layers, name="cnn"), seed)


def binary_cnn(
    input_shape: Sequence[int] = (300, 300, 3),
    *,
    filters: Sequence[int] = (16, 32, 64),
    hidden_units: int = 512,
    rescale: float | None = None,
    seed: int | None = None,
) -> keras.Sequential:
    """Build the CNN for two classes: three stages of Conv2D and MaxPooling2D, Dense 512, sigmoid.

    The layers are named `conv_1`, `pool_1`, ..., `flatten`, `hidden` and `predictions`.

    Args:
        input_shape: `(height, width, channels)`, without the batch axis. Height and width must
            leave at least one pixel after the stages: 22 or more with three stages.
        filters: number of filters of each stage, from the first to the last.
        hidden_units: width of the fully connected layer.
        rescale: factor by which the model first multiplies images, in a layer of its own. With
            `1 / 255`, it takes raw images, such as those of `kcore.data`. `None` adds no such
            layer.
        seed: makes the initial weights the same on every backend, 0 <= seed < 2**64; `None` leaves
            them to Keras.

    Returns:
        A `keras.Sequential` that maps images `(batch, height, width, channels)`, scaled to 0..1
        or raw with `rescale=1 / 255`, to the probability of class 1, `(batch, 1)`.

    Raises:
        ValueError: if an argument is out of range, or the image is too small for the stages; the
            message names the smallest size that fits.

    Example:
        >>> import kcore
        >>> kcore.models.binary_cnn((150, 150, 3)).output_shape
        (None, 1)
    """
    layers = _stages(input_shape, filters, hidden_units, rescale)
    layers.append(keras.layers.Dense(1, activation="sigmoid", name="predictions"))
    return seed_weights(keras.Sequential(layers, name="binary_cnn"), seed)


def _stages(
    input_shape: Sequence[int],
    filters: Sequence[int],
    hidden_units: int,
    rescale: float | None,
) -> list[Any]:
    """Make the layers from the input to the hidden one.

    They are given a `data_format`, because `input_shape` is (height, width, channels) whatever
    Keras's configuration says.
    """
    shape = check_shape(input_shape, ("height", "width", "channels"))
    filters = check_integers("filters", filters)
    for number, count in enumerate(filters):
        check_units(f"filters[{number}]", count)
    _check_size(shape, stages=len(filters))
    last = {"data_format": "channels_last"}
    layers = [keras.Input(shape, name="images"), *rescaling(rescale)]
    for number, count in enumerate(filters, start=1):
        name = f"conv_{number}"
        layers += [
            Conv2D(count, _KERNEL, activation="relu", name=name, **last),
            MaxPooling2D(_POOL, name=f"pool_{number}", **last),
        ]
    layers.append(keras.layers.Flatten(name="flatten", **last))
    hidden_units = check_units("hidden_units", hidden_units)
    layers.append(keras.layers.Dense(hidden_units, activation="relu", name="hidden"))
    return layers


def _check_size(shape: Sequence[int], stages: int) -> None:
    smallest = _smallest_size(stages)
    if min(shape[:2]) < smallest:
        raise ValueError(
            f"input_shape={tuple(shape)} is too small: {stages} stages of a {_KERNEL}x{_KERNEL} "
            f"convolution and a {_POOL}x{_POOL} pooling need a height and width of at least "
            f"{smallest}. Use larger images or fewer filters."
        )


def _smallest_size(stages: int) -> int:
    size = 1
    for _ in range(stages):
        size = size * _POOL + _KERNEL - 1
    return size
