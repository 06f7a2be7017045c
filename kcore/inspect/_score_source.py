"""Find the scores of a model's classes: before the last softmax or sigmoid, if any."""

import math
from dataclasses import dataclass
from typing import Any

import keras

from kcore._targets import option_of
from kcore.inspect._hooks import Key, Watch

__all__ = ["Score", "find_score", "loss_takes_logits", "one_output", "score_tensor"]


@dataclass(frozen=True)
class Score:
    """The source of the scores of a model's classes.

    Attributes:
        units: how many numbers score a sample.
        source: "before softmax", "before sigmoid", "before log-softmax", or "output".
        problem: why there is no score for each class; "" if there is one.
        behind: the outputs that are computed from the scores, such as that of the softmax.
        activation: the index of the softmax or sigmoid among those that ran; None for the output.
        has_logits: whether the loss takes the output for logits.
    """

    units: int
    source: str
    problem: str = ""
    behind: tuple[Key, ...] = ()
    activation: int | None = None
    has_logits: bool = False

    @property
    def is_signed(self) -> bool:
        """Whether one unit scores two classes: class 1 by its value, class 0 by its negative."""
        is_logit = self.source == "before sigmoid" or (self.source == "output" and self.has_logits)
        return self.units == 1 and is_logit

    @property
    def classes(self) -> int:
        """The number of classes."""
        return 2 if self.is_signed else self.units


def find_score(model: keras.Model, watch: Watch, output: Any) -> tuple[Score, tuple[Score, ...]]:
    """Find the source of the scores of a model that was watched.

    Returns:
        The score; and the candidates, last activation first, that replace it if the layers after
        their softmax or sigmoid turn out to change no value.
    """
    tensors = keras.tree.flatten(output)
    if len(tensors) != 1:
        problem = (
            f"The model {model.name!r} has {len(tensors)} outputs: make a model with the output "
            "that holds the classes, such as keras.Model(model.inputs, model.outputs[0])."
        )
        return Score(0, "output", problem), ()
    tensor = tensors[0]
    shape = tuple(tensor.shape)
    if len(shape) != 2:
        problem = (
            f"The output of the model {model.name!r} has shape {shape}: a score for each class "
            "needs (samples, classes)."
        )
        return Score(0, "output", problem), ()
    fitting = [
        index
        for index, one in enumerate(watch.activated)
        if one.result.shape[0] == shape[0] and math.prod(one.result.shape) == math.prod(shape)
    ]
    units = int(shape[-1])
    scores = {index: _before(watch, index, units) for index in fitting}
    for index, score in scores.items():
        if watch.activated[index].result is tensor:
            return score, ()
    output_itself = Score(units, "output", has_logits=loss_takes_logits(model))
    return output_itself, tuple(reversed(scores.values()))


def score_tensor(watch: Watch, output: Any, score: Score) -> Any:
    """Return the tensor of a run that scores the classes, (batch, units) float32."""
    tensor = one_output(output)
    if score.activation is not None:
        # The number of values is the same, but their shape may be (batch, 1, 1, units) before a
        # Flatten.
        tensor = keras.ops.reshape(watch.activated[score.activation].before, tensor.shape)
    return keras.ops.cast(tensor, "float32")


def one_output(output: Any) -> Any:
    """Return the one tensor that a model returned."""
    (tensor,) = keras.tree.flatten(output)
    return tensor


def loss_takes_logits(model: keras.Model) -> bool:
    """Tell whether the loss that a model was compiled with takes its output for logits."""
    losses = keras.tree.flatten(getattr(model, "loss", None))
    return len(losses) == 1 and option_of(losses[0], "from_logits") is True


def _before(watch: Watch, index: int, units: int) -> Score:
    """Score by the input of a softmax or sigmoid; all that ran since comes after the scores."""
    activated = watch.activated[index]
    keys = list(watch.outputs)
    found = (at for at, key in enumerate(keys) if watch.outputs[key] is activated.result)
    behind = tuple(keys[next(found, len(keys)) :])
    return Score(units, f"before {activated.kind}", behind=behind, activation=index)
