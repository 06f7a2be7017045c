"""Make a dataset from images in memory."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kcore.data._array_groups import Targets, as_array, as_images, as_targets
from kcore.data._batch_transforms import Transform
from kcore.data._image_batches import ImageBatches
from kcore.data._origin import Origin
from kcore.data._sources import ArraySource

__all__ = ["from_arrays"]


def from_arrays(
    x: npt.ArrayLike | Mapping[str, npt.ArrayLike],
    y: Targets | Mapping[str, npt.ArrayLike] | Sequence[npt.ArrayLike] | str | None = None,
    *,
    batch_size: int = 32,
    shuffle: bool = True,
    seed: int | None = None,
    sample_weight: npt.ArrayLike | None = None,
    transform: Transform | None = None,
    shard: tuple[int, int] = (0, 1),
    drop_remainder: bool = False,
    num_threads: int | None = None,
) -> ImageBatches:
    """Make a dataset from images in memory.

    This is the reproducible way to feed arrays to `fit`: the seed and the epoch alone decide the
    order of the samples. `fit(x, y)` shuffles arrays in a different order on each backend, from
    global random state.

    Args:
        x: array of shape (samples, height, width, channels), or with other axes after the first;
            for a model with several inputs, a dictionary of such arrays by the inputs' names.
        y: array of shape (samples, ...); for a model with several outputs a dictionary of such
            arrays, or a list or tuple of them; an object that an array of indices can index;
            "input" for a copy of the images; None for no targets. 64-bit integers are served as
            int32 if it can hold them all, and float64 as float32, because JAX computes with 32
            bits.
        batch_size: number of samples in a batch; the last batch holds what is left.
        shuffle: whether to shuffle the samples, in a different order in each epoch.
        seed: integer, 0 <= seed < 2**64, for the order; None draws one.
        sample_weight: array of shape (samples,), or None.
        transform: function of a batch's images, the indices of its samples (int64 of shape (n,))
            and the epoch (an integer from 0); returns the images that the model receives. If it has
            a parameter named `targets`, it is also given the batch's targets, and returns
            `(images, targets)`. Mark a function that keeps no state with `kcore.data.pure`, so that
            threads may call it ahead.
        shard: (index, count): serve block `index` of the `count` equal blocks of each batch, for
            host `index` of `count`. `batch_size` counts the samples of all hosts together, and all
            hosts need the same seed.
        drop_remainder: whether to leave out a last batch that is not full.
        num_threads: how many batches are made at the same time; None for the number of CPUs.

    Returns:
        An `ImageBatches` of images of the dtype of `x`.

    Raises:
        TypeError: if `x` or `y` is a range, an iterator or the like.
        ValueError: if `x`, `y` and `sample_weight` are of different lengths, or an argument is
            out of its range.

    Example:
        >>> import numpy as np
        >>> import kcore
        >>> x, y = np.zeros((5, 8, 8, 3), "uint8"), np.arange(5)
        >>> dataset = kcore.data.from_arrays(x, y, batch_size=2, shuffle=False)
        >>> [labels.tolist() for images, labels in dataset]
        [[0, 1], [2, 3], [4]]
        >>> heads = kcore.data.from_arrays(x, {"a": y, "b": -y}, batch_size=2, shuffle=False)
        >>> images, labels = heads[1]
        >>> labels["a"].tolist(), labels["b"].tolist()
        ([2, 3], [-2, -3])
    """
    images = as_images(x)
    if not len(images):
        raise ValueError("x holds no images: give at least one.")
    if isinstance(y, str) and y != "input":
        raise ValueError(f"y={y!r} must be an array, 'input' or None.")
    targets = y if isinstance(y, str) else as_targets("y", y, len(images))
    return ImageBatches(
        ArraySource(images),
        targets,
        sample_weight=as_array("sample_weight", sample_weight, len(images)),
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        transform=transform,
        shard=shard,
        drop_remainder=drop_remainder,
        num_threads=num_threads,
        origin=Origin(image_shape=images.shape[1:] if isinstance(images, np.ndarray) else None),
    )
