"""Transform batches of images through one compiled operation."""

import functools
import math
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt

from kcore._arguments import check_choice, check_finite, check_instance
from kcore._arrays import read_array
from kcore._forks import check_not_forked
from kcore._settings import is_channels_first
from kcore.augment._affine import matrices as matrices_of
from kcore.augment._buffers import empty
from kcore.augment._compiled import THREADS, compiled
from kcore.augment._coordinates import fixed_point
from kcore.augment._eight_bits import check_options, check_pixels, dtype_name
from kcore.augment._parameters import Parameters
from kcore.augment._recipe import FILL_MODES, Recipe, check_interpolation_order

__all__ = ["apply", "warp"]

# Bytes of one call's output: memory in the caches is written, and read again, much faster. But
# TensorFlow keeps the memory of its outputs, and a call costs more there.
_BYTES_AT_ONCE = 4_500_000
_BYTES_AT_ONCE_IN_TENSORFLOW = 18_000_000
_MOST_AT_ONCE = 64
_DTYPES = ("float32", "uint8")


def apply(
    images: npt.ArrayLike,
    parameters: Parameters,
    recipe: Recipe,
    out: npt.NDArray[Any] | None = None,
    *,
    dtype: npt.DTypeLike = "float32",
) -> npt.NDArray[Any]:
    """Transform each image by its parameters.

    Rotation, shift, shear, zoom and flips are one resampling. It is followed by the shift of the
    channels, the brightness and the recipe's `rescale`.

    Args:
        images: `(n, height, width, channels)` or `(n, channels, height, width)` as the recipe's
            `data_format` says, uint8 or another dtype of real numbers. Any number of channels.
        parameters: parameters of the `n` images.
        recipe: its `fill_mode`, `cval`, `interpolation_order`, `rescale`, `data_format` and
            `legacy_geometry` are used; its ranges are ignored.
        out: array of the shape of `images` and of `dtype` to write into; by default a new one.
        dtype: "float32", or "uint8" for the same values, rounded half to even and clipped to
            0..255. Images must then be in 0..255, and the recipe must have no `rescale`.

    Returns:
        Array of the shape of `images` and of `dtype`.

    Raises:
        ValueError: if there are not as many parameters as images, the images don't have four axes
            or don't hold real numbers, or the images or the recipe don't go with "uint8".

    Example:
        >>> import numpy as np
        >>> from kcore.augment import Parameters, Recipe, apply
        >>> image = np.arange(6, dtype="uint8").reshape(1, 2, 3, 1)
        >>> flip = Parameters.from_dicts([{"flip_horizontal": True}])
        >>> apply(image, flip, Recipe(data_format="channels_last"))[0, ..., 0]
        array([[2., 1., 0.],
               [5., 4., 3.]], dtype=float32)
    """
    pixels = _pixels(images)
    recipe = check_instance("recipe", recipe, Recipe)
    parameters = check_instance("parameters", parameters, Parameters)
    channels_first = is_channels_first(recipe.data_format)
    height, width = pixels.shape[2:] if channels_first else pixels.shape[1:3]
    settings = _Settings.of(recipe, _checked_dtype(dtype))
    check_options(settings.dtype, recipe)
    if settings.dtype == "uint8":
        check_pixels("images", pixels)
    if len(parameters) != len(pixels):
        raise ValueError(f"There are {len(parameters)} parameters for {len(pixels)} images.")
    effects = {
        name: values.astype(np.float32)
        for name in ("channel_shift_intensity", "brightness")
        if (values := getattr(parameters, name)) is not None
    }
    composed = matrices_of(parameters, height, width, legacy_geometry=recipe.legacy_geometry)
    return _transformed(pixels, composed, effects, settings, out)


def warp(
    images: npt.ArrayLike,
    matrices: npt.NDArray[np.float64],
    *,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    interpolation_order: int = 1,
    rescale: float = 1.0,
    data_format: str | None = None,
    out: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float32]:
    """Resample each image once, by its affine matrix.

    The pixels are those of `scipy.ndimage.affine_transform`, channel by channel, within 0.01 of
    255, and for order 0 except at coordinates halfway between two pixels. For "constant",
    coordinates on the very edge of the image count as inside, which SciPy leaves to its rounding.

    Args:
        images: `(n, height, width, channels)` or `(n, channels, height, width)`, uint8 or another
            dtype of real numbers.
        matrices: float64 `(n, 2, 3)` from pixels of the output to coordinates in the input, such
            as `kcore.augment.matrices` composes.
        fill_mode: how points outside the image are filled: "nearest" (`aaaa|abcd|dddd`),
            "constant" (with `cval`), "reflect" (`dcba|abcd|dcba`) or "wrap" (`bcd|abcd|bcd`).
        cval: value of points outside the image for "constant", before `rescale`.
        interpolation_order: 0 for the nearest pixel, 1 for bilinear interpolation.
        rescale: factor that multiplies all pixels.
        data_format: "channels_last" or "channels_first"; `None` takes Keras's default.
        out: float32 array of the shape of `images` to write into; by default a new one.

    Returns:
        float32, the shape of `images`.

    Raises:
        ValueError: if an argument is invalid.
    """
    check_choice("fill_mode", fill_mode, FILL_MODES)
    order = check_interpolation_order(interpolation_order)
    pixels = _pixels(images)
    composed = read_array("matrices", matrices, np.float64)
    if composed.shape != (len(pixels), 2, 3) or not np.isfinite(composed).all():
        raise ValueError(
            f"matrices with shape {composed.shape} must be finite numbers ({len(pixels)}, 2, 3), "
            "one matrix for each image."
        )
    settings = _Settings(
        fill_mode,
        order,
        is_channels_first(data_format),
        "float32",
        check_finite("cval", cval),
        check_finite("rescale", rescale),
    )
    return _transformed(pixels, composed, {}, settings, out)


