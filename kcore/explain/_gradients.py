"""Exact gradients of the score of a class, with public Keras API alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore._warning import warn
from kcore.explain._class_scores import as_classes, indices, of_classes, selector
from kcore.explain._heat_maps import warn_of_holes
from kcore.inspect._layer_outputs import Seen
from kcore.inspect._model_inputs import as_arrays, as_one_array, length
from kcore.inspect._model_runner import Reader, reader_of
from kcore.inspect._selection import one_output_of

__all__ = ["Gradients", "class_gradients", "gradients", "slopes"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Gradients:
    """Gradients of the score of one class of each sample.

    Attributes:
        values: float32; those of a sample's score with respect to that sample's output of the
            layer, or its input. Shaped like that output or input, samples first.
        outputs: the outputs of the layer, float32, shaped like `values`; the samples themselves
            where the gradient is with respect to the input.
        layer: the name of that output, see `activations`; "" for the input.
        class_index: the class whose score it is, (samples,) int64.
        scores: that score, (samples,) float32.
        score_source: where scores are taken; see `class_scores`.
    """

    values: Floats
    outputs: Floats
    layer: str
    class_index: Indices
    scores: Floats
    score_source: str


def gradients(
    model: Any, x: Any, layer: Any = None, class_index: Any = None, *, batch_size: int = 32
) -> Gradients:
    """Differentiate the score of a class with respect to a layer's output or the input.

    The gradient is exact on every backend. A weight of zeros is added where the gradient is wanted,
    in a copy of the computation and not in the model, and one training step of Keras gives the
    gradient of that weight. The model runs in inference mode. Its weights, optimizer, trainable
    flags and compiled functions stay as they are. Samples whose gradient is all zero get a warning
    with their numbers.

    Args:
        model: a Keras model with one output (samples, classes). Samples must not influence each
            other.
        x: samples, the batch axis first; with a `layer` also the list or dict of arrays that a
            model with several inputs takes.
        layer: an output of a layer: its name as in `activations`, the name of a layer of a nested
            model with or without the model's, an index into `model.layers`, or a layer. None means
            the input.
        class_index: the class, one for all or one for each sample; None means the predicted ones.
        batch_size: the most samples that run at a time.

    Returns:
        The gradients, with the outputs, classes and scores that belong to them.

    Raises:
        TypeError: if `model` is no Keras model, or `x` no array.
        ValueError: if the model has no scores (see `class_scores`), `layer` or `class_index` is
            not in it, `layer` is the softmax or sigmoid itself, which comes after the scores, or
            the gradient is that of an input of integers, which have none.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
        >>> model.set_weights([np.array([[1.0, 2, 3], [4, 5, 6]]), np.zeros(3)])
        >>> gradients(model, np.ones((1, 2)), class_index=1).values
        array([[2., 5.]], dtype=float32)
    """
    arrays = as_one_array(x) if layer is None else as_arrays(x)
    reader = reader_of(model, arrays, check_integer("batch_size", batch_size))
    at = None if layer is None else one_output_of(model, reader.seen, layer)
    found = class_gradients(reader, arrays, at, indices(reader.score, class_index, length(arrays)))
    if np.isfinite(found.scores).all():
        warn_of_holes("gradients", "gradients", found.values)
    else:
        warn_of_holes("gradients", "scores", found.scores)
    is_zero = ~found.values.any(axis=tuple(range(1, found.values.ndim)))
    if is_zero.any():
        numbers = ", ".join(map(str, np.flatnonzero(is_zero)))
        warn(f"gradients: those of these samples are all zero, nothing there counts: {numbers}.")
    return found


def class_gradients(reader: Reader, x: Any, at: Seen | None, chosen: Indices | None) -> Gradients:
    """Differentiate the scores of the classes `chosen`, or of the predicted ones, at an output."""
    score = reader.score
    if at is not None and at.key in score.behind:
        raise ValueError(
            f"layer={at.name!r} comes after the scores, which are taken {score.source}: give an "
            "earlier layer."
        )
    if at is None:
        reader.check_differentiable()
    found, values, *outputs = reader.backward(x, selector(score, chosen, length(x)), at)
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


def slopes(model: Any, points: Array, chosen: int, batch_size: int) -> Floats:
    """Differentiate the score of one class with respect to the input, at all points."""
    reader = reader_of(model, points, batch_size)
    return class_gradients(reader, points, None, np.full(len(points), chosen)).values
