"""Exact gradients of the score of a class, by public Keras API only."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._warning import warn
from kcore.explain._array_summaries import array_summary, numbers
from kcore.explain._class_scores import ClassIndex, as_classes, class_indices, of_classes, selector
from kcore.explain._heat_maps import warn_of_holes
from kcore.inspect._layer_outputs import LayerOutput, LayerReference
from kcore.inspect._model_inputs import as_arrays, as_one_array, length
from kcore.inspect._model_runner import ModelRunner

__all__ = ["Gradients", "class_gradients", "gradients", "slopes"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of the score of one class of each sample.

    Attributes:
        values: float32, the gradient of each sample's score with respect to that sample's output of
            the layer, or to the sample itself; shaped like the outputs or the samples.
        outputs: float32, the outputs of the layer, shaped like `values`; the samples themselves if
            the gradient is with respect to the input.
        layer: the name of the layer's output as in `kcore.inspect.activations`; "" for the input.
        class_index: the class whose score it is, (samples,) int64.
        scores: that score, (samples,) float32.
        score_source: where scores are taken: "before softmax", "before sigmoid", "before
            log-softmax" or "output".
    """

    values: Floats
    outputs: Floats
    layer: str
    class_index: Indices
    scores: Floats
    score_source: str

    def __repr__(self) -> str:
        at = repr(self.layer) if self.layer else "the input"
        return (
            f"Gradients({array_summary(self.values)}, at {at}, of classes "
            f"{numbers(self.class_index)} {self.score_source})"
        )


def gradients(
    model: keras.Model,
    x: Any,
    layer: LayerReference | None = None,
    class_index: ClassIndex = None,
    *,
    batch_size: int = 32,
) -> Gradients:
    """Differentiate the score of a class with respect to a layer's output or the input.

    The gradient is exact on every backend. A weight of zeros is added where the gradient is wanted,
    in a copy of the computation instead of the model, and one training step of Keras gives the
    gradient of that weight. The model runs in inference mode. Its weights, optimizer, trainable
    flags and compiled functions stay as they are. A warning gives the indices of the samples whose
    gradient is all zero.

    Args:
        model: a Keras model with one output (samples, classes). Samples must not influence each
            other.
        x: samples, an array with the batch axis first; with a `layer` also the list or dict of
            arrays that a model with several inputs takes.
        layer: the layer at whose output the gradient is taken: its name as in
            `kcore.inspect.activations` (in a nested model with or without the model's name,
            "base/mixed7" or "mixed7"), an index into `model.layers`, or the layer itself. None
            means the input.
        class_index: the class to explain, one for all samples or one for each; None means the
            predicted classes.
        batch_size: the largest number of samples that run at once.

    Returns:
        The gradients, with the outputs, classes and scores that belong to them.

    Raises:
        TypeError: if `model` is not a Keras model, `x` is not an array of real numbers, or `layer`
            is not a name, an index or a layer.
        ValueError: if the model has no score for each class, `layer` or `class_index` is not in it,
            `layer` is the softmax or sigmoid itself, which comes after the scores, or the gradient
            is with respect to an input of integers, which have none.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
        >>> model.set_weights([np.array([[1.0, 2, 3], [4, 5, 6]]), np.zeros(3)])
        >>> gradients(model, np.ones((1, 2)), class_index=1).values
        array([[2., 5.]], dtype=float32)
    """
    arrays = as_one_array(x) if layer is None else as_arrays(x)
    runner = ModelRunner(model, arrays, batch_size)
    at = None if layer is None else runner.select_output(layer)
    chosen = class_indices(runner.score, class_index, length(arrays))
    found = class_gradients(runner, arrays, at, chosen)
    if np.isfinite(found.scores).all():
        warn_of_holes("gradients", "gradients", found.values)
    else:
        warn_of_holes("gradients", "scores", found.scores)
    is_zero = ~found.values.any(axis=tuple(range(1, found.values.ndim)))
    if is_zero.any():
        indices = ", ".join(map(str, np.flatnonzero(is_zero)))
        warn(
            "gradients: the gradients of these samples are all zero, so nothing there changes "
            f"their score: {indices}."
        )
    return found


def class_gradients(
    runner: ModelRunner, x: Any, at: LayerOutput | None, chosen: Indices | None
) -> Gradients:
    """Differentiate the scores of the classes `chosen`, or of the predicted ones, at an output."""
    score = runner.score
    if at is not None and at.key in score.behind:
        raise ValueError(
            f"layer={at.name!r} comes after the scores, which are taken {score.source}: give an "
            "earlier layer."
        )
    if at is None:
        runner.check_differentiable()
    found, values, *outputs = runner.backward(x, selector(score, chosen, length(x)), at)
    if chosen is None:
        chosen = as_classes(score, values).argmax(axis=-1)
    return Gradients(
        values=found,
        outputs=outputs[0] if outputs else x,
        layer="" if at is None else at.name,
        class_index=chosen,
        scores=of_classes(score, values, chosen),
        score_source=score.source,
    )


def slopes(runner: ModelRunner, points: Array, chosen: int) -> Floats:
    """Differentiate the score of one class with respect to the input, at all points."""
    return class_gradients(runner, points, None, np.full(len(points), chosen)).values
