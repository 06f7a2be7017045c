"""Choose the class of each sample that is explained, and compute its score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np
import numpy.typing as npt

from kcore._arrays import read_array
from kcore.explain._array_summaries import number_range
from kcore.explain._heat_maps import warn_of_holes
from kcore.inspect._model_inputs import as_one_array, length
from kcore.inspect._model_runner import ModelRunner
from kcore.inspect._score_source import Score

__all__ = [
    "ClassIndex",
    "ClassScores",
    "as_classes",
    "check_score",
    "chosen_classes",
    "class_indices",
    "class_scores",
    "of_classes",
    "selector",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
ClassIndex: TypeAlias = int | Sequence[int] | npt.NDArray[np.integer[Any]] | None


@dataclass(frozen=True, eq=False)
class ClassScores:
    """The score of each class of each sample.

    Attributes:
        values: (samples, classes) float32.
        source: where the scores are taken: "before softmax", "before sigmoid" or "before
            log-softmax", or "output" if the model's output doesn't come straight from such a
            function.
    """

    values: Floats
    source: str

    @property
    def predicted(self) -> Indices:
        """The class with the highest score of each sample, (samples,) int64."""
        return self.values.argmax(axis=-1)

    def __repr__(self) -> str:
        samples, classes = self.values.shape
        return (
            f"ClassScores({samples} samples, {classes} classes, {self.source}, in "
            f"{number_range(self.values)})"
        )


def class_scores(model: keras.Model, x: Any, *, batch_size: int = 32) -> ClassScores:
    """Return the scores that kcore explains: those before the last softmax or sigmoid.

    Probabilities are hard to explain: with softmax, one class falls because another one rises, and
    where the model is certain, all gradients vanish. So the score of a class is taken before the
    activation wherever the model's output comes straight from one: from `activation="softmax"`,
    `"sigmoid"` or `"log_softmax"` of its last layer, or from a last layer `Softmax` or
    `Activation`. Layers that change no value may follow, such as a `Reshape`, or the
    `Activation("linear", dtype="float32")` of mixed precision. Otherwise the output itself is the
    score, and `source` says so.

    One sigmoid unit counts as two classes: its score for class 1, and the negative score for class
    0. So does one unit without a sigmoid if the model was compiled with a loss that takes logits,
    such as `BinaryCrossentropy(from_logits=True)`. Without such a loss, nothing distinguishes a
    logit from a regression: the unit is then the only class, 0, and its value is the score.

    Args:
        model: a Keras model with one input and one output (samples, classes).
        x: samples, an array with the batch axis first.
        batch_size: the largest number of samples that run at once.

    Returns:
        The scores and where they come from.

    Raises:
        TypeError: if `model` is not a Keras model, or `x` is not an array of real numbers.
        ValueError: if the model has several outputs or no score for each class, or `x` doesn't fit
            the model.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> scores = kcore.explain.class_scores(kcore.models.cnn(), np.zeros((2, 28, 28, 1)))
        >>> scores.values.shape, scores.source
        ((2, 10), 'before softmax')
    """
    array = as_one_array(x, floating=False)
    runner = ModelRunner(model, array, batch_size)
    check_score(runner.score)
    (scores,) = runner.forward(array, ["score"])
    warn_of_holes("class_scores", "scores", scores)
    return ClassScores(as_classes(runner.score, scores), runner.score.source)


def check_score(score: Score) -> None:
    """Raise a ValueError if a model's classes have no scores."""
    if score.problem:
        raise ValueError(score.problem)


def as_classes(score: Score, values: Array) -> Floats:
    """Turn scores of units, (samples, units), into scores of classes."""
    return np.concatenate([-values, values], axis=1) if score.is_signed else values


def class_indices(score: Score, class_index: ClassIndex, samples: int) -> Indices | None:
    """Return the class of each sample, checked; None for the predicted ones.

    Raises:
        ValueError: if the model has no scores, or `class_index` is anything but one class, or one
            for each sample.
    """
    check_score(score)
    if class_index is None:
        return None
    given = read_array("class_index", class_index)
    if not np.issubdtype(given.dtype, np.integer) or given.shape not in ((), (samples,)):
        raise ValueError(
            f"class_index={class_index!r} must be one integer, or one for each of the "
            f"{samples} samples, or None for the predicted classes."
        )
    wrong = given[(given < 0) | (given >= score.classes)]
    if wrong.size:
        hint = (
            " Its output is one unit without a sigmoid: compile the model with "
            "BinaryCrossentropy(from_logits=True) if it is the logit of class 1."
            if score.classes == 1
            else ""
        )
        classes = "1 class, 0" if score.classes == 1 else f"{score.classes} classes, 0 to "
        raise ValueError(
            f"class_index={int(wrong.flat[0])} is out of range: the model has {classes}"
            f"{'' if score.classes == 1 else score.classes - 1}.{hint}"
        )
    return np.broadcast_to(given, (samples,)).astype(np.int64)


def selector(score: Score, chosen: Indices | None, samples: int) -> Floats:
    """Return the factors that select the scores of units: zeros for the predicted class."""
    if chosen is None:
        return np.zeros((samples, score.units), np.float32)
    if score.is_signed:
        return np.where(chosen == 1, 1.0, -1.0).astype(np.float32)[:, None]
    return np.eye(score.units, dtype=np.float32)[chosen]


def of_classes(score: Score, values: Array, chosen: Indices) -> Floats:
    """Return the score of each sample's class, (samples,)."""
    return np.take_along_axis(as_classes(score, values), chosen[:, None], axis=1)[:, 0]


def chosen_classes(runner: ModelRunner, x: Any, class_index: ClassIndex) -> tuple[Indices, Floats]:
    """Return the class of each sample, by default the predicted one, and its score."""
    given = class_indices(runner.score, class_index, length(x))
    (values,) = runner.forward(x, ["score"])
    chosen = as_classes(runner.score, values).argmax(axis=-1) if given is None else given
    return chosen, of_classes(runner.score, values, chosen)
