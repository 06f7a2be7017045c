"""Check the data that the head is trained on: images or a dataset, labels and weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kcore._arrays import read_array
from kcore._targets import check_labels
from kcore.models._arguments import check_images
from kcore.training import _fit_arguments as fit_arguments

__all__ = [
    "Samples",
    "check_batch",
    "check_class_weight",
    "check_sample_weight",
    "check_samples",
    "label_kind",
]

Array = np.ndarray[Any, Any]

# Enough to notice an augmentation with few outcomes, such as a flip.
_IMAGES_LOOKED_AT = 8
_EPOCHS_LOOKED_AT = 4


@dataclass(frozen=True)
class Samples:
    """Images or features, labels and weights; labels and weights are None for a dataset.

    Attributes:
        x: array (samples, ...), or a `keras.utils.PyDataset` of batches.
        y: integer labels (samples,).
        weight: float32 (samples,), or None for equal weights.
    """

    x: Any
    y: Any = None
    weight: Array | None = None

    @property
    def is_dataset(self) -> bool:
        """Whether `x` is a dataset."""
        return isinstance(self.x, keras.utils.PyDataset)


def label_kind(model: Any) -> tuple[int, str]:
    """Return the number of a classifier's classes, and the kind of labels for `check_labels`."""
    units = int(model.output_shape[-1])
    return (2, "binary") if units == 1 else (units, "sparse")


def check_samples(
    name: str, samples: Samples, model: Any, class_weight: Mapping[int, float] | None, once: bool
) -> Samples:
    """Return samples whose labels are classes of the model, with the weight of each.

    Args:
        name: what the user calls them.
        samples: as they were given.
        model: the classifier.
        class_weight: the weight of the samples of each class; None for 1.
        once: whether features are computed once, so that images must not change.

    Raises:
        ValueError: if labels or weights are wrong or not as many as the images, or images change
            from epoch to epoch and must not.
    """
    if samples.is_dataset:
        if samples.y is not None or samples.weight is not None:
            raise ValueError(f"{name}: a dataset has its own labels and weights: leave y out.")
        if once and _changes(samples.x):
            raise ValueError(
                f"{name}: the dataset gives other images in each epoch, and features_once=True "
                "would keep those of one epoch. Give features_once=False to run the base in each "
                "step, or a dataset that doesn't augment."
            )
        return samples
    x_name, y_name = ("x", "y") if name == "x and y" else (f"{name}[0]", f"{name}[1]")
    x = check_images(x_name, samples.x, model)
    y = None if samples.y is None else check_labels(y_name, samples.y, *label_kind(model))
    if y is None or len(x) != len(y) or not len(x):
        raise ValueError(
            f"{name}: {len(x)} images and {'no' if y is None else len(y)} labels; give one label "
            "for each image, and at least one."
        )
    return Samples(x, y, _weights(name, y, samples.weight, class_weight))


def check_batch(
    name: str, batch: Any, model: Any, class_weight: Mapping[int, float] | None
) -> Samples:
    """Check a batch of a dataset, as `check_samples` does arrays."""
    if not isinstance(batch, tuple) or len(batch) not in (2, 3):
        raise ValueError(
            f"{name}: the dataset must give batches (images, labels) or (images, labels, weights)."
        )
    x, y, *weight = map(np.asarray, batch)
    if y.ndim == 2 and y.shape[1] > 1:
        raise ValueError(
            f"{name}: the dataset gives rows of shape {y.shape} for labels: integers are needed, "
            "as label_mode='int' gives (or 'binary', for one sigmoid); y.argmax(axis=-1) makes "
            "them from one-hot rows."
        )
    y = check_labels(f"labels of {name}", y, *label_kind(model))
    return Samples(x, y, _weights(name, y, weight[0] if weight else None, class_weight))


def check_class_weight(class_weight: Any, model: Any) -> dict[int, float] | None:
    """Return weights by class, or say what is wrong with them."""
    weights = fit_arguments.check_class_weight(class_weight)
    classes, _ = label_kind(model)
    for label in weights or ():
        if label >= classes:
            raise ValueError(
                f"class_weight has {label}, which is not one of the {classes} classes, 0 to "
                f"{classes - 1}."
            )
    return weights


def check_sample_weight(name: str, weight: Any, count: int) -> Array:
    """Return the weights of samples as an array, or say what is wrong with them.

    Args:
        name: what the user calls the samples.
        weight: one number of at least 0 for each sample.
        count: the number of samples.
    """
    given = read_array("sample_weight", weight)
    if given.shape != (count,) or given.dtype.kind not in "biuf":
        raise ValueError(
            f"sample_weight of {name} has shape {given.shape} and dtype {given.dtype}: one number "
            f"for each of the {count} samples is needed."
        )
    if not (np.isfinite(given).all() and (given >= 0).all()):
        raise ValueError(f"sample_weight of {name} has negative or infinite values, or NaN.")
    return given


def _weights(
    name: str, y: Array, weight: Any, class_weight: Mapping[int, float] | None
) -> Array | None:
    if weight is None and class_weight is None:
        return None
    count = len(y)
    if weight is None:
        given = np.ones(count, "float32")
    else:
        given = check_sample_weight(name, weight, count)
    by_class = [1.0 if class_weight is None else class_weight.get(int(one), 1.0) for one in y.flat]
    return (given * np.array(by_class)).astype("float32")


def _changes(dataset: Any) -> bool:
    """Tell whether the images of a dataset change from epoch to epoch."""
    if hasattr(dataset, "image") and hasattr(dataset, "samples"):
        return any(
            _differ(dataset.image(index, epoch), dataset.image(index, 0))
            for index in range(min(_IMAGES_LOOKED_AT, dataset.samples))
            for epoch in range(1, _EPOCHS_LOOKED_AT)
        )
    # Other datasets have no epochs to ask for, but one that augments gives other images each time.
    return _differ(_images(dataset[0]), _images(dataset[0]))


def _images(batch: Any) -> Any:
    return batch[0] if isinstance(batch, tuple) else batch


def _differ(one: Any, other: Any) -> bool:
    return not np.array_equal(np.asarray(one), np.asarray(other))
