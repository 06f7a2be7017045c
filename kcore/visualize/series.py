"""The numbers of a training, as one series for each metric."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kcore.arguments import check_whole

__all__ = ["Curve", "Points", "curves_of", "describe"]

Points = tuple[tuple[int, float], ...]
_VALIDATION = "val_"


@dataclass(frozen=True)
class Curve:
    """One metric over the epochs.

    Attributes:
        metric: its name, without "val_".
        training: (epoch, value) of each epoch in which it is known; epochs count from 1. A value
            may be NaN or infinite.
        validation: the same, on the validation data.
    """

    metric: str
    training: Points
    validation: Points

    @property
    def gap(self) -> tuple[int, float] | None:
        """The last epoch in which both are known, and validation minus training in it."""
        training = dict(_finite(self.training))
        common = [point for point in _finite(self.validation) if point[0] in training]
        if not common:
            return None
        epoch, value = common[-1]
        return epoch, value - training[epoch]

    def points_of_both(self) -> list[tuple[int, float, float]]:
        """Return (epoch, training, validation) of the epochs in which both are finite."""
        training = dict(_finite(self.training))
        both = _finite(self.validation)
        return [(epoch, training[epoch], value) for epoch, value in both if epoch in training]


def curves_of(
    history: Any, validation_freq: int | Sequence[int] = 1, metrics: Sequence[str] | None = None
) -> list[Curve]:
    """Read what `fit` returned, or a mapping like its `history`.

    Args:
        history: a `keras.callbacks.History`, or a mapping of names to one value an epoch; None
            stands for an epoch in which it wasn't computed.
        validation_freq: what `fit` was given, for series that are shorter than the others.
        metrics: the metrics to take, without "val_"; all by default.

    Raises:
        ValueError: if there is nothing in it, a metric is not there, or the lengths don't fit.
    """
    logs = getattr(history, "history", history)
    if not isinstance(logs, Mapping):
        raise ValueError(
            f"history={history!r} must be what fit returned, or a mapping of names to values."
        )
    for name, values in logs.items():
        _check_values(name, values)
    epochs = _epochs(history, logs)
    names = list(dict.fromkeys(name.removeprefix(_VALIDATION) for name in logs))
    if not names or not epochs:
        raise ValueError("history holds no epoch; train first.")
    if isinstance(metrics, str):
        raise ValueError(f"metrics={metrics!r} must be a sequence of names, such as [{metrics!r}].")
    for metric in metrics or ():
        if metric not in names:
            raise ValueError(f"metrics holds {metric!r}, but history has: {', '.join(names)}.")
    found = [
        Curve(
            name,
            _points(name, logs, epochs, validation_freq),
            _points(_VALIDATION + name, logs, epochs, validation_freq),
        )
        for name in (metrics or names)
    ]
    return [curve for curve in found if curve.training or curve.validation]


def describe(curve: Curve) -> str:
    """Say in words where a curve ends and how large the gap is."""
    parts = []
    for name, points in (("training", curve.training), ("validation", curve.validation)):
        if points:
            epoch, value = points[-1]
            parts.append(f"{name} {value:.4g} in epoch {epoch}")
    described = f"{curve.metric}: {', '.join(parts)}"
    if curve.gap is None:
        return described
    epoch, gap = curve.gap
    return f"{described}; {gap_in_words(gap)} in epoch {epoch}"


def gap_in_words(gap: float) -> str:
    """Say how far validation lies from training."""
    side = "above" if gap > 0 else "below"
    return f"validation {abs(gap):.3g} {side} training" if gap else "validation equals training"


def _check_values(name: object, values: Any) -> None:
    is_series = isinstance(values, Iterable) and not isinstance(values, (str, Mapping))
    if not is_series or np.ndim(values) != 1:
        raise ValueError(f"history[{name!r}]={values!r} must be one value for each epoch.")
    for value in values:
        if value is not None and np.asarray(value).dtype.kind not in "iufb":
            raise ValueError(f"history[{name!r}] holds {value!r}; give numbers, or None.")


def _epochs(history: Any, logs: Mapping[str, Sequence[Any]]) -> list[int]:
    ran = getattr(history, "epoch", None)
    if ran:
        return [epoch + 1 for epoch in ran]
    return list(range(1, max((len(values) for values in logs.values()), default=0) + 1))


def _points(
    name: str,
    logs: Mapping[str, Sequence[Any]],
    epochs: list[int],
    validation_freq: int | Sequence[int],
) -> Points:
    values = logs.get(name, ())
    if not len(values):
        return ()
    if len(values) != len(epochs):
        validated = _validated(epochs, validation_freq)
        if len(values) != len(validated) or not name.startswith(_VALIDATION):
            raise ValueError(
                f"history holds {len(values)} values of {name!r} for {len(epochs)} epochs. Give "
                "validation_freq as fit had it, or None for the epochs in which there was none."
            )
        epochs = validated
    pairs = zip(epochs, values, strict=True)
    return tuple((epoch, float(value)) for epoch, value in pairs if value is not None)


def _validated(epochs: list[int], validation_freq: int | Sequence[int]) -> list[int]:
    """Return the epochs in which `fit` validates: every so many, or those in a list."""
    if isinstance(validation_freq, Sequence) and not isinstance(validation_freq, str):
        return [epoch for epoch in epochs if epoch in validation_freq]
    every = check_whole("validation_freq", validation_freq)
    return [epoch for epoch in epochs if epoch % every == 0]


def _finite(points: Points) -> list[tuple[int, float]]:
    return [point for point in points if math.isfinite(point[1])]
