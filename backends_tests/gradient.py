"""Exact gradients on every backend, through one training step and public Keras API alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

__all__ = ["Gradients", "gradients", "holding"]


@dataclass(frozen=True)
class Gradients:
    """What one layer gave in a training step.

    Attributes:
        output: its output.
        of: the gradient of its input, then of its trainable variables.
    """

    output: np.ndarray
    of: list[np.ndarray]


def gradients(
    layers: Sequence,
    inputs: Sequence[np.ndarray],
    factors: Sequence[np.ndarray],
    run_eagerly: bool = False,
) -> list[Gradients]:
    """Return gradients of `sum(layer(input) * factor)` for many layers in one compiled step.

    Inputs and weights of all layers are parts of one long trainable weight, so that the step has
    one gradient to find and to keep, however many layers it holds. A part of zeros is multiplied
    with each output: its gradient is that output.

    Args:
        layers: layers to differentiate.
        inputs: the input of each.
        factors: what each output is multiplied with before it is summed.
        run_eagerly: whether the step runs without being compiled.

    Raises:
        ValueError: if an output has another shape than its factor, or a gradient another shape
            than what it belongs to.
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


def _cut(flat, shapes: Sequence[Sequence[tuple[int, ...]]]) -> list[list[np.ndarray]]:
    """Cut a vector into arrays of the given shapes."""
    ends = np.cumsum([math.prod(shape) for some in shapes for shape in some])
    parts = iter(np.split(keras.ops.convert_to_numpy(flat), ends[:-1]))
    return [[next(parts).reshape(shape) for shape in some] for some in shapes]


def _sum_of_output(_, output):
    return keras.ops.sum(output)


def _zeros(shape, dtype=None):
    return keras.ops.convert_to_tensor(np.zeros(shape, dtype))


def holding(value: np.ndarray):
    """Return an initializer that hands out `value`.

    An array costs nothing, while a random initializer would be compiled for each shape.
    """
    return lambda shape, dtype=None: keras.ops.convert_to_tensor(value, dtype)


class TotalOfLayers(keras.layers.Layer):
    """Sums `layer(input) * factor` over many layers, whatever it is called on.

    All outputs are joined before they are summed: one sum compiles faster than many.

    Attributes:
        shapes: shapes of all outputs, then for each layer of its input and its weights; in this
            order they are parts of the one trainable weight.
    """

    def __init__(self, layers, inputs, factors):
        super().__init__()
        parts = [[np.zeros_like(factor) for factor in factors]]
        for layer, x in zip(layers, inputs, strict=True):
            parts.append([x, *map(keras.ops.convert_to_numpy, layer.trainable_variables)])
        self.shapes = [[part.shape for part in some] for some in parts]
        self._factors = _joined(factors)
        flat = _joined([part for some in parts for part in some])
        self.flat = self.add_weight(shape=flat.shape, initializer=holding(flat))
        # Methods, not layers: Keras would take the layers' own weights for weights of this one.
        self._calls = tuple(layer.stateless_call for layer in layers)

    def call(self, start):
        flat = self.flat + 0.0 * keras.ops.sum(start)
        sizes = [math.prod(shape) for some in self.shapes[1:] for shape in some]
        ends = len(self._factors) + np.cumsum([0, *sizes[:-1]])
        nothing, *rest = keras.ops.split(flat, ends.tolist())
        parts, outputs = iter(rest), []
        for call, shapes, wanted in zip(self._calls, self.shapes[1:], self.shapes[0], strict=True):
            x, *weights = [_of_shape(keras.ops.reshape(next(parts), shape)) for shape in shapes]
            output, _ = call(weights, [], x)
            if tuple(output.shape) != wanted:
                raise ValueError(f"an output of shape {output.shape} where {wanted} is right")
            outputs.append(keras.ops.reshape(output, (-1,)))
        output = keras.ops.concatenate(outputs)
        total = keras.ops.sum(output * self._factors)
        total += keras.ops.sum(nothing * keras.ops.stop_gradient(output))
        return keras.ops.reshape(total, (1, 1))


@keras.ops.custom_gradient
def _of_shape(x):
    """Return `x` itself, and refuse a gradient of another shape, which a reshape would let pass."""
    shape = tuple(x.shape)

    def gradient(*arguments, upstream=None):
        upstream = arguments[0] if upstream is None else upstream
        if tuple(upstream.shape) != shape:
            raise ValueError(f"a gradient of shape {upstream.shape} for an array of shape {shape}")
        return upstream

    return x, gradient


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(array) for array in arrays])


class KeepGradients(keras.optimizers.Optimizer):
    """Leaves the only variable as it is and keeps its gradient."""

    def __init__(self):
        super().__init__(learning_rate=1.0, name="keep_gradients")
        self.kept = None

    def build(self, variables):
        if not self.built:
            super().build(variables)
            (variable,) = variables
            self.kept = self.add_variable_from_reference(variable, "gradient", _zeros)

    def update_step(self, gradient, variable, learning_rate):
        del learning_rate
        self.assign(self.kept, keras.ops.cast(gradient, self.kept.dtype))
