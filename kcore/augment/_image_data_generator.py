"""The face of the legacy `ImageDataGenerator`: its arguments and methods, on the core of kcore."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_choice, check_fraction
from kcore._settings import floatx
from kcore.augment._generator_options import Option, factor_or_none
from kcore.augment._mask_flows import MaskFlows
from kcore.augment._recipe import Recipe
from kcore.augment._standardization import Standardization

__all__ = ["ImageDataGenerator"]

_Array = npt.NDArray[Any]
_DTYPES = ("float16", "float32", "float64")


class ImageDataGenerator(MaskFlows):
    """Batches of images that are transformed at random, with the arguments of legacy Keras.

    `flow`, `flow_from_directory` and `flow_from_dataframe` return a `keras.utils.PyDataset` that
    `fit`, `evaluate` and `predict` take on any backend. What happens to an image there depends on
    the seed, the epoch and the image's index alone; `replay` of the flow shows it again.

    Each image goes through one resampling (rotation, shift, shear, zoom and flips), the shift of
    its channels and its brightness, `preprocessing_function`, `rescale`, then the samplewise steps
    and last the featurewise ones.

    Differences from the legacy class are listed in the documentation of `kcore.augment`.

    Args:
        featurewise_center: subtract the mean of each channel over the images given to `fit`.
        samplewise_center: subtract each image's own mean.
        featurewise_std_normalization: divide by the standard deviation of each channel, after
            subtracting its mean.
        samplewise_std_normalization: divide by each image's own standard deviation, after
            subtracting its mean.
        zca_whitening: multiply by the whitening matrix of the images given to `fit`, after
            subtracting the mean of each channel.
        zca_epsilon: what is added to the singular values in that matrix.
        rotation_range: degrees; see `kcore.augment.Recipe` for this and the other ranges.
        width_shift_range: a fraction of the width, pixels, or a list of shifts, along the width.
        height_shift_range: a fraction of the height, pixels, or a list of shifts, along the height.
        brightness_range: (lowest, highest) factor of brightness, or None.
        shear_range: degrees, not a fraction: 0.2 is 0.2 degrees, which nobody sees. A shear by 20 %
            is `shear_range=11.54`.
        zoom_range: (lowest, highest), or a number z for (1 - z, 1 + z).
        channel_shift_range: the most that is added to all channels but opacity, the fourth of
            four, on the scale of the pixels.
        fill_mode: "nearest", "constant", "reflect" or "wrap".
        cval: the value outside of the image for "constant".
        horizontal_flip: whether half of the images are mirrored left to right.
        vertical_flip: whether half of the images are mirrored top to bottom.
        rescale: the factor of all pixels; None or 0 for none.
        preprocessing_function: takes one image, a float32 array of three axes with values as in the
            file, and returns its replacement, of the same shape. It is called for one sample after
            another, in the order in which they are used, so that one with a state of its own
            repeats; see `kcore.data.pure`. If it has parameters named `index` and `epoch`, it gets
            those of the sample by their names.
        data_format: "channels_last" or "channels_first"; None takes Keras's default.
        validation_split: the fraction of the images that `subset="validation"` selects, 0 to 1;
            the first ones, of each class in a directory.
        interpolation_order: 0 for the nearest pixel, 1 for bilinear. (Splines of higher order are
            not offered.)
        dtype: "float16", "float32" or "float64", of what comes out; None takes Keras's default.
            The arithmetic is that of float32.
        legacy_geometry: whether to repeat the geometry of legacy Keras, where `width_shift_range`
            moves rows, `height_shift_range` moves columns, zooms are exchanged likewise, and images
            that aren't square turn about a point beside their center. For the pixels of old runs.

    The arguments can be read as attributes, and assigned: that changes what the generator does from
    then on, but not the flows that it has already made.

    Attributes:
        recipe: the validated options of the transformation, a `kcore.augment.Recipe`.
        mean: of each channel, shape (1, 1, channels) or (channels, 1, 1), set by `fit` or by you.
        std: the same for the standard deviation.
        zca_whitening_matrix: set by `fit` for `zca_whitening`.

    Raises:
        ValueError: if an argument is none of the above.

    Example:
        >>> import numpy as np
        >>> from kcore.augment import ImageDataGenerator
        >>> images = np.zeros((10, 32, 32, 3), "uint8")
        >>> generator = ImageDataGenerator(
        ...     rotation_range=40, zoom_range=0.2, horizontal_flip=True, rescale=1 / 255,
        ...     data_format="channels_last",
        ... )
        >>> batches = generator.flow(images, np.arange(10), batch_size=4, seed=7)
        >>> len(batches), batches[0][0].shape, batches[2][1].shape
        (3, (4, 32, 32, 3), (2,))
        >>> image, parameters = batches.replay(index=5, epoch=0)
        >>> abs(parameters["theta"]) <= 40
        True
    """

    featurewise_center = Option()
    samplewise_center = Option()
    featurewise_std_normalization = Option()
    samplewise_std_normalization = Option()
    zca_whitening = Option()
    zca_epsilon = Option()
    rotation_range = Option()
    width_shift_range = Option()
    height_shift_range = Option()
    brightness_range = Option()
    shear_range = Option()
    zoom_range = Option()
    channel_shift_range = Option()
    fill_mode = Option()
    cval = Option()
    horizontal_flip = Option()
    vertical_flip = Option()
    rescale = Option()
    preprocessing_function = Option()
    data_format = Option()
    interpolation_order = Option()
    legacy_geometry = Option()

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
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
        preprocessing_function: Callable[..., npt.ArrayLike] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: npt.DTypeLike | None = None,
        legacy_geometry: bool = False,
    ):
        recipe = Recipe(
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
            rescale=factor_or_none(rescale),
            interpolation_order=interpolation_order,
            data_format=data_format,
            legacy_geometry=legacy_geometry,
        )
        standardization = Standardization(
            preprocessing_function=preprocessing_function,
            rescale=recipe.rescale,
            samplewise_center=samplewise_center,
            samplewise_std_normalization=samplewise_std_normalization,
            featurewise_center=featurewise_center,
            featurewise_std_normalization=featurewise_std_normalization,
            zca_whitening=zca_whitening,
            zca_epsilon=zca_epsilon,
        )
        fraction = check_fraction("validation_split", validation_split)
        super().__init__(recipe, standardization, _checked_dtype(dtype), fraction)

    @property
    def dtype(self) -> str:
        """The dtype of what comes out, as a name."""
        return self._dtype

    @dtype.setter
    def dtype(self, dtype: npt.DTypeLike | None) -> None:
        self._dtype = _checked_dtype(dtype)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels in a batch; `data_format` decides it."""
        return 1 if self.recipe.data_format == "channels_first" else 3

    @property
    def row_axis(self) -> int:
        """The axis of the rows in a batch; `data_format` decides it."""
        return 2 if self.recipe.data_format == "channels_first" else 1

    @property
    def col_axis(self) -> int:
        """The axis of the columns in a batch; `data_format` decides it."""
        return self.row_axis + 1


def _checked_dtype(dtype: npt.DTypeLike | None) -> str:
    if dtype is None:
        dtype = floatx()
    # np.float32 and the like have names too; a name may be no string that C can read.
    with contextlib.suppress(TypeError, ValueError):
        dtype = np.dtype(dtype).name
    check_choice("dtype", dtype, _DTYPES)
    return str(dtype)
