"""What a model holds at one input shape: its layers' outputs and the scores of its classes."""

import math
from dataclasses import dataclass
from typing import Any

import keras

from kcore._targets import option_of
from kcore.inspect._calls import named_layers
from kcore.inspect._watching import Key, Watch, names_of

__all__ = [
    "Score",
    "Seen",
    "has_channels_first",
    "look",
    "loss_takes_logits",
    "one_output",
    "scores_in",
]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Seen:
    """An output of a layer, as it is at one input shape.

    Attributes:
        name: what it is called; see `names_of`.
        key: where it is.
        kind: class of the layer.
        shape: its shape, batch included.
        is_channels_first: whether its channels stand before its spatial axes.
        mixes_tokens: whether its layer has weights and is none that walks along a sequence, so
            that where it returns tokens it works on them as a transformer or a mixer does.
    """

    name: str
    key: Key
    kind: type
    shape: Shape
    is_channels_first: bool
    mixes_tokens: bool = False

    @property
    def is_model(self) -> bool:
        """Whether it is the output of a nested model."""
        return issubclass(self.kind, keras.Model)

    @property
    def channels(self) -> int:
        """The number of its channels, or of its units where it has no spatial axes."""
        return self.shape[1 if self.is_channels_first and len(self.shape) > 2 else -1]


@dataclass(frozen=True)
class Score:
    """What a model's classes are scored by.

    Attributes:
        units: how many numbers a sample is scored by.
        source: "before softmax", "before sigmoid", "before log-softmax", or "output".
        problem: why there is no score for each class; "" if there is one.
        behind: where the outputs are that come after the scores, such as those of the softmax.
        activation: the number of the softmax or sigmoid among those that ran; None for the output.
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


def look(model: Any, x: Any, size: int) -> tuple[tuple[Seen, ...], Score, tuple[Score, ...]]:
    """Find out what there is, without computing anything.

    Args:
        model: a built model.
        x: samples of its inputs.
        size: size of a batch.

    Returns:
        The outputs of all layers, in the order in which they ran; the scores of the classes; and
        the scores that they are instead if nothing that follows a softmax or sigmoid changes it.
    """
    stage = _Stage(model)
    stage(
        keras.tree.map_structure(
            lambda array: keras.Input(batch_shape=(size, *array.shape[1:]), dtype=str(array.dtype)),
            x,
        )
    )
    return stage.seen, stage.score, stage.instead


def one_output(output: Any) -> Any:
    """Return the one tensor that a model returned."""
    (tensor,) = keras.tree.flatten(output)
    return tensor


def loss_takes_logits(model: Any) -> bool:
    """Tell whether the loss that a model was compiled with takes its output for logits."""
    losses = keras.tree.flatten(getattr(model, "loss", None))
    return len(losses) == 1 and option_of(losses[0], "from_logits") is True


def scores_in(watch: Watch, output: Any, score: Score) -> Any:
    """Return the tensor of a run that scores the classes, (batch, units) float32."""
    tensor = one_output(output)
    if score.activation is not None:
        # The same number of values, though they may be (batch, 1, 1, units) before a Flatten.
        tensor = keras.ops.reshape(watch.activated[score.activation].before, tensor.shape)
    return keras.ops.cast(tensor, "float32")


# Layers that take what a convolution found as a sequence, from left to right.
_ALONG_A_SEQUENCE = (
    *(keras.layers.RNN, keras.layers.Bidirectional, keras.layers.Conv1D),
    *(keras.layers.SeparableConv1D, keras.layers.DepthwiseConv1D),
    keras.layers.BatchNormalization,
)


class _Stage(keras.layers.Layer):
    """Makes Keras run a model on stand-ins for tensors, as it does to find an output's shape."""

    def __init__(self, model: Any):
        super().__init__(dtype="float32", autocast=False)
        # A function, so that Keras doesn't take the model for a part of this layer.
        self._run = lambda inputs: self._look(model, inputs)
        self.seen: tuple[Seen, ...] = ()
        self.score = Score(0, "output")
        self.instead: tuple[Score, ...] = ()

    def call(self, inputs: Any) -> Any:
        return self._run(inputs)

    def _look(self, model: Any, inputs: Any) -> Any:
        watch = Watch(model)
        output = watch.run(inputs)
        self.seen = tuple(_seen(model, watch))
        self.score, self.instead = _scores(model, watch, output)
        return output


def _seen(model: Any, watch: Watch) -> list[Seen]:
    names = {key: name for name, key in names_of(list(watch.outputs)).items()}
    data_format = "channels_first" if has_channels_first(model) else "channels_last"
    seen = []
    for key, tensor in watch.outputs.items():
        layer = watch.layers[key]
        # A layer that treats all axes alike leaves the channels where they were.
        data_format = getattr(layer, "data_format", None) or data_format
        shape = tuple(int(size) for size in tensor.shape)
        is_first = data_format == "channels_first"
        mixes = bool(layer.weights) and not isinstance(layer, _ALONG_A_SEQUENCE)
        seen.append(Seen(names[key], key, type(layer), shape, is_first, mixes))
    return seen


def has_channels_first(model: Any) -> bool:
    """Tell whether the channels of a model's input stand before its spatial axes."""
    formats = (getattr(layer, "data_format", None) for layer, _ in named_layers(model, ""))
    return next(filter(None, formats), keras.config.image_data_format()) == "channels_first"


def _scores(model: Any, watch: Watch, output: Any) -> tuple[Score, tuple[Score, ...]]:
    tensors = keras.tree.flatten(output)
    if len(tensors) != 1:
        problem = (
            f"The model {model.name!r} has {len(tensors)} outputs; make a model with the one that "
            "holds the classes: keras.Model(model.inputs, model.outputs[0])."
        )
        return Score(0, "output", problem), ()
    tensor = tensors[0]
    shape = tuple(tensor.shape)
    if len(shape) != 2:
        problem = (
            f"The output of the model {model.name!r} has shape {shape}; a score for each class "
            "needs (images, classes)."
        )
        return Score(0, "output", problem), ()
    fitting = [
        number
        for number, one in enumerate(watch.activated)
        if one.result.shape[0] == shape[0] and math.prod(one.result.shape) == math.prod(shape)
    ]
    units = int(shape[-1])
    scores = {number: _before(watch, number, units) for number in fitting}
    for number, score in scores.items():
        if watch.activated[number].result is tensor:
            return score, ()
    output_itself = Score(units, "output", has_logits=loss_takes_logits(model))
    return output_itself, tuple(reversed(scores.values()))


def _before(watch: Watch, number: int, units: int) -> Score:
    """Score by what a softmax or sigmoid was given; all that ran since comes after the scores."""
    activated = watch.activated[number]
    keys = list(watch.outputs)
    found = (at for at, key in enumerate(keys) if watch.outputs[key] is activated.result)
    behind = tuple(keys[next(found, len(keys)) :])
    return Score(units, f"before {activated.kind}", behind=behind, activation=number)
