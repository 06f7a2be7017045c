"""The models of `keras.applications`: find one, build it, and know its preprocessing."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras

from kcore.models._layer_choice import near_names
from kcore.models._loading.errors import WeightsFileError

__all__ = ["application_name", "application_preprocessing", "build_application"]

# By the beginning of the name, longer ones first. "raw" models scale the images themselves.
_PREPROCESSING = {
    "ResNet50V2": "tf",
    "ResNet101V2": "tf",
    "ResNet152V2": "tf",
    "InceptionResNetV2": "tf",
    "InceptionV3": "tf",
    "MobileNetV3": "raw",
    "MobileNet": "tf",
    "NASNet": "tf",
    "Xception": "tf",
    "ResNet": "caffe",
    "VGG": "caffe",
    "DenseNet": "torch",
    "ConvNeXt": "raw",
    "EfficientNet": "raw",
}


def application_name(base: object) -> str:
    """Return the name of `base` in `keras.applications`, or raise an error with similar names."""
    known = _builders()
    if isinstance(base, str):
        if base in known:
            return base
        raise ValueError(
            f"base={base!r} is not a model of keras.applications.{near_names(base, list(known))}"
        )
    for name, builder in known.items():
        if builder is base:
            return name
    raise TypeError(
        f"base={base!r} must be a built keras.Model, or a model of keras.applications: its "
        "function or its name, such as 'InceptionV3'."
    )


def application_preprocessing(name: str) -> str:
    """Return the mode of `kcore.preprocess` that an application was trained with, or "raw"."""
    for start, mode in _PREPROCESSING.items():
        if name.startswith(start):
            return mode
    raise ValueError(
        f"The images that {name} expects are not known here: give preprocessing= 'raw', 'unit', "
        "'tf', 'caffe', 'torch' or a Keras layer."
    )


def build_application(name: str, input_shape: Sequence[int], weights: str | None) -> Any:
    """Build an application without its top, with random weights or those of ImageNet.

    Raises:
        ValueError: if the images are too small for it, with the smallest size, or have a shape that
            it doesn't take.
        WeightsFileError: if the weights of ImageNet can't be downloaded.
    """
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "keras.config.image_data_format() is 'channels_first', but input_shape is (height, "
            "width, channels): call keras.config.set_image_data_format('channels_last')."
        )
    try:
        return _builders()[name](input_shape=tuple(input_shape), include_top=False, weights=weights)
    except ValueError as error:
        smallest = re.search(r"at least (\d+)", str(error))
        if smallest is None:
            raise
        raise ValueError(
            f"input_shape={tuple(input_shape)} is too small for {name}, which needs a height and "
            f"width of at least {smallest[1]}."
        ) from error
    except Exception as error:
        if weights is None:
            raise
        raise WeightsFileError(
            f"weights={weights!r}: the weights of {name} can't be downloaded ({error}). Give the "
            "path of a file that you have, or weights=None for random weights."
        ) from error


def _builders() -> dict[str, Callable[..., Any]]:
    members = vars(keras.applications).items()
    return {name: member for name, member in members if name[0].isupper() and callable(member)}
