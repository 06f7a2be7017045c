"""Exact gradients on every backend, by one training step and with only public Keras API."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

__all__ = ["Gradients", "gradients", "holding"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Gradients:
    """The output of one layer and the gradients through it.

    Attributes:
        output: its output.
        of: the gradient of its input, then of its trainable variables.
    """

    output: Array
    of: list[Array]


def gradients(
    layers: Sequence[Any],
    inputs: Sequence[Array],
    factors: Sequence[Array],
    run_eagerly: bool = False,
) -> list[Gradients]:
    """Return gradients of `sum(layer(input) * factor)` for many layers in one compiled step.

    The inputs and weights of all layers are parts of one long trainable weight, so the step has a
    single gradient to compute and keep, however many layers there are. A part of zeros multiplies
    each output: its gradient is that output.

    Args:
        layers: layers to differentiate.
        inputs: the input of each layer.
        factors: the factors that multiply each output before it is summed.
        run_eagerly: whether the step runs without being compiled.

    Raises:
        ValueError: if the shapes of an output and its factors differ, or the shapes of a gradient
            and of its array.
    """
    for layer, x in zip(layers, inputs, strict=True):
        layer.build(x.shape)
    total = TotalOfLayers(layers, inputs, factors)
    start = keras.Input(batch_shape=(1, 1))
    model = keras.Model(start, total(start))
    keeper = KeepGradients()
    model.compile(keeper, loss=_sum_of_output, run_eagerly=run_eagerly)
    model.train_on_batch(np.zeros((1, 1), "float32"), np.zeros((1, 1), "float32"))
    outputs, *of_layers = _cut(keeper.kept, total.shapes)
    return [Gradients(output, of) for output, of in zip(outputs, of_layers, strict=True)]


def _cut(flat: Any, shapes: Sequence[Sequence[tuple[int, ...]]]) -> list[list[Array]]:
    """Cut a vector into arrays of the given shapes."""
    ends = np.cumsum([math.prod(shape) for some in shapes for shape in some])
    parts = iter(np.split(keras.ops.convert_to_numpy(flat), ends[:-1]))
    return [[next(parts).reshape(shape) for shape in some] for some in shapes]


def _sum_of_output(_: Any, output: Any) -> Any:
    return keras.ops.sum(output)


def _zeros(shape: tuple[int, ...], dtype: Any = None) -> Any:
    return keras.ops.convert_to_tensor(np.zeros(shape, dtype))


def holding(value: Array) -> Callable[..., Any]:
    """Return an initializer that returns `value`.

    This costs no time, while a random initializer would be compiled for each shape.
    """
    return lambda shape, dtype=None: keras.ops.convert_to_tensor(value, dtype)


class TotalOfLayers(keras.layers.Layer):
    """Sum `layer(input) * factor` over many layers, whatever it is called on.

    All outputs are joined before they are summed: one sum compiles faster than many.

    Attributes:
        shapes: shapes of all outputs, then for each layer those of its input and its weights. The
            single trainable weight holds these arrays in this order.
    """

    def __init__(
        self, layers: Sequence[Any], inputs: Sequence[Array], factors: Sequence[Array]
    ) -> None:
        super().__init__()
        parts = [[np.zeros_like(factor) for factor in factors]]
        for layer, x in zip(layers, inputs, strict=True):
            parts.append([x, *map(keras.ops.convert_to_numpy, layer.trainable_variables)])
        self.shapes = [[part.shape for part in some] for some in parts]
        self._factors = _joined(factors)
        flat = _joined([part for some in parts for part in some])
        self.flat = self.add_weight(shape=flat.shape, initializer=holding(flat))
        # Methods, not layers: Keras would count the weights of layers as this layer's own.
        self._calls = tuple(layer.stateless_call for layer in layers)

    def call(self, start: Any) -> Any:
        flat = self.flat + 0.0 * keras.ops.sum(start)
        sizes = [math.prod(shape) for some in self.shapes[1:] for shape in some]
        ends = len(self._factors) + np.cumsum([0, *sizes[:-1]])
        nothing, *rest = keras.ops.split(flat, ends.tolist())
        parts = iter(rest)
        outputs: list[Any] = []
        for call, shapes, wanted in zip(self._calls, self.shapes[1:], self.shapes[0], strict=True):
            x, *weights = [_of_shape(keras.ops.reshape(next(parts), shape)) for shape in shapes]
            output, _ = call(weights, [], x)
            if tuple(output.shape) != wanted:
                raise ValueError(f"an output has shape {output.shape} and should have {wanted}")
            outputs.append(keras.ops.reshape(output, (-1,)))
        output = keras.ops.concatenate(outputs)
        total = keras.ops.sum(output * self._factors)
        total += keras.ops.sum(nothing * keras.ops.stop_gradient(output))
        return keras.ops.reshape(total, (1, 1))


def _with_checked_gradient(x: Any) -> tuple[Any, Callable[..., Any]]:
    """Return `x` and its gradient, which refuses another shape: a reshape would let it pass."""
    shape = tuple(x.shape)

    def gradient(*arguments: Any, upstream: Any = None) -> Any:
        upstream = arguments[0] if upstream is None else upstream
        if tuple(upstream.shape) != shape:
            raise ValueError(f"a gradient of shape {upstream.shape} for an array of shape {shape}")
        return upstream

    return x, gradient


_of_shape = keras.ops.custom_gradient(_with_checked_gradient)


def _joined(arrays: Sequence[Array]) -> Array:
    return np.concatenate([np.ravel(array) for array in arrays])


class KeepGradients(keras.optimizers.Optimizer):
    """Leave the only variable as it is, and keep its gradient."""

    def __init__(self) -> None:
        super().__init__(learning_rate=1.0, name="keep_gradients")
        self.kept: Any = None

    def build(self, variables: Sequence[Any]) -> None:
        if not self.built:
            super().build(variables)
            (variable,) = variables
            self.kept = self.add_variable_from_reference(variable, "gradient", _zeros)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        del learning_rate
        self.assign(self.kept, keras.ops.cast(gradient, self.kept.dtype))
