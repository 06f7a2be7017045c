"""What a model holds at one input shape: its layers' outputs and the scores of its classes."""

from dataclasses import dataclass
from typing import Any

import keras

from kcore.inspect.calls import named_layers
from kcore.inspect.watching import Key, Watch, names_of

__all__ = ["Score", "Seen", "has_channels_first", "look", "one_output", "scores_in"]

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
    """

    name: str
    key: Key
    kind: type
    shape: Shape
    is_channels_first: bool

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
    """

    units: int
    source: str
    problem: str = ""
    behind: tuple[Key, ...] = ()

    @property
    def is_signed(self) -> bool:
        """Whether one unit scores two classes: class 1 by its value, class 0 by its negative."""
        return self.units == 1 and self.source == "before sigmoid"

    @property
    def classes(self) -> int:
        """The number of classes."""
        return 2 if self.is_signed else self.units


def look(model: Any, x: Any, size: int) -> tuple[tuple[Seen, ...], Score]:
    """Find out what there is, without computing anything.

    Args:
        model: a built model.
        x: samples of its inputs.
        size: size of a batch.

    Returns:
        The outputs of all layers, in the order in which they ran, and the scores of the classes.
    """
    stage = _Stage(model)
    stage(
        keras.tree.map_structure(
            lambda array: keras.Input(batch_shape=(size, *array.shape[1:]), dtype=str(array.dtype)),
            x,
        )
    )
    return stage.seen, stage.score


def one_output(output: Any) -> Any:
    """Return the one tensor that a model returned."""
    (tensor,) = keras.tree.flatten(output)
    return tensor


def scores_in(watch: Watch, output: Any) -> Any:
    """Return the tensor of a run that scores the classes, (batch, units) float32."""
    tensor, _ = watch.before_activation(one_output(output))
    return keras.ops.cast(tensor, "float32")


class _Stage(keras.layers.Layer):
    """Makes Keras run a model on stand-ins for tensors, as it does to find an output's shape."""

    def __init__(self, model: Any):
        super().__init__(dtype="float32", autocast=False)
        # A function, so that Keras doesn't take the model for a part of this layer.
        self._run = lambda inputs: self._look(model, inputs)
        self.seen: tuple[Seen, ...] = ()
        self.score = Score(0, "output")

    def call(self, inputs: Any) -> Any:
        return self._run(inputs)

    def _look(self, model: Any, inputs: Any) -> Any:
        watch = Watch(model)
        output = watch.run(inputs)
        self.seen = tuple(_seen(model, watch))
        self.score = _score(model, watch, output)
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
        seen.append(Seen(names[key], key, type(layer), shape, data_format == "channels_first"))
    return seen


def has_channels_first(model: Any) -> bool:
    """Tell whether the channels of a model's input stand before its spatial axes."""
    formats = (getattr(layer, "data_format", None) for layer, _ in named_layers(model, ""))
    return next(filter(None, formats), keras.config.image_data_format()) == "channels_first"


def _score(model: Any, watch: Watch, output: Any) -> Score:
    tensors = keras.tree.flatten(output)
    if len(tensors) != 1:
        return Score(
            0,
            "output",
            f"The model {model.name!r} has {len(tensors)} outputs; make a model with the one that "
            "holds the classes: keras.Model(model.inputs, model.outputs[0]).",
        )
    tensor, activation = watch.before_activation(tensors[0])
    shape = tuple(tensor.shape)
    source = f"before {activation}" if activation else "output"
    if len(shape) != 2:
        return Score(
            0,
            source,
            f"The output of the model {model.name!r} has shape {shape}; a score for each class "
            "needs (images, classes).",
        )
    after = (key for key, one in watch.outputs.items() if activation and one is tensors[0])
    return Score(int(shape[-1]), source, behind=tuple(after))
