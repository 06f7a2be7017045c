"""Read the numbers of a training run, as one curve for each metric."""

import math
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer, check_text
from kcore._logs import described, numbers_in
from kcore._warning import warn

__all__ = ["Curve", "Points", "curves_of", "describe", "distance", "in_words", "split_series"]

Points = tuple[tuple[int, float], ...]
Numbers = npt.NDArray[np.float64]
_VALIDATION = "val_"
# More curves of one metric would not help a reader.
_MOST_ENTRIES = 10


@dataclass(frozen=True)
class Curve:
    """One metric over the epochs.

    Attributes:
        metric: its name, without "val_".
        training: (epoch, value) of each epoch in which it was computed; epochs count from 1. A
            value may be NaN or infinite.
        validation: the same on the validation data.
        test: the same on the test data, at the end of training.
    """

    metric: str
    training: Points
    validation: Points
    test: Points = ()

    @property
    def series(self) -> dict[str, Points]:
        """The points of "training", "validation" and "test", which may have none."""
        return {"training": self.training, "validation": self.validation, "test": self.test}

    @property
    def first_epoch(self) -> int:
        """The first epoch that has a value."""
        return min(epoch for points in self.series.values() for epoch, _ in points)

    @property
    def last_epoch(self) -> int:
        """The last epoch that has a value."""
        return max(epoch for points in self.series.values() for epoch, _ in points)

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

    A series of vectors, such as a metric with a value for each class, becomes a curve for each
    entry, `name[0]` and so on. A series that can't be drawn is left out with a warning.

    Args:
        history: a `keras.callbacks.History`, or a mapping of names to one value per epoch, with
            None for an epoch without a value.
        validation_freq: the `validation_freq` of `fit`, for series that are shorter than the
            others.
        metrics: the metrics to read, without "val_"; all by default.

    Raises:
        ValueError: if nothing can be drawn, a metric is missing, or lengths don't fit.
    """
    logs = getattr(history, "history", history)
    if not isinstance(logs, Mapping):
        raise ValueError(
            f"history={history!r} must be what fit returned, or a mapping of names to values."
        )
    for name, values in logs.items():
        _check_values(name, values)
    epochs = _epochs(history, logs)
    if not epochs:
        raise ValueError("history holds no epoch; train first.")
    found, left_out = split_series(logs)
    names = list(dict.fromkeys(name.removeprefix(_VALIDATION) for name in found))
    wanted = names if metrics is None else _wanted(metrics, names, left_out)
    curves = [
        Curve(
            name,
            _points(name, found, epochs, validation_freq),
            _points(_VALIDATION + name, found, epochs, validation_freq),
        )
        for name in wanted
    ]
    curves = [curve for curve in curves if curve.training or curve.validation]
    if not curves:
        raise ValueError(
            "history holds no numbers to draw: " + (in_words(left_out) or "each value is None")
        )
    if metrics is None and left_out:
        warn(f"Left out of the curves: {in_words(left_out)}.")
    return curves


def split_series(logs: Mapping[str, Any]) -> tuple[dict[str, list[float | None]], dict[str, str]]:
    """Split logs into series of single numbers, and say which series are left out and why.

    Args:
        logs: name -> one value per epoch: a number, None, or a vector of at most 10 numbers, each
            entry of which makes a series.
    """
    found: dict[str, list[float | None]] = {}
    left_out: dict[str, str] = {}
    for name, values in logs.items():
        numbers = [None if value is None else numbers_in(value) for value in values]
        reason = _unfit(values, numbers)
        if reason is not None:
            left_out[str(name)] = reason
            continue
        size = max((array.size for array in numbers if array is not None), default=1)
        for index in range(size):
            entry = str(name) if size == 1 else f"{name}[{index}]"
            found[entry] = [
                None if array is None else float(array.reshape(-1)[index]) for array in numbers
            ]
    return found, left_out


def in_words(left_out: Mapping[str, str]) -> str:
    """Name the series that are left out, each with its reason."""
    return "; ".join(f"{name!r} {reason}" for name, reason in left_out.items())


def describe(curve: Curve) -> str:
    """Say in words where a curve ends and how large the gap is."""
    parts = []
    for name, points in curve.series.items():
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
    return f"validation {distance(gap)} {side} training" if gap else "validation equals training"


def distance(gap: float) -> str:
    """Write how large a gap is; the gap between two floats can be larger than any float."""
    return f"{abs(gap):.3g}" if math.isfinite(gap) else f"more than {sys.float_info.max:.3g}"


def _check_values(name: object, values: Any) -> None:
    is_text = isinstance(values, (str, bytes, Mapping))
    if is_text or not isinstance(values, Collection) or getattr(values, "ndim", 1) == 0:
        raise ValueError(f"history[{name!r}]={values!r} must be one value for each epoch.")


def _unfit(values: Iterable[Any], numbers: Sequence[Numbers | None]) -> str | None:
    """Say why a series can't be drawn; None if it can."""
    for value, array in zip(values, numbers, strict=True):
        if value is not None and (array is None or array.ndim > 1 or not array.size):
            return f"holds {described(value)}"
    shapes = {array.shape for array in numbers if array is not None}
    if len(shapes) > 1:
        return "holds values of several shapes"
    size = max((array.size for array in numbers if array is not None), default=1)
    return None if size <= _MOST_ENTRIES else f"holds {size} numbers, more than {_MOST_ENTRIES}"


