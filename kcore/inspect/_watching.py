"""Watch a model run: what each call of each layer returns, and what the last activation took."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras

from kcore.inspect._calls import named_layers
from kcore.inspect._hooks import hooks, python_function

__all__ = ["Activated", "Key", "Watch", "names_of"]


class Key(NamedTuple):
    """One output of one call of one layer.

    Attributes:
        path: the layer's name, after the names of the models that it is nested in.
        call: which call of that layer, counted from 0.
        part: which of the outputs of that call, counted from 0.
    """

    path: str
    call: int
    part: int


class Activated(NamedTuple):
    """What a softmax or sigmoid made of a tensor.

    Attributes:
        result: what it returned.
        before: what it was given.
        kind: "softmax", "sigmoid" or "log-softmax".
    """

    result: Any
    before: Any
    kind: str


class Watch:
    """One run of a model, watched.

    While the model runs, its layers carry functions that note what they return. They are gone when
    `run` returns or raises.

    Attributes:
        outputs: the tensor of each key, in the order in which the layers returned.
        layers: the layer of each key.
        activated: what each softmax and sigmoid made, in the order in which they ran.
    """

    def __init__(self, model: Any, replace: Callable[[Key, Any], Any] | None = None):
        """Prepare the run of `model`; `replace` may put another tensor in the place of one."""
        self.outputs: dict[Key, Any] = {}
        self.layers: dict[Key, Any] = {}
        self._model = model
        self._replace = replace
        self._calls: Counter[str] = Counter()
        self._running: Any = None
        self.activated: list[Activated] = []

    def run(self, inputs: Any) -> Any:
        """Run the model in inference mode and return what it returns."""
        with self._noting():
            return self._model(inputs, training=False)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        with hooks() as held:
            held.put(self._model, "call", python_function(self._model.call))
            for layer, path in named_layers(self._model, ""):
                held.put(layer, "call", self._noting_call(layer, path))
                kind = _activation_kind(vars(layer).get("activation"))
                if kind:
                    held.put(layer, "activation", self._noting_activation(layer, kind))
            yield

    def _noting_call(self, layer: Any, path: str) -> Callable[..., Any]:
        call = python_function(layer.call)
        is_model = isinstance(layer, keras.Model)

        def noted(*args: Any, **kwargs: Any) -> Any:
            if self._running is not None:
                # A layer that holds other layers counts as one. It may run them in a loop, from
                # which no tensor may be taken.
                return call(*args, **kwargs)
            self._running = None if is_model else layer
            try:
                result = call(*args, **kwargs)
            finally:
                self._running = None
            if isinstance(layer, keras.layers.Softmax):
                self.activated.append(Activated(result, args[0], "softmax"))
            return self._note(layer, path, result)

        return noted

    def _note(self, layer: Any, path: str, result: Any) -> Any:
        number = self._calls[path]
        self._calls[path] += 1
        parts = []
        for part, tensor in enumerate(keras.tree.flatten(result)):
            key = Key(path, number, part)
            tensor = tensor if self._replace is None else self._replace(key, tensor)
            if hasattr(tensor, "shape"):
                self.outputs[key], self.layers[key] = tensor, layer
            parts.append(tensor)
        return keras.tree.pack_sequence_as(result, parts)

    def _noting_activation(self, layer: Any, kind: str) -> Callable[..., Any]:
        activation = layer.activation

        def noted(x: Any, *args: Any, **kwargs: Any) -> Any:
            result = activation(x, *args, **kwargs)
            if self._running in (None, layer):  # not in a loop of another layer
                self.activated.append(Activated(result, x, kind))
            return result

        return noted


def names_of(keys: Sequence[Key]) -> dict[str, Key]:
    """Name outputs as a reader does: the path alone wherever that is clear.

    The calls of a layer that is called several times are numbered from 1, as in "conv#2"; the
    parts of a call with several outputs from 0, as in "lstm[1]".
    """
    calls = Counter(path for path, _ in {(key.path, key.call) for key in keys})
    parts = Counter((key.path, key.call) for key in keys)
    names = {}
    for key in keys:
        number = f"#{key.call + 1}" if calls[key.path] > 1 else ""
        part = f"[{key.part}]" if parts[key.path, key.call] > 1 else ""
        names[f"{key.path}{number}{part}"] = key
    return names


# What the functions of Keras and of its backends are called.
_KINDS = {
    "softmax": "softmax",
    "softmax_v2": "softmax",
    "log_softmax": "log-softmax",
    "log_softmax_v2": "log-softmax",
    "sigmoid": "sigmoid",
}


def _activation_kind(activation: Any) -> str:
    if isinstance(activation, keras.layers.Softmax):
        return "softmax"
    if isinstance(activation, keras.layers.Activation):
        activation = activation.activation
    return _KINDS.get(getattr(activation, "__name__", ""), "")
