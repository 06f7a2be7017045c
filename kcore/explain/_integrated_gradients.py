"""Integrated Gradients: what each value of a sample adds to a score, relative to a baseline."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore._arrays import read_array
from kcore._warning import warn
from kcore.explain._array_summaries import array_summary, number_range, numbers
from kcore.explain._class_scores import ClassIndex, chosen_classes, of_classes
from kcore.explain._gradients import slopes
from kcore.explain._heat_maps import without_holes
from kcore.inspect._model_inputs import as_one_array
from kcore.inspect._model_runner import ModelRunner
from kcore.models._arguments import shown

__all__ = ["Attributions", "integrated_gradients"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

# Samples whose values miss more than this fraction of the difference of scores get a warning.
_TOLERANCE = 0.05
# The quadrature's nodes are found from a matrix of steps by steps.
_MOST_STEPS = 1_000


@dataclass(frozen=True, eq=False)
class Attributions:
    """What each value of a sample adds to a score.

    Attributes:
        values: float32, shaped like the samples; positive values support the class.
        class_index: the class, (samples,) int64.
        scores: its scores, (samples,) float32.
        baseline_scores: its scores for the baselines, (samples,) float32.
        gaps: by how much the sum of a sample's values misses the difference of the two scores,
            (samples,) float32. They are zero for an exact integral, a property called completeness.
    """

    values: Floats
    class_index: Indices
    scores: Floats
    baseline_scores: Floats
    gaps: Floats

    def __repr__(self) -> str:
        return (
            f"Attributions({array_summary(self.values)}, for classes {numbers(self.class_index)}, "
            f"gaps in {number_range(self.gaps)})"
        )


def integrated_gradients(
    model: keras.Model,
    x: npt.ArrayLike,
    class_index: ClassIndex = None,
    *,
    baseline: npt.ArrayLike = 0.0,
    steps: int = 50,
    batch_size: int = 32,
) -> Attributions:
    """Attribute the difference between a score and a baseline's score to the values of a sample.

    The gradient is integrated along the straight line from the baseline to the sample and
    multiplied by their difference (Sundararajan and others, "Axiomatic attribution for deep
    networks", ICML 2017), by Gauss-Legendre quadrature. With an exact integral, the values of a
    sample add up to the difference of the scores. What is missing is returned as `gaps`, with a
    warning if it is more than 5% of the difference.

    Args:
        model: a Keras model with one input and one output (samples, classes).
        x: samples, an array with the batch axis first.
        class_index: the class to explain, one for all samples or one for each; None means the
            predicted classes.
        baseline: what an empty sample holds: a number, or an array that is broadcast to `x`.
        steps: number of points on the line, at most 1,000.
        batch_size: the largest number of points that run at once.

    Returns:
        The attributions, with the scores and the gaps. The attributions of a sample are all zeros,
        and a warning gives its index, if a value isn't finite.

    Raises:
        TypeError: if `model` is not a Keras model, or `x` is not an array of real numbers.
        ValueError: if the model has no score for each class or takes integers, `class_index` is not
            in it, `steps` is out of range, or `baseline` can't be broadcast to `x`.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.set_weights([np.array([[2.0], [-3.0]]), np.array([7.0])])
        >>> integrated_gradients(model, np.array([[1.0, 2.0]])).values
        array([[ 2., -6.]], dtype=float32)
    """
    array = as_one_array(x)
    steps = check_integer("steps", steps, maximum=_MOST_STEPS)
    baselines = _broadcast(baseline, array)
    runner = ModelRunner(model, array, batch_size)
    chosen, scores = chosen_classes(runner, array, class_index)
    baseline_scores = of_classes(runner.score, runner.forward(baselines, ["score"])[0], chosen)
    values = np.stack(
        [
            _integral(runner, sample, base, int(one), steps)
            for sample, base, one in zip(array, baselines, chosen, strict=True)
        ]
    )
    values = without_holes("integrated_gradients", values)
    differences = scores - baseline_scores
    gaps = values.sum(axis=tuple(range(1, values.ndim))) - differences
    _warn_of_gaps(gaps, differences)
    return Attributions(
        values.astype(np.float32), chosen, scores, baseline_scores, gaps.astype(np.float32)
    )


def _integral(
    runner: ModelRunner, sample: Array, baseline: Array, chosen: int, steps: int
) -> Array:
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    difference = sample.astype(np.float64) - baseline
    fractions = ((nodes + 1) / 2).reshape(-1, *[1] * sample.ndim)
    points = (baseline + fractions * difference).astype(sample.dtype)
    found = slopes(runner, points, chosen).astype(np.float64)
    return difference * np.tensordot(weights / 2, found, axes=1)


def _broadcast(baseline: Any, array: Array) -> Array:
    given = read_array("baseline", baseline)
    if given.dtype.kind not in "iuf" or not np.isfinite(given).all():
        raise ValueError(
            f"baseline={shown(baseline)} must be a finite number or an array of finite numbers."
        )
    given = given.astype(array.dtype)
    try:
        return np.broadcast_to(given, array.shape)
    except ValueError:
        raise ValueError(
            f"baseline with shape {given.shape} can't be broadcast to x with shape {array.shape}: "
            "give a number or an array of the shape of one sample."
        ) from None


def _warn_of_gaps(gaps: Array, differences: Array) -> None:
    # Differences below the precision of float32 are rounding, not gaps.
    allowed = _TOLERANCE * np.abs(differences) + 1e-4
    missed = np.flatnonzero(np.isfinite(gaps) & ~(np.abs(gaps) <= allowed))
    if len(missed):
        worst = missed[np.argmax(np.abs(gaps[missed]))]
        warn(
            "integrated_gradients: the values of these samples don't add up to the difference of "
            f"the scores: {', '.join(map(str, missed))}. Sample {worst} misses "
            f"{differences[worst]:.4g} by {gaps[worst]:.4g}: give more steps."
        )
