"""Watch the layers of a model while it runs: what each call takes and returns.

While a model is watched, hooks replace the `call` and `activation` of its layers. Only the watching
thread sees the hooks, and afterwards the layers get back what they had.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras

__all__ = [
    "Activated",
    "Call",
    "Key",
    "Watch",
    "activations_of_layers",
    "named_layers",
    "names_of",
    "watch_shapes",
]

# One for all models, since models share layers. A hook is in force only while Python runs the
# code of a model, not while a backend compiles or computes it, so nobody waits for long.
_HOOKING = threading.RLock()


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


class Call(NamedTuple):
    """One call of one layer or nested model.

    Attributes:
        layer: the layer or model.
        path: its name, after the names of the models that it is nested in.
        number: which of its calls, counted from 0; None for the entry into a model, which comes
            before the calls of the layers inside.
        inputs: the tensors that it was called on. Compare them with `is`.
        outputs: the tensors that it returned; none for the entry into a model.
    """

    layer: keras.Layer
    path: str
    number: int | None
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the first input, batch included."""
        return tuple(int(size) for size in self.inputs[0].shape)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the first output, batch included."""
        return tuple(int(size) for size in self.outputs[0].shape)


class Activated(NamedTuple):
    """The result of a softmax or sigmoid, and the tensor that it was given.

    Attributes:
        result: the tensor that it returned.
        before: the tensor that it was given.
        kind: "softmax", "sigmoid" or "log-softmax".
    """

    result: Any
    before: Any
    kind: str


class Watch:
    """One watched run of a model.

    The layers of nested models are watched one by one. A layer that holds other layers counts as
    one: it may run them in a loop, out of which no tensor can be taken.

    Attributes:
        calls: the entries into the model and its nested models, and the calls of their layers, in
            the order in which the former began and the latter returned.
        outputs: the tensor of each key, in the order in which the layers returned.
        layers: the layer of each key.
        activated: the result of each softmax and sigmoid, in the order in which they ran.
    """

    def __init__(self, model: keras.Model, replace: Callable[[Key, Any], Any] | None = None):
        """Prepare the run of `model`; `replace` may return another tensor for that of a key."""
        self.calls: list[Call] = []
        self.outputs: dict[Key, Any] = {}
        self.layers: dict[Key, keras.Layer] = {}
        self.activated: list[Activated] = []
        self._model = model
        self._replace = replace
        self._counts: Counter[str] = Counter()
        self._running: keras.Layer | None = None

    def run(self, inputs: Any) -> Any:
        """Run the model in inference mode and return what it returns."""
        with _hooks() as hooks:
            hooks.put(self._model, "call", self._watched_model())
            for layer, path in named_layers(self._model):
                hooks.put(layer, "call", self._watched_call(layer, path))
                kind = _activation_kind(vars(layer).get("activation"))
                if kind:
                    hooks.put(layer, "activation", self._watched_activation(layer, kind))
            return self._model(inputs, training=False)

    def _watched_model(self) -> Callable[..., Any]:
        call = self._watched_entry(self._model, self._model.name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            # Keras calls a model that was never built once more, to build its layers.
            for found in (self.calls, self.outputs, self.layers, self.activated, self._counts):
                found.clear()
            return call(*args, **kwargs)

        return watched

    def _watched_entry(self, model: keras.Model, path: str) -> Callable[..., Any]:
        call = _python_function(model.call)

        def watched(*args: Any, **kwargs: Any) -> Any:
            if self._running is None:
                self.calls.append(Call(model, path, None, _tensors((args, kwargs)), ()))
            return call(*args, **kwargs)

        return watched

    def _watched_call(self, layer: keras.Layer, path: str) -> Callable[..., Any]:
        is_model = isinstance(layer, keras.Model)
        call = self._watched_entry(layer, path) if is_model else _python_function(layer.call)

        def watched(*args: Any, **kwargs: Any) -> Any:
            if self._running is not None:
                return call(*args, **kwargs)
            self._running = None if is_model else layer
            try:
                result = call(*args, **kwargs)
            finally:
                self._running = None
            if isinstance(layer, keras.layers.Softmax):
                self.activated.append(Activated(result, args[0], "softmax"))
            return self._note(layer, path, _tensors((args, kwargs)), result)

        return watched

    def _note(self, layer: keras.Layer, path: str, inputs: tuple[Any, ...], result: Any) -> Any:
        number = self._counts[path]
        self._counts[path] += 1
        parts = []
        for part, tensor in enumerate(keras.tree.flatten(result)):
            key = Key(path, number, part)
            tensor = tensor if self._replace is None else self._replace(key, tensor)
            if hasattr(tensor, "shape"):
                self.outputs[key], self.layers[key] = tensor, layer
            parts.append(tensor)
        if not isinstance(layer, keras.Model):
            self.calls.append(Call(layer, path, number, inputs, _tensors(parts)))
        return keras.tree.pack_sequence_as(result, parts)

    def _watched_activation(self, layer: keras.Layer, kind: str) -> Callable[..., Any]:
        activation = layer.activation

        def watched(x: Any, *args: Any, **kwargs: Any) -> Any:
            result = activation(x, *args, **kwargs)
            if self._running in (None, layer):  # not in a loop of another layer
                self.activated.append(Activated(result, x, kind))
            return result

        return watched


def watch_shapes(model: keras.Model, inputs: Any) -> tuple[Watch, Any]:
    """Watch a model run on symbolic tensors, so that nothing is computed.

    Args:
        model: the model.
        inputs: what the model takes, with a `keras.KerasTensor` for each array.

    Returns:
        The watched run, and what the model returned.
    """
    return _SymbolicRun(model).watch(inputs)


class _SymbolicRun(keras.layers.Layer):
    """Makes Keras run a model as it does to find the shape of an output."""

    def __init__(self, model: keras.Model):
        super().__init__(dtype="float32", autocast=False)
        # A function, so that Keras doesn't take the model for a part of this layer.
        self._run = lambda inputs: self._watch(model, inputs)
        self._found: list[tuple[Watch, Any]] = []

    def watch(self, inputs: Any) -> tuple[Watch, Any]:
        self(inputs)
        return self._found[-1]

    def call(self, inputs: Any) -> Any:
        return self._run(inputs)

    def _watch(self, model: keras.Model, inputs: Any) -> Any:
        watch = Watch(model)
        output = watch.run(inputs)
        self._found.append((watch, output))
        return output


def named_layers(model: keras.Model, prefix: str = "") -> Iterator[tuple[keras.Layer, str]]:
    """Yield each layer once with its path, including those of nested models.

    A layer that several of the models hold has the path of the first one that holds it.
    """
    seen = set()
    for layer in model.layers:
        path = f"{prefix}{layer.name}"
        found = [(layer, path)]
        if isinstance(layer, keras.Model):
            found += named_layers(layer, f"{path}/")
        for inner, inner_path in found:
            if id(inner) not in seen and not isinstance(inner, keras.layers.InputLayer):
                seen.add(id(inner))
                yield inner, inner_path


def names_of(keys: Sequence[Key]) -> dict[Key, str]:
    """Name outputs, by the path alone if that is unambiguous.

    The calls of a layer that is called several times are numbered from 1, as in "conv#2"; the
    parts of a call with several outputs from 0, as in "lstm[1]".
    """
    calls = Counter(path for path, _ in {(key.path, key.call) for key in keys})
    parts = Counter((key.path, key.call) for key in keys)
    names = {}
    for key in keys:
        number = f"#{key.call + 1}" if calls[key.path] > 1 else ""
        part = f"[{key.part}]" if parts[key.path, key.call] > 1 else ""
        names[key] = f"{key.path}{number}{part}"
    return names


def activations_of_layers(model: keras.Model) -> list[tuple[keras.Layer, Any]]:
    """Return each layer with its activation function, as it is while nobody watches the model."""
    with _HOOKING:
        return [(layer, vars(layer).get("activation")) for layer, _ in named_layers(model)]


class _Hooks:
    """The attributes that were replaced, and how to restore them."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._undo: list[Callable[[], None]] = []

    def put(self, layer: keras.Layer, attribute: str, hook: Callable[..., Any]) -> None:
        """Replace an attribute, bypassing Keras's tracking; other threads still use the old one."""
        attributes = vars(layer)
        old = getattr(layer, attribute)

        def called(*args: Any, **kwargs: Any) -> Any:
            is_own = threading.get_ident() == self._thread
            return (hook if is_own else old)(*args, **kwargs)

        if attribute in attributes:
            self._undo.append(lambda: attributes.update({attribute: old}))
        else:
            self._undo.append(lambda: attributes.pop(attribute))
        attributes[attribute] = called

    def undo(self) -> None:
        """Restore the attributes."""
        while self._undo:
            self._undo.pop()()


@contextmanager
def _hooks() -> Iterator[_Hooks]:
    """Reserve the layers of all models for this thread, and restore their attributes at the end."""
    with _HOOKING:
        hooks = _Hooks()
        try:
            yield hooks
        finally:
            hooks.undo()


def _python_function(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python function behind one that a backend has compiled.

    A `tf.function` runs Python once for each kind of input and replays its graph from then on, in
    which no layer calls anything that can be watched.
    """
    function: Callable[..., Any] = getattr(call, "python_function", call)
    return function


# Names of the functions in Keras and its backends.
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


def _tensors(structure: Any) -> tuple[Any, ...]:
    return tuple(one for one in keras.tree.flatten(structure) if hasattr(one, "shape"))
