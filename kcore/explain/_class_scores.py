"""Which class of each image is explained, and its score."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore._arrays import read_array
from kcore.explain._heat_maps import warn_of_holes
from kcore.inspect._layer_outputs import Score
from kcore.inspect._model_inputs import as_one_array
from kcore.inspect._model_runner import Reader, reader_of

__all__ = [
    "ClassScores",
    "as_classes",
    "check_score",
    "chosen_classes",
    "class_scores",
    "indices",
    "of_classes",
    "selector",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClassScores:
    """The score of each class of each sample.

    Attributes:
        values: (samples, classes) float32.
        source: what they are: "before softmax", "before sigmoid" or "before log-softmax", or
            "output" where the model's output doesn't come straight from such a function.
    """

    values: Floats
    source: str

    @property
    def predicted(self) -> Indices:
        """The class with the highest score of each sample, (samples,)."""
        return self.values.argmax(axis=-1)


def class_scores(model: Any, x: Any, *, batch_size: int = 32) -> ClassScores:
    """Return the scores that kcore explains: those before the last softmax or sigmoid.

    Probabilities are no good to explain: softmax lets the score of one class fall because that of
    another rises, and where the model is certain, all gradients vanish. So the score of a class is
    taken before the activation wherever the model's output comes straight from one: from
    `activation="softmax"`, `"sigmoid"` or `"log_softmax"` of its last layer, or from a last layer
    `Softmax` or `Activation`. What changes no value may follow, such as a `Reshape`, or the
    `Activation("linear", dtype="float32")` of mixed precision. Otherwise the output itself is the
    score, and `source` says so.

    One sigmoid unit counts as two classes: its score for class 1, the negative of it for class 0.
    So does one unit without a sigmoid where the model was compiled with a loss that takes logits,
    such as `BinaryCrossentropy(from_logits=True)`. Without such a loss nothing tells a logit from a
    regression: the unit is then the one class, 0, and what raises it speaks for that.

    Args:
        model: a Keras model with one input and one output (samples, classes).
        x: samples, the batch axis first.
        batch_size: the most samples that run at a time.

    Returns:
        The scores and where they come from.

    Raises:
        TypeError: if `model` is no Keras model, or `x` no array.
        ValueError: if the model has several outputs, or no score for each class.

    Example:
        >>> import kcore
        >>> import numpy as np
        >>> scores = kcore.explain.class_scores(kcore.models.cnn(), np.zeros((2, 28, 28, 1)))
        >>> scores.values.shape, scores.source
        ((2, 10), 'before softmax')
    """
    array = as_one_array(x, floating=False)
    reader = reader_of(model, array, check_integer("batch_size", batch_size))
    check_score(reader.score)
    (scores,) = reader.forward(array, ["score"])
    warn_of_holes("class_scores", "scores", scores)
    return ClassScores(as_classes(reader.score, scores), reader.score.source)


def check_score(score: Score) -> None:
    """Say why a model's classes have no scores."""
    if score.problem:
        raise ValueError(score.problem)


def as_classes(score: Score, values: Array) -> Floats:
    """Turn scores of units, (samples, units), into scores of classes."""
    return np.concatenate([-values, values], axis=1) if score.is_signed else values


def indices(score: Score, class_index: Any, samples: int) -> Indices | None:
    """Return the class of each sample, checked; None for the predicted ones.

    Raises:
        ValueError: if the model has no scores, or `class_index` is something else than one class,
            or one for each sample.
    """
    check_score(score)
    if class_index is None:
        return None
    given = read_array("class_index", class_index)
    if not np.issubdtype(given.dtype, np.integer) or given.shape not in ((), (samples,)):
        raise ValueError(
            f"class_index={class_index!r} must be one integer, or one for each of the "
            f"{samples} images, or None for the predicted classes."
        )
    wrong = given[(given < 0) | (given >= score.classes)]
    if wrong.size:
        hint = (
            " It is one unit without a sigmoid; compile the model with "
            "BinaryCrossentropy(from_logits=True) if it is the logit of class 1."
            if score.classes == 1
            else ""
        )
        raise ValueError(
            f"class_index={int(wrong.flat[0])} is out of range: the model has {score.classes} "
            f"classes, 0 to {score.classes - 1}.{hint}"
        )
    return np.broadcast_to(given, (samples,)).astype(np.int64)


def selector(score: Score, chosen: Indices | None, samples: int) -> Floats:
    """Return what the scores of units are multiplied with: zeros for the predicted class."""
    if chosen is None:
        return np.zeros((samples, score.units), np.float32)
    if score.is_signed:
        return np.where(chosen == 1, 1.0, -1.0).astype(np.float32)[:, None]
    return np.eye(score.units, dtype=np.float32)[chosen]


def of_classes(score: Score, values: Array, chosen: Indices) -> Floats:
    """Return the score of its class for each sample, (samples,)."""
    return np.take_along_axis(as_classes(score, values), chosen[:, None], axis=1)[:, 0]


def chosen_classes(reader: Reader, x: Any, class_index: Any) -> tuple[Indices, Floats]:
    """Return the class of each sample, predicted where none is given, and its score."""
    given = indices(reader.score, class_index, len(x))
    (values,) = reader.forward(x, ["score"])
    chosen = as_classes(reader.score, values).argmax(axis=-1) if given is None else given
    return chosen, of_classes(reader.score, values, chosen)
