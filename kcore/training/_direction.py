"""Infer from the name of a metric whether smaller or larger values are better."""

from typing import Literal

__all__ = ["Mode", "infer_mode"]

Mode = Literal["min", "max"]

_SMALLER_IS_BETTER = frozenset(
    "cosh crossentropy divergence error false hinge huber loss".split()
    + "logcosh mae mape mse msle poisson rmse".split()
)
_LARGER_IS_BETTER = frozenset(
    "acc accuracy auc correlation iou precision recall".split()
    + "score sensitivity similarity specificity true".split()
)


def infer_mode(monitor: str) -> Mode:
    """Return `"min"` or `"max"` for a metric named as Keras names its metrics.

    The words in the name decide, so prefixes such as `val_` or the name of an output don't matter:
    `val_loss` and `root_mean_squared_error` are better when small, `predictions_accuracy` and
    `f1_score` when large.

    Args:
        monitor: the name of a metric in the logs of `fit`.

    Raises:
        ValueError: if the name implies neither or both.

    Example:
        >>> infer_mode("val_loss"), infer_mode("top_k_categorical_accuracy")
        ('min', 'max')
    """
    words = set(monitor.lower().replace("io_u", "iou").split("_"))
    smaller, larger = words & _SMALLER_IS_BETTER, words & _LARGER_IS_BETTER
    if bool(smaller) == bool(larger):
        raise ValueError(
            f"monitor={monitor!r} does not tell whether smaller or larger is better. "
            "Give mode='min' or mode='max'."
        )
    return "min" if smaller else "max"