class _Settings(NamedTuple):
    fill_mode: str
    interpolation_order: int
    channels_first: bool
    dtype: str
    cval: float
    rescale: float

    @classmethod
    def of(cls, recipe: Recipe, dtype: str) -> "_Settings":
        return cls(
            recipe.fill_mode,
            recipe.interpolation_order,
            is_channels_first(recipe.data_format),
            dtype,
            recipe.cval,
            1.0 if recipe.rescale is None else recipe.rescale,
        )


def _pixels(images: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return the images as uint8 or float32."""
    pixels = read_array("images", images)
    if pixels.ndim != 4 or 0 in pixels.shape[1:]:
        raise ValueError(
            f"images with shape {pixels.shape} must be (images, height, width, channels) or "
            "(images, channels, height, width), with at least one pixel."
        )
    if pixels.dtype.kind not in "buif":
        raise ValueError(f"images with dtype {pixels.dtype} must be real numbers, such as uint8.")
    return pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32, copy=False)


def _transformed(
    pixels: npt.NDArray[Any],
    composed: npt.NDArray[np.float64],
    effects: dict[str, npt.NDArray[np.float32]],
    settings: _Settings,
    out: npt.NDArray[Any] | None,
) -> npt.NDArray[Any]:
    """Run the compiled operation on a few images at a time, into one output."""
    check_not_forked("kcore.augment")
    out = _checked_out(out, pixels.shape, settings.dtype)
    count = len(pixels)
    height, width = pixels.shape[2:] if settings.channels_first else pixels.shape[1:3]
    addends, bits = fixed_point(composed, height, width)
    inputs = {
        "images": pixels,
        "addends": addends,
        "bits": bits,
        "cval": np.full(count, settings.cval, np.float32),
        "rescale": np.full(count, settings.rescale, np.float32),
        **effects,
    }
    at_once = _count_at_once(count, 4 * math.prod(pixels.shape[1:]))
    transformation = compiled(
        pixels.shape[1:], pixels.dtype.name, settings[:4], tuple(sorted(effects))
    )

    def transform(start: int) -> None:
        chunk = {name: values[start : start + at_once] for name, values in inputs.items()}
        size = len(chunk["images"])
        bucket = min(at_once, _power_of_two_from(size))
        out[start : start + size] = transformation(_padded(chunk, bucket))[:size]

    starts = range(0, count, at_once)
    run = map if len(starts) < 2 else _threads().map
    deque(run(transform, starts), maxlen=0)
    return out


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="kcore-augment")


def _checked_dtype(dtype: npt.DTypeLike) -> str:
    name = dtype_name(dtype)
    check_choice("dtype", name, _DTYPES)
    return str(name)


def _checked_out(
    out: npt.NDArray[Any] | None, shape: tuple[int, ...], dtype: str
) -> npt.NDArray[Any]:
    if out is None:
        return empty(shape, dtype)
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is of type {type(out).__name__}: give a {dtype} array, or None.")
    if out.shape != shape or out.dtype != dtype:
        raise ValueError(
            f"out with shape {out.shape} and dtype {out.dtype} must be {dtype} {shape}, "
            "the shape of the images."
        )
    return out


def _count_at_once(count: int, bytes_each: int) -> int:
    """Return how many images go into one call: a power of two, so that few shapes are compiled."""
    in_tensorflow = keras.backend.backend() == "tensorflow"
    most_bytes = _BYTES_AT_ONCE_IN_TENSORFLOW if in_tensorflow else _BYTES_AT_ONCE
    fitting = max(1, min(_MOST_AT_ONCE, most_bytes // bytes_each))
    # Calls for fewer bytes are over before a second thread has begun.
    share = count if count * bytes_each <= _BYTES_AT_ONCE else -(-count // THREADS)
    return min(2 ** (fitting.bit_length() - 1), _power_of_two_from(share))


def _power_of_two_from(count: int) -> int:
    return 2 ** max(0, count - 1).bit_length()


def _padded(chunk: dict[str, npt.NDArray[Any]], size: int) -> dict[str, npt.NDArray[Any]]:
    missing = size - len(chunk["images"])
    if not missing:
        return chunk
    return {
        name: np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])
        for name, values in chunk.items()
    }