def _wanted(metrics: Sequence[str], names: Sequence[str], left_out: Mapping[str, str]) -> list[str]:
    """Return the names of the series of some metrics; a name stands for all entries."""
    is_list = isinstance(metrics, Sequence) or getattr(metrics, "ndim", 0) == 1
    if isinstance(metrics, str | bytes) or not is_list:
        raise ValueError(f"metrics={metrics!r} must be a sequence of names, such as [{metrics!r}].")
    if not len(metrics):
        raise ValueError("metrics names no metric: give at least one, or None for all.")
    wanted = []
    for position, metric in enumerate(metrics):
        metric = check_text(f"metrics[{position}]", metric)
        unfit = [name for name in (metric, f"{_VALIDATION}{metric}") if name in left_out]
        if unfit:
            raise ValueError(f"metrics holds {metric!r}, but {unfit[0]!r} {left_out[unfit[0]]}.")
        entries = [name for name in names if re.fullmatch(rf"{re.escape(metric)}(\[\d+\])?", name)]
        if not entries:
            raise ValueError(f"metrics holds {metric!r}, but history has: {', '.join(names)}.")
        wanted += entries
    return wanted


def _epochs(history: Any, logs: Mapping[str, Sequence[Any]]) -> list[int]:
    ran = getattr(history, "epoch", None)
    if ran:
        return [epoch + 1 for epoch in ran]
    return list(range(1, max((len(values) for values in logs.values()), default=0) + 1))


def _points(
    name: str,
    logs: Mapping[str, Sequence[float | None]],
    epochs: list[int],
    validation_freq: int | Sequence[int],
) -> Points:
    values = logs.get(name, ())
    if not values:
        return ()
    if len(values) != len(epochs):
        validated = _validated(epochs, validation_freq)
        if len(values) != len(validated) or not name.startswith(_VALIDATION):
            raise ValueError(
                f"history holds {len(values)} values of {name!r} for {len(epochs)} epochs. Give "
                "the validation_freq of fit, or None for the epochs in which there was no value."
            )
        epochs = validated
    pairs = zip(epochs, values, strict=True)
    return tuple((epoch, value) for epoch, value in pairs if value is not None)


def _validated(epochs: list[int], validation_freq: int | Sequence[int]) -> list[int]:
    """Return the epochs in which `fit` validates."""
    if isinstance(validation_freq, Sequence) and not isinstance(validation_freq, str):
        return [epoch for epoch in epochs if epoch in validation_freq]
    every = check_integer("validation_freq", validation_freq)
    return [epoch for epoch in epochs if epoch % every == 0]


def _finite(points: Points) -> list[tuple[int, float]]:
    return [point for point in points if math.isfinite(point[1])]
