"""What a generator does with images in hand: fit, standardise, transform at random."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer, check_seed, check_switch
from kcore._arrays import read_array
from kcore.augment._augmentation import known_seed
from kcore.augment._legacy_sampling import legacy_transform
from kcore.augment._parameters import Parameters
from kcore.augment._recipe import Recipe, spatial_shape
from kcore.augment._standardization import Standardization, Statistics, fitted
from kcore.augment._warp import apply
from kcore.random import sample_keys

__all__ = ["Transforms"]

_Array = npt.NDArray[Any]


class Transforms:
    """The methods of `ImageDataGenerator` that work on arrays and return arrays.

    Args:
        recipe: the ranges of the transformation.
        standardization: the steps after it; its `rescale` is the recipe's.
        dtype: of what comes out.

    Attributes:
        recipe: as given.
        dtype: as given.
        mean: of each channel, shape (1, 1, channels) or (channels, 1, 1), set by `fit` or by you.
        std: the same for the standard deviation.
        zca_whitening_matrix: set by `fit` for `zca_whitening`.
    """

    def __init__(self, recipe: Recipe, standardization: Standardization, dtype: str):
        self.recipe = recipe
        self.dtype = dtype
        self.mean: _Array | None = None
        self.std: _Array | None = None
        self.zca_whitening_matrix: _Array | None = None
        self._standardization = standardization

    @property
    def data_format(self) -> str:
        """Where the channels are: "channels_last" or "channels_first"."""
        return str(self.recipe.data_format)

    def fit(
        self, x: npt.ArrayLike, augment: bool = False, rounds: int = 1, seed: int | None = None
    ) -> None:
        """Compute what the featurewise steps and whitening need, from sample images.

        The statistics are those of what these steps will get: of images after
        `preprocessing_function`, `rescale` and the samplewise steps.

        Args:
            x: images (n, height, width, channels), or with the channels first.
            augment: whether to transform the images at random before.
            rounds: how often each image is transformed; each time in another way.
            seed: of these transformations; None draws one.

        Raises:
            ValueError: if `x` has other than four axes, no image, or NaN or infinity in one; if
                `rounds` is no integer of at least 1; or if images are too large to be whitened.
        """
        images = _float_images("x", x)
        if not len(images):
            raise ValueError("x holds no images; fit needs at least one.")
        augment, rounds = check_switch("augment", augment), check_integer("rounds", rounds)
        seed = check_seed(seed)
        is_sound = np.isfinite(images).reshape(len(images), -1).all(axis=1)
        if not is_sound.all():
            raise ValueError(
                f"x holds NaN or infinity in {np.count_nonzero(~is_sound)} of {len(images)} "
                f"images, the first at index {np.argmin(is_sound)}: the statistics of all would be "
                "NaN. Leave them out."
            )
        if augment:
            images = self._augmented(images, rounds, seed)
        statistics = fitted(
            self._standardization,
            self._standardization.before_statistics(images),
            channel_axis=1 if self.data_format == "channels_first" else 3,
        )
        self.mean, self.std = statistics.mean, statistics.std
        self.zca_whitening_matrix = statistics.zca_whitening_matrix

    def standardize(self, x: npt.ArrayLike) -> _Array:
        """Apply `preprocessing_function`, `rescale`, the samplewise and the featurewise steps.

        Args:
            x: one image of three axes or a batch of four, of any real dtype. It is not changed.

        Returns:
            A new array of the shape of `x` and of the generator's dtype.

        Raises:
            ValueError: if `x` has another number of axes, or statistics of `fit` are missing.
        """
        pixels = read_array("x", x)
        if pixels.ndim == 3:
            return self.standardize(pixels[None])[0]
        images = _float_images("x", pixels)
        result = self._standardization.standardized(images, self._statistics())
        return result.astype(self.dtype)

    def get_random_transform(
        self, img_shape: Sequence[int], seed: int | None = None
    ) -> dict[str, Any]:
        """Draw the parameters of one transformation, for a seed the same as legacy Keras.

        Args:
            img_shape: (height, width, channels) or (channels, height, width).
            seed: integer, 0 <= seed < 2**32; None draws anew at each call.

        Returns:
            A dictionary of `theta`, `tx`, `ty`, `shear`, `zx`, `zy`, `flip_horizontal`,
            `flip_vertical`, `channel_shift_intensity` and `brightness`; see
            `kcore.augment.Parameters`. The last two are None where the generator leaves them out.
            Its numbers are those of legacy Keras with and without `legacy_geometry`, but for lists
            of negative pixels, which legacy Keras takes for fractions.

        Raises:
            ValueError: if the shape has other than three axes or the seed is none of the above.
        """
        seed = check_seed(seed)
        if seed is not None and seed >= 2**32:
            raise ValueError(f"seed={seed} is out of range: legacy seeds are less than 2**32.")
        spatial_shape("img_shape", img_shape, self.data_format)
        return legacy_transform(self.recipe, img_shape, seed)

    def apply_transform(self, x: npt.ArrayLike, transform_parameters: Mapping[str, Any]) -> _Array:
        """Transform one image as given parameters say, without standardising it.

        Args:
            x: one image, (height, width, channels) or (channels, height, width).
            transform_parameters: as from `get_random_transform`; what is left out stays neutral.
                `tx` and `zx` act along the height, `ty` and `zy` along the width; with
                `legacy_geometry` the other way round, as in legacy Keras.

        Returns:
            A new array of the shape of `x` and of the generator's dtype.

        Raises:
            ValueError: if `x` has other than three axes, or a name is no parameter.
        """
        pixels = _one_image(x)
        if not isinstance(transform_parameters, Mapping):
            raise TypeError(
                f"transform_parameters={transform_parameters!r} must be a dictionary such as "
                "get_random_transform returns."
            )
        unscaled = dataclasses.replace(self.recipe, rescale=None)
        try:
            parameters = Parameters.from_dicts([transform_parameters])
        except ValueError as error:
            raise ValueError(f"transform_parameters={transform_parameters!r}: {error}") from error
        return apply(pixels[None], parameters, unscaled)[0].astype(self.dtype, copy=False)

    def random_transform(self, x: npt.ArrayLike, seed: int | None = None) -> _Array:
        """Transform one image at random: `get_random_transform`, then `apply_transform`.

        Args:
            x: one image, (height, width, channels) or (channels, height, width).
            seed: integer, 0 <= seed < 2**32; None draws anew at each call.

        Returns:
            A new array of the shape of `x` and of the generator's dtype.

        Raises:
            ValueError: as from the two methods.
        """
        pixels = _one_image(x)
        return self.apply_transform(pixels, self.get_random_transform(pixels.shape, seed))

    def _augmented(self, images: _Array, rounds: int, seed: int | None) -> _Array:
        unscaled = dataclasses.replace(self.recipe, rescale=None)
        chosen, indices = known_seed(seed), np.arange(len(images))

        def transformed(turn: int) -> _Array:
            drawn = unscaled.draw(sample_keys(chosen, turn, indices), images.shape[1:])
            return apply(images, drawn, unscaled)

        return np.concatenate([transformed(turn) for turn in range(rounds)])

    def _statistics(self) -> Statistics:
        return Statistics(self.mean, self.std, self.zca_whitening_matrix)


def _one_image(x: npt.ArrayLike) -> _Array:
    pixels = read_array("x", x)
    if pixels.ndim != 3 or not pixels.size:
        raise ValueError(
            f"x has shape {pixels.shape}: give one image of three axes, height and width and "
            "channels."
        )
    if pixels.dtype.kind not in "buif":
        raise ValueError(f"x with dtype {pixels.dtype} must hold real numbers, such as uint8.")
    return pixels


def _float_images(name: str, x: npt.ArrayLike) -> _Array:
    try:
        images = np.asarray(x, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold real numbers, such as uint8: {error}.") from error
    if images.ndim != 4:
        raise ValueError(
            f"{name} has shape {images.shape}: images have four axes, (n, height, width, channels) "
            "or (n, channels, height, width)."
        )
    return images
