"""Check the arguments that `kcore.training.fit` passes on to `model.fit`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import keras

from kcore._arguments import check_integer, check_not_negative

__all__ = [
    "check_class_weight",
    "check_validation_data",
    "check_validation_freq",
    "check_verbose",
    "is_dataset",
    "optional_count",
]

# Iterables that don't yield batches.
_NO_DATASETS = (str, bytes, Mapping, Set, range, type)


def optional_count(name: str, value: Any) -> int | None:
    """Return a count of at least 1 or None."""
    return None if value is None else check_integer(name, value)


def check_verbose(verbose: Any) -> None:
    """Raise a ValueError unless `verbose` is what `model.fit` takes."""
    if type(verbose) not in (bool, int, str) or verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"verbose={verbose!r:.80} must be 'auto', 0, 1 or 2.")


def check_validation_freq(validation_freq: Any) -> int | list[int]:
    """Return after how many epochs to validate, or the numbers of these epochs, from 1."""
    if isinstance(validation_freq, list | tuple | Set):
        return [check_integer("an entry of validation_freq", one) for one in validation_freq]
    return check_integer("validation_freq", validation_freq)


def check_class_weight(class_weight: Any) -> dict[int, float] | None:
    """Return weights by class, or None."""
    if class_weight is None:
        return None
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            f"class_weight={class_weight!r:.80} must be a dictionary {{class: weight}}"
        )
    weights = {}
    for label, weight in class_weight.items():
        label = check_integer("a class in class_weight", label, minimum=0)
        weights[label] = check_not_negative(f"class_weight[{label}]", weight)
    return weights


def check_validation_data(validation_data: Any) -> None:
    """Raise a TypeError unless each process can read the data from their beginning."""
    if validation_data is None or isinstance(validation_data, keras.utils.PyDataset):
        return
    if isinstance(validation_data, Iterator):
        raise TypeError(
            "validation_data is a generator, which can't be put back to where it was: give arrays "
            "or a dataset, which begin anew each time."
        )
    if isinstance(validation_data, list | tuple):
        _check_arrays(validation_data)
    elif not is_dataset(validation_data):
        raise TypeError(
            f"validation_data={validation_data!r:.80} must be (x, y), (x, y, weights) or a dataset."
        )


def is_dataset(value: Any) -> bool:
    """Tell whether a value may be a dataset, which yields batches."""
    is_one = isinstance(value, keras.utils.PyDataset | Iterable)
    return is_one and not isinstance(value, _NO_DATASETS) and not hasattr(value, "shape")


def _check_arrays(validation_data: Sequence[Any]) -> None:
    sizes = {
        (leaf.shape[0] if getattr(leaf, "shape", ()) else None)
        for leaf in keras.tree.flatten(list(validation_data))
    }
    if len(validation_data) not in (2, 3) or len(sizes) != 1 or sizes & {None, 0}:
        raise ValueError(
            f"validation_data={validation_data!r:.80} must be (x, y) or (x, y, weights), arrays "
            "with as many samples each."
        )
