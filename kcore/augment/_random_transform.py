"""Transform images at random in a layer: inside a model, or called on batches."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import keras
import numpy as np
from keras import ops

from kcore import random
from kcore.augment._affine import axes_of
from kcore.augment._augmentation import known_seed
from kcore.augment._eight_bits import check_options
from kcore.augment._photometric import as_dtype, changed
from kcore.augment._recipe import Recipe
from kcore.augment._resampling import resample
from kcore.augment._sampling import COLUMNS, drawn, shift_unit

__all__ = ["RandomTransform"]

# Sums of two stay within int32; float32 holds it exactly.
_FARTHEST = float(2**30 - 64)
_IMAGES, _MASKS, _LABELS = "images", "segmentation_masks", "labels"


@keras.saving.register_keras_serializable(package="kcore")
class RandomTransform(keras.layers.Layer):
    """Transform each image at random while training, with the options of `ImageDataGenerator`.

    Each image of a batch is transformed in its own way, and differently in each call. Masks go
    through the same rotation, shift, shear, zoom and flips as their images. They are resampled to
    the nearest pixel, with 0 outside if `fill_mode` is "constant", and are neither brightened nor
    rescaled.

    While not training, images are only rescaled.

    The random numbers are those of `kcore.random` for the layer's seed and the number of its call,
    which the layer counts in a variable that is saved with the model. They are the same bits on
    every backend. Everything is computed from them in float32: angles, shifts, channel shifts and
    flips are the same bits everywhere too, zoom and brightness may differ in the last bit, and
    pixels after moderate transformations agree within 0.1 of 255. `kcore.augment.apply` computes in
    float64 and outside the training step; prefer it, through `ImageDataGenerator`, if that can feed
    the training.

    Args:
        rotation_range: each image is rotated by an angle between -rotation_range and
            rotation_range, in degrees.
        width_shift_range: the largest shift along the width, in either direction: a float below 1
            is a fraction of the width, a float of 1 or more is in pixels. An int n means 0 to n - 1
            pixels, and a list one of its entries (fractions if all are between -1 and 1, else
            pixels).
        height_shift_range: the largest shift along the height, in the same forms as
            `width_shift_range`.
        brightness_range: (lowest, highest) factor of brightness, where 1 changes nothing; None
            leaves brightness as it is.
        shear_range: each image is sheared by an angle between -shear_range and shear_range, in
            degrees. It is not a fraction: 0.2 is an invisible 0.2 degrees. For a shear of 20% use
            11.54.
        zoom_range: (lowest, highest) zoom factor, or a number z from 0 to 1 for (1 - z, 1 + z). A
            factor of 2 shrinks the picture to half its size. Height and width are zoomed
            independently.
        channel_shift_range: the largest number that is added to or subtracted from all channels
            except opacity, the fourth of four channels, on the scale of the pixels.
        fill_mode: how points outside the image are filled: "nearest" (`aaaa|abcd|dddd`),
            "constant" (with `cval`), "reflect" (`dcba|abcd|dcba`) or "wrap" (`bcd|abcd|bcd`).
        cval: value of points outside the image for `fill_mode="constant"`, before `rescale`.
        horizontal_flip: whether to mirror each image left to right with probability 1/2.
        vertical_flip: whether to mirror each image top to bottom with probability 1/2.
        rescale: factor that multiplies all pixels, also while not training; None for no rescaling.
        interpolation_order: 0 for the nearest pixel, 1 for bilinear interpolation.
        data_format: "channels_last" or "channels_first"; None takes Keras's default.
        legacy_geometry: whether to reproduce the geometry of legacy Keras: `width_shift_range`
            moves rows, `height_shift_range` moves columns, zooms are exchanged likewise, and images
            that aren't square turn about a point other than their center.
        seed: integer, 0 <= seed < 2**64; None draws one, which the layer's configuration then
            holds.
        name: the layer's name.
        dtype: the dtype, or dtype policy, of the resulting images, floating point or "uint8"; None
            takes Keras's default. "uint8" rounds half to even and clips to 0..255, for images in
            that range and a model that rescales them later; `rescale` is refused.
        trainable: as for every Keras layer; the layer has no weights to train.

    Call arguments:
        inputs: images `(n, height, width, channels)`, or with the channels first, uint8 or
            floating point; or a pair `(images, masks)`; or a dictionary with the keys "images",
            "segmentation_masks" and "labels", the last two optional. Masks are
            `(n, height, width)`, or have the layout of images with any number of channels. Labels
            are returned as they are.
        training: whether to transform.

    Returns:
        The same structure: the images in the layer's dtype, the masks in their own.

    Raises:
        ValueError: if an option is invalid, a key of `inputs` is unknown, or the images' height or
            width is not known when the layer is called.
        TypeError: if it is called on tensors of a TensorFlow graph, as in `tf.data.Dataset.map`, on
            a backend other than TensorFlow.

    Example:
        >>> import numpy as np
        >>> from kcore.augment import RandomTransform
        >>> layer = RandomTransform(rotation_range=40, horizontal_flip=True, seed=7)
        >>> layer(np.zeros((2, 8, 8, 3), "uint8"), training=True).shape == (2, 8, 8, 3)
        True
    """

    def __init__(
        self,
        *,
        rotation_range: float = 0.0,
        width_shift_range: float | Sequence[float] = 0.0,
        height_shift_range: float | Sequence[float] = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: float | Sequence[float] = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        interpolation_order: int = 1,
        data_format: str | None = None,
        legacy_geometry: bool = False,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        trainable: bool = True,
    ):
        # uint8 and float images are both read as they are, whatever the layer's dtype.
        super().__init__(name=name, dtype=dtype, trainable=trainable, autocast=False)
        self.recipe = Recipe(
            rotation_range=rotation_range,
            width_shift_range=width_shift_range,
            height_shift_range=height_shift_range,
            brightness_range=brightness_range,
            shear_range=shear_range,
            zoom_range=zoom_range,
            channel_shift_range=channel_shift_range,
            fill_mode=fill_mode,
            cval=cval,
            horizontal_flip=horizontal_flip,
            vertical_flip=vertical_flip,
            rescale=rescale,
            interpolation_order=interpolation_order,
            data_format=data_format,
            legacy_geometry=legacy_geometry,
        )
        self._check_dtype()
        self.seed = known_seed(seed)
        self._calls = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="calls"
        )
        self.built = True

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Call the layer, after a check of where the tensors come from."""
        _check_graph(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Transform images, and masks with them."""
        images, masks, put_together = _taken_apart(inputs)
        images = ops.convert_to_tensor(images)
        if not training:
            return put_together(self._rescaled(images), masks)
        height, width = self._spatial_shape(images)
        if masks is not None:
            masks = ops.convert_to_tensor(masks)
            self._check_masks(images, masks)
        count = ops.shape(images)[0]
        parameters = self._drawn(count, height, width)
        addends, bits = _fixed_point(self.recipe, parameters, height, width)
        bits = ops.broadcast_to(ops.convert_to_tensor(bits, "int32"), (count,))
        if masks is not None:
            masks = self._warped_masks(masks, addends, bits)
        pixels = self._resampled(
            images, addends, bits, self.recipe.interpolation_order, self.recipe.cval
        )
        factor = 1.0 if self.recipe.rescale is None else self.recipe.rescale
        pixels = changed(
            pixels,
            parameters["channel_shift_intensity"],
            parameters["brightness"],
            ops.convert_to_tensor([factor], "float32"),
            channels_first=self._channels_first,
        )
        return put_together(as_dtype(pixels, self.compute_dtype), masks)

    def compute_output_spec(self, inputs: Any, training: bool = False) -> Any:
        """Return the shapes of the inputs; images get the layer's dtype."""
        images, masks, put_together = _taken_apart(inputs)
        self._spatial_shape(images)
        if masks is not None:
            self._check_masks(images, masks)
        outputs = put_together(keras.KerasTensor(images.shape, dtype=self.compute_dtype), masks)
        # The outputs must be new tensors: Keras would take a returned input for an output of the
        # layer.
        return keras.tree.map_structure(
            lambda tensor: keras.KerasTensor(tensor.shape, dtype=tensor.dtype), outputs
        )

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        return super().get_config() | asdict(self.recipe) | {"seed": self.seed}

    @property
    def _channels_first(self) -> bool:
        return self.recipe.data_format == "channels_first"

    def _spatial_shape(self, images: Any) -> tuple[int, int]:
        if len(images.shape) != 4:
            raise ValueError(
                f"images with shape {tuple(images.shape)} must have four axes: images, height, "
                "width and channels."
            )
        height, width = images.shape[2:] if self._channels_first else images.shape[1:3]
        if height is None or width is None:
            raise ValueError(
                f"images with shape {tuple(images.shape)} must have a height and width that are "
                "known when the model is built. Resize them, and give keras.Input their shape."
            )
        return height, width

    def _drawn(self, count: Any, height: int, width: int) -> dict[str, Any]:
        """Draw the parameters of the next call."""
        keys = random.sample_keys(self.seed, self._calls.value, ops.arange(count))
        self._calls.assign(self._calls + 1)
        uniform = ops.reshape(random.uniform(keys, (len(COLUMNS),)), (-1, len(COLUMNS)))
        return drawn(self.recipe, uniform, height, width, ops)

    def _resampled(self, images: Any, addends: Any, bits: Any, order: int, cval: float) -> Any:
        if keras.backend.standardize_dtype(images.dtype) != "uint8":
            images = ops.cast(images, "float32")
        return resample(
            images,
            addends,
            bits,
            fill_mode=self.recipe.fill_mode,
            cval=cval,
            interpolation_order=order,
            channels_first=self._channels_first,
        )

    def _check_masks(self, images: Any, masks: Any) -> None:
        is_plane = len(masks.shape) == 3
        wanted = self._spatial_shape(images)
        if is_plane or len(masks.shape) != 4:
            given = tuple(masks.shape[1:])
        else:
            given = tuple(masks.shape[2:] if self._channels_first else masks.shape[1:3])
        if given != tuple(wanted):
            raise ValueError(
                f"masks with shape {tuple(masks.shape)} must have the images' height and width, "
                f"{tuple(wanted)}."
            )

    def _warped_masks(self, masks: Any, addends: Any, bits: Any) -> Any:
        channel_axis = 1 if self._channels_first else -1
        is_plane = len(masks.shape) == 3
        layers = ops.expand_dims(masks, channel_axis) if is_plane else masks
        warped = ops.cast(self._resampled(layers, addends, bits, order=0, cval=0.0), masks.dtype)
        return ops.squeeze(warped, channel_axis) if is_plane else warped

    def _rescaled(self, images: Any) -> Any:
        if self.recipe.rescale is None:
            is_float = keras.backend.is_float_dtype(images.dtype)
            return (as_dtype if is_float else ops.cast)(images, self.compute_dtype)
        rescaled = ops.cast(images, "float32") * self.recipe.rescale
        return as_dtype(rescaled, self.compute_dtype)

    def _check_dtype(self) -> None:
        """Raise a ValueError for a dtype that can't hold the resulting pixels."""
        dtype = self.compute_dtype
        if dtype != "uint8" and not keras.backend.is_float_dtype(dtype):
            raise ValueError(
                f"dtype={dtype!r} would cut off the fractions of pixels: use a floating point "
                "dtype, or 'uint8', which rounds them."
            )
        check_options(dtype, self.recipe)


def _check_graph(inputs: Any) -> None:
    """Raise a TypeError for tensors of a TensorFlow graph, such as tf.data's, on other backends."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return
    for tensor in keras.tree.flatten(inputs):
        # Tensors of a graph have no values, so no other backend can compute with them.
        if type(tensor).__module__.startswith("tensorflow.") and not hasattr(tensor, "numpy"):
            raise TypeError(
                f"RandomTransform got a tensor of a TensorFlow graph, as in tf.data.Dataset.map, "
                f"while Keras runs on {backend}, which can't compute with it: put the layer into "
                "the model, or call it on the batches that the dataset hands out, or feed fit from "
                "kcore.augment.ImageDataGenerator, or set KERAS_BACKEND=tensorflow."
            )


def _taken_apart(inputs: Any) -> tuple[Any, Any, Any]:
    """Return the images, the masks or `None`, and how to put the results together."""
    if isinstance(inputs, dict):
        _check_keys(inputs)
        others = {key: value for key, value in inputs.items() if key == _LABELS}

        def as_dictionary(images: Any, masks: Any) -> dict[str, Any]:
            return {_IMAGES: images} | ({} if masks is None else {_MASKS: masks}) | others

        return inputs[_IMAGES], inputs.get(_MASKS), as_dictionary
    if isinstance(inputs, tuple | list):
        if len(inputs) != 2:
            raise ValueError(f"inputs has {len(inputs)} entries; give (images, masks).")
        return inputs[0], inputs[1], lambda images, masks: (images, masks)
    return inputs, None, lambda images, masks: images


def _check_keys(inputs: dict[str, Any]) -> None:
    """Raise a ValueError for a key whose values can't be transformed with the images."""
    for key in inputs:
        if key not in (_IMAGES, _MASKS, _LABELS):
            raise ValueError(
                f"inputs has the key {key!r}, which the layer can't transform with its images: use "
                f"{_IMAGES!r}, {_MASKS!r} and {_LABELS!r}."
            )
    if _IMAGES not in inputs:
        raise ValueError(f"inputs has the keys {sorted(inputs)}; {_IMAGES!r} is missing.")


def _fixed_point(
    recipe: Recipe, parameters: dict[str, Any], height: int, width: int
) -> tuple[Any, int]:
    """Build the sampling grid as `kcore.augment._coordinates` does, but in float32."""
    bits = _bits(recipe, height, width)
    theta, turned = parameters["theta"], parameters["theta"] + parameters["shear"]
    theta, turned = theta * (math.pi / 180), turned * (math.pi / 180)
    cosine, sine = ops.cos(theta), ops.sin(theta)
    axes = axes_of(parameters, height, width, legacy_geometry=recipe.legacy_geometry)
    right, down = axes.shift_columns, axes.shift_rows
    row = _flipped(height, parameters["flip_vertical"]) - axes.center_row
    column = _flipped(width, parameters["flip_horizontal"]) - axes.center_column
    of_rows = (
        _scaled(ops.cos(turned) * axes.zoom_rows, row)
        + (sine * right + cosine * down + axes.center_row)[:, None],
        _scaled(sine * axes.zoom_columns, column),
    )
    of_columns = (
        _scaled(-ops.sin(turned) * axes.zoom_rows, row),
        _scaled(cosine * axes.zoom_columns, column)
        + (cosine * right - sine * down + axes.center_column)[:, None],
    )
    addends = ops.stack(
        [ops.concatenate(of_rows, axis=1), ops.concatenate(of_columns, axis=1)], axis=1
    )
    # Coordinates that int32 can't hold are outside the image anyway.
    addends = ops.clip(ops.round(addends * 2.0**bits), -_FARTHEST, _FARTHEST)
    return ops.cast(addends, "int32"), bits


def _scaled(factor: Any, positions: Any) -> Any:
    return factor[:, None] * positions


def _flipped(size: int, is_flipped: Any) -> Any:
    """Return the positions of an axis, for each image forwards or backwards: `(n, size)`."""
    forwards = np.arange(size, dtype=np.float32)
    return ops.where(is_flipped[:, None], forwards[::-1].copy(), forwards)


def _bits(recipe: Recipe, height: int, width: int) -> int:
    """Return how many bits of int32 are left for fractions, however far the recipe can reach."""
    shift = sum(
        np.max(np.abs(shift_range)) * shift_unit(shift_range, size, recipe.legacy_geometry)
        for shift_range, size in (
            (recipe.height_shift_range, height),
            (recipe.width_shift_range, width),
        )
    )
    _, largest_zoom = cast(Sequence[float], recipe.zoom_range)
    reach = 2 * largest_zoom * (height + width) + 2 * shift + 2 * max(height, width)
    return max(0, min(24, 29 - math.ceil(math.log2(reach + 1))))
