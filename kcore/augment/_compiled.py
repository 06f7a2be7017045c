"""Compile the transformation of a batch as small Keras models, which works on every backend."""

import functools
import queue
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore.augment._photometric import as_dtype, changed
from kcore.augment._resampling import resample

__all__ = ["THREADS", "Compiled", "compiled"]

# One thread computes, on as many cores as the backend uses, while another's output is copied.
THREADS = 2


class Compiled:
    """The transformation of batches of one shape; several threads may call it at the same time.

    A model can't be called that way, so there is one for each thread, built when first needed.
    """

    def __init__(self, build: Callable[[], keras.Model]):
        self._build = build
        self._idle: queue.LifoQueue[keras.Model | None] = queue.LifoQueue()
        for _ in range(THREADS):
            self._idle.put(None)

    def __call__(self, inputs: dict[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Transform a batch; the keys are the names of the inputs of `_Transformation`."""
        model = self._idle.get()
        try:
            model = model or self._build()
            return np.asarray(model.predict_on_batch(inputs))
        finally:
            self._idle.put(model)


@functools.lru_cache(maxsize=64)
def compiled(
    image_shape: tuple[int, ...],
    dtype: str,
    settings: tuple[str, int, bool, str],
    effects: tuple[str, ...],
) -> Compiled:
    """Return the transformation of images of a shape and dtype.

    Args:
        image_shape: shape of one image.
        dtype: "uint8" or "float32".
        settings: `fill_mode`, `interpolation_order`, whether the channels come first, and the dtype
            of the result, "float32" or "uint8".
        effects: which of "brightness" and "channel_shift_intensity" are applied.
    """
    return Compiled(functools.partial(_model, image_shape, dtype, settings, effects))


def _model(
    image_shape: tuple[int, ...],
    dtype: str,
    settings: tuple[str, int, bool, str],
    effects: tuple[str, ...],
) -> keras.Model:
    height, width = image_shape[1:] if settings[2] else image_shape[:2]
    numbers = ("cval", "rescale", *effects)
    inputs = {
        "images": keras.Input(image_shape, dtype=dtype, name="images"),
        "addends": keras.Input((2, height + width), dtype="int32", name="addends"),
        "bits": keras.Input((), dtype="int32", name="bits"),
        **{name: keras.Input((), dtype="float32", name=name) for name in numbers},
    }
    layer = _Transformation(*settings, dtype="float32", name="transformation")
    model = keras.Model(inputs, layer(inputs), name="kcore_augment")
    model.compile(jit_compile=True)
    return model


class _Transformation(keras.layers.Layer):
    """Resampling, effects and rescaling."""

    def __init__(
        self,
        fill_mode: str,
        interpolation_order: int,
        channels_first: bool,
        result_dtype: str,
        **options: Any,
    ):
        super().__init__(**options)
        self._fill_mode = fill_mode
        self._interpolation_order = interpolation_order
        self._channels_first = channels_first
        self._result_dtype = result_dtype

    def call(self, inputs: dict[str, Any]) -> Any:
        pixels = resample(
            inputs["images"],
            inputs["addends"],
            inputs["bits"],
            fill_mode=self._fill_mode,
            cval=keras.ops.reshape(inputs["cval"], (-1, 1, 1, 1)),
            interpolation_order=self._interpolation_order,
            channels_first=self._channels_first,
        )
        pixels = changed(
            pixels,
            inputs.get("channel_shift_intensity"),
            inputs.get("brightness"),
            inputs["rescale"],
            channels_first=self._channels_first,
        )
        return as_dtype(pixels, self._result_dtype)
