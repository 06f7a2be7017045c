"""Prepare images as the ImageNet models of `keras.applications` expect them.

Each of these models was trained on images that were prepared in one of three ways, called modes:

- "caffe": the channels are reordered from RGB to BGR, and centered on zero by the ImageNet means,
  without scaling (VGG, ResNet v1).
- "tf": values are scaled to -1 to 1 (Inception, Xception, MobileNet, ResNet v2).
- "torch": values are scaled to 0 to 1, then each channel is standardized by the ImageNet mean and
  standard deviation (DenseNet).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from kcore._arguments import check_choice
from kcore._settings import floatx, is_channels_first

__all__ = ["preprocess_input"]

# Published with the models: Caffe's are for BGR values from 0 to 255, Torch's for RGB values from 0
# to 1.
_CAFFE_BGR_MEAN = (103.939, 116.779, 123.68)
_TORCH_RGB_MEAN = (0.485, 0.456, 0.406)
_TORCH_RGB_DEVIATION = (0.229, 0.224, 0.225)


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Prepare RGB images as ImageNet models of `keras.applications` expect them.

    Gives the same values as `keras.applications.imagenet_utils.preprocess_input`, which overwrites
    an array of floats; this function never changes `x`.

    Args:
        x: RGB images with values 0 to 255, of shape (..., height, width, 3), or (..., 3, height,
            width) for "channels_first": one image, or images with any number of batch axes. A NumPy
            array, which needs no Keras backend if `data_format` is given, a tensor of the backend,
            or a symbolic one.
        data_format: "channels_last", "channels_first", or `None` for Keras's setting.
        mode: "caffe" gives BGR minus the means 103.939, 116.779, 123.68 (about -124 to 151). "tf"
            gives x / 127.5 - 1 (-1 to 1). "torch" gives (x / 255 - mean) / deviation with the means
            0.485, 0.456, 0.406 and the deviations 0.229, 0.224, 0.225 of red, green and blue (about
            -2.1 to 2.6).

    Returns:
        A new array if `x` is an array, a tensor if it is a tensor, with the shape of `x`. float16,
        bfloat16 and float32 keep their dtype, and so do arrays of float64. Tensors of float64,
        which not every backend has, and all integers become `keras.config.floatx()`, or float32
        where Keras can't be imported.

    Raises:
        ValueError: if `mode` or `data_format` is unknown, `x` has fewer than three axes, or the
            number of channels is not 3.
        TypeError: if `x` is neither an array nor a tensor, or its dtype is complex or not numeric.

    Example:
        >>> import numpy as np
        >>> from kcore.preprocess import preprocess_input
        >>> red = np.array([[[255, 0, 0]]], dtype="uint8")
        >>> preprocess_input(red, data_format="channels_last").tolist()
        [[[-103.939, -116.779, 131.32]]]
    """
    check_choice("mode", mode, ("caffe", "tf", "torch"))
    axis = -3 if is_channels_first(data_format) else -1
    _check_shape(x, axis)
    if isinstance(x, np.ndarray):
        return _normalized_array(_array_of_floats(x), axis, mode)
    import keras

    return _normalized(
        _tensor_of_floats(x), axis, mode, keras.ops.convert_to_tensor, keras.ops.flip
    )


def _check_shape(x: Any, axis: int) -> None:
    if not hasattr(x, "shape") or not hasattr(x, "dtype"):
        raise TypeError(
            f"x is of type {type(x).__name__}: use a NumPy array or a tensor of the backend; "
            "kcore.images.img_to_array converts a picture to an array."
        )
    shape = tuple(x.shape)
    axes = "(..., height, width, 3)" if axis == -1 else "(..., 3, height, width)"
    if len(shape) < 3 or shape[axis] != 3:
        raise ValueError(
            f"x has shape {shape}: RGB images have the shape {axes}. If the channels are on "
            "another axis, give the data_format that fits."
        )


def _normalized_array(x: np.ndarray[Any, Any], axis: int, mode: str) -> np.ndarray[Any, Any]:
    # NumPy has no bfloat16 of its own, and computes it with a Python number in float32.
    dtype = x.dtype
    if dtype.name == "bfloat16":
        x = x.astype("float32")
    y: np.ndarray[Any, Any] = _normalized(x, axis, mode, np.asarray, np.flip)
    return y.astype(dtype, copy=False)


def _array_of_floats(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    x = np.asarray(x)
    if np.issubdtype(x.dtype, np.floating) or x.dtype.name == "bfloat16":
        return x
    _check_real(x.dtype.name)
    return x.astype(floatx(fallback="float32"))


def _tensor_of_floats(x: Any) -> Any:
    import keras

    dtype = keras.backend.standardize_dtype(x.dtype)
    if dtype in ("float16", "bfloat16", "float32"):
        return keras.ops.convert_to_tensor(x)
    _check_real(dtype)
    return keras.ops.cast(x, floatx())


def _check_real(dtype: str) -> None:
    if not dtype.startswith(("bool", "int", "uint", "float64")):
        raise TypeError(f"x has dtype {dtype}: images of real numbers are needed.")


def _normalized(
    x: Any,
    axis: int,
    mode: str,
    constant: Callable[..., Any],
    flip: Callable[..., Any],
) -> Any:
    def per_channel(values: tuple[float, ...]) -> Any:
        return constant(np.reshape(values, (3,) + (1,) * (-axis - 1)), dtype=x.dtype)

    if mode == "tf":
        return x / 127.5 - 1.0
    if mode == "torch":
        return (x / 255.0 - per_channel(_TORCH_RGB_MEAN)) / per_channel(_TORCH_RGB_DEVIATION)
    return flip(x, axis=axis) - per_channel(_CAFFE_BGR_MEAN)
