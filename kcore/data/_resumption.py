"""What resuming needs of a dataset: to recognize it, and to continue within an epoch."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore.data._division import process
from kcore.data._image_batches import ImageBatches

__all__ = ["digest_of", "fingerprint", "skip_batches"]

_MOST_SAMPLES = 4096
_MOST_PARAMETERS = 4
_MOST_NUMBERS = 64


def skip_batches(dataset: ImageBatches, batches: int) -> None:
    """Let the next epoch of training begin with a later batch.

    It is called in `on_epoch_begin`. Keras counts the steps of a whole epoch and must then take no
    batch in the first of them.
    """
    dataset._serving.skip(batches)


def fingerprint(dataset: ImageBatches) -> dict[str, Any]:
    """Return what tells two datasets apart, as values for JSON.

    It holds the settings of the order, the names and sizes of files, or numbers of up to 4,096
    samples of arrays, their targets and weights, and how the first samples are transformed.
    `first_batch` depends on rounding, and all else is exact. It holds some numbers of the first
    batch as it is served, by which functions of the user are told apart.
    """
    maker = dataset._maker
    order = maker.order
    # Processes that train together all compare the block of the first one.
    index, count = order.shard if process()[1] == 1 else (0, order.shard[1])
    first = replace(order, shard=(index, count)).indices(0)[0]
    some = _spread(dataset.samples, _MOST_SAMPLES)
    content = _files(dataset) if dataset.files is not None else [maker._source.load(some)[0]]
    targets = [] if maker.targets is None else [maker.targets]
    if targets and not isinstance(maker.targets, str):
        targets = [maker.targets[some]]
    weights = [] if maker.sample_weight is None else [maker.sample_weight[some]]
    return {
        "samples": dataset.samples,
        "batch_size": order.batch_size,
        "shuffle": order.shuffle,
        # Without shuffling it decides at most how samples are transformed, which is below.
        "seed": int(order.seed) if order.shuffle else None,
        "shard": [index, count],
        "drop_remainder": order.drop_remainder,
        "images": _digest(content),
        "targets": _digest(targets),
        "sample_weight": _digest(weights),
        "transform": repr([maker.parameters(int(i), 0) for i in first[:_MOST_PARAMETERS]]),
        "first_batch": [_numbers(array) for array in keras.tree.flatten(maker._batch(first, 0))],
    }


def digest_of(array: npt.NDArray[Any]) -> str:
    """Return a hash of up to 4,096 rows of an array."""
    rows = np.atleast_1d(array)
    return _digest([rows[_spread(len(rows), _MOST_SAMPLES)]])


def _files(dataset: ImageBatches) -> list[str]:
    names = dataset.filenames
    return [f"{name}\0{_size(path)}" for name, path in zip(names, dataset.file_paths, strict=True)]


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return -1


def _digest(parts: list[Any]) -> str:
    """Return a hash of strings and of the dtypes, shapes and bytes of arrays."""
    digest = hashlib.sha256()
    for part in keras.tree.flatten(parts):
        if isinstance(part, str):
            digest.update(part.encode("utf-8", "surrogateescape") + b"\n")
        else:
            array = np.asarray(part)
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _numbers(array: npt.ArrayLike) -> list[float]:
    numbers = np.asarray(array, np.float64).reshape(-1)
    return [float(number) for number in numbers[_spread(numbers.size, _MOST_NUMBERS)]]


def _spread(size: int, most: int) -> npt.NDArray[np.int64]:
    """Return some indices from 0 to a size, evenly spaced."""
    return np.unique(np.linspace(0, max(size - 1, 0), min(most, size)).astype(np.int64))
