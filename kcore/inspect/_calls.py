"""Every call of a layer inside a model, recorded without computing anything."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from kcore._arguments import check_integers
from kcore._locks import lock_of
from kcore.inspect._hooks import hooks, python_function
from kcore.models._arguments import check_model

__all__ = ["Call", "calls_of", "named_layers"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Call:
    """One call of one layer, or the entry into a model.

    Attributes:
        layer: the layer or model.
        name: its name, after the names of the models that it is nested in.
        inputs: the tensors that it was called on, as stand-ins: compare them with `is`.
        outputs: the tensors that it returned; none for the entry into a model.
    """

    layer: Any
    name: str
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]

    @property
    def input_shape(self) -> Shape:
        """Shape of the first input, batch included."""
        return _shape(self.inputs[0])

    @property
    def output_shape(self) -> Shape:
        """Shape of the first output, batch included."""
        return _shape(self.outputs[0])


def calls_of(model: Any, input_shape: Sequence[int] | None = None) -> list[Call]:
    """Run a model on stand-ins for tensors and record the calls of its layers.

    Layers of nested models are recorded one by one; a layer that holds other layers counts as one.

    Args:
        model: a Sequential, functional or subclassed model.
        input_shape: shape of one sample, for a model that doesn't know it or has unknown sizes.

    Returns:
        The entry into the model, then the calls of its layers and the entries into nested models,
        in the order in which they ran.

    Raises:
        ValueError: if a size of the input is unknown, or the model has several inputs.
    """
    shape = _known_shape(model, input_shape)
    recorded: list[Call] = []
    stand_in = keras.Input(batch_shape=(1, *shape), dtype=_dtype(model))
    try:
        with lock_of(model), _recording(model, recorded):
            _Stage(model)(stand_in)
    except Exception as error:
        if input_shape is None:
            raise
        # Each backend has its own errors for shapes that a layer can't take.
        raise ValueError(f"input_shape={shape}: {model.name!r} can't take it: {error}") from error
    return recorded


class _Stage(keras.layers.Layer):
    """Makes Keras run a model on stand-ins, as it does to find an output's shape."""

    def __init__(self, model: Any):
        super().__init__()
        self._run = lambda x: model(x)

    def call(self, x: Any) -> Any:
        return self._run(x)


@contextmanager
def _recording(model: Any, recorded: list[Call]) -> Iterator[None]:
    """Let each layer's `call` note what it was given and what it returned, for a while."""
    with hooks() as held:
        for layer, name in [(model, model.name), *named_layers(model, "")]:
            noting = _noting_entry if isinstance(layer, keras.Model) else _noting
            call = python_function(layer.call)
            held.put(layer, "call", noting(layer, name, call, recorded))
        yield


def _noting(layer: Any, name: str, call: Callable[..., Any], into: list[Call]) -> Any:
    def noted(*args: Any, **kwargs: Any) -> Any:
        result = call(*args, **kwargs)
        inputs, outputs = _tensors((args, kwargs)), _tensors(result)
        if inputs and outputs:
            into.append(Call(layer, name, inputs, outputs))
        return result

    return noted


def _noting_entry(model: Any, name: str, call: Callable[..., Any], into: list[Call]) -> Any:
    def noted(*args: Any, **kwargs: Any) -> Any:
        into.append(Call(model, name, _tensors((args, kwargs)), ()))
        return call(*args, **kwargs)

    return noted


def named_layers(model: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    """Every layer once, also those of nested models, each after the model that holds it."""
    seen = set()
    for layer in model.layers:
        name = f"{prefix}{layer.name}"
        found = [(layer, name)]
        if isinstance(layer, keras.Model):
            found += named_layers(layer, f"{name}/")
        for inner, inner_name in found:
            if id(inner) not in seen and not isinstance(inner, keras.layers.InputLayer):
                seen.add(id(inner))
                yield inner, inner_name


def _tensors(structure: Any) -> tuple[Any, ...]:
    return tuple(one for one in keras.tree.flatten(structure) if hasattr(one, "shape"))


def _shape(tensor: Any) -> Shape:
    return tuple(int(size) for size in tensor.shape)


def _known_shape(model: Any, input_shape: Sequence[int] | None) -> tuple[int, ...]:
    inputs = keras.tree.flatten(getattr(check_model(model), "inputs", None) or [])
    if len(inputs) > 1:
        raise ValueError(f"The model {model.name!r} has several inputs; trace its branches.")
    if input_shape is None:
        known = tuple(inputs[0].shape) if inputs else None
        if known is None:
            raise ValueError(
                f"The model {model.name!r} doesn't know its input. Give input_shape, the shape of "
                "one sample, such as (300, 300, 3)."
            )
        input_shape = known[1:]
    elif inputs:
        _check_fit(model, tuple(inputs[0].shape[1:]), check_integers("input_shape", input_shape))
    if None in input_shape:
        raise ValueError(
            f"The model {model.name!r} takes sizes {tuple(input_shape)}, of which some are "
            "unknown. Give input_shape, the shape of one sample, such as (300, 300, 3)."
        )
    return check_integers("input_shape", input_shape)


def _check_fit(model: Any, own: Sequence[int | None], given: Shape) -> None:
    is_fitting = len(own) == len(given) and all(
        size in (None, other) for size, other in zip(own, given, strict=True)
    )
    if not is_fitting:
        raise ValueError(f"input_shape={given} is not what {model.name!r} takes: {tuple(own)}.")


def _dtype(model: Any) -> str:
    inputs = keras.tree.flatten(getattr(model, "inputs", None) or [])
    return str(inputs[0].dtype) if inputs else str(keras.config.floatx())
