"""Exact gradients on every backend, through one training step and public Keras API alone."""

from collections.abc import Sequence

import keras
import numpy as np

__all__ = ["gradients", "holding"]


def gradients(
    layers: Sequence,
    inputs: Sequence[np.ndarray],
    factors: Sequence[np.ndarray],
    run_eagerly: bool = False,
) -> list[list[np.ndarray]]:
    """Return gradients of `sum(layer(input) * factor)` for many layers in one compiled step.

    Each input is itself a trainable weight, and the optimizer keeps the gradients.

    Args:
        layers: layers to differentiate.
        inputs: the input of each.
        factors: what each output is multiplied with before it is summed.
        run_eagerly: whether the step runs without being compiled.

    Returns:
        For each layer the gradient of its input, then of its trainable variables.
    """
    start = keras.Input(batch_shape=(1, 1))
    variables, terms = [], []
    for layer, x, factor in zip(layers, inputs, factors, strict=True):
        held = Held(x)
        terms.append(WeightedSum(factor)(layer(held(start))))
        variables.append([*held.trainable_variables, *layer.trainable_variables])
    total = terms[0] if len(terms) == 1 else keras.layers.Add()(terms)
    model = keras.Model(start, total)
    keeper = KeepGradients()
    model.compile(keeper, loss=_sum_of_output, run_eagerly=run_eagerly)
    model.train_on_batch(np.zeros((1, 1), "float32"), np.zeros((1, 1), "float32"))
    slots = keeper.by_path
    return [[keras.ops.convert_to_numpy(slots[one.path]) for one in found] for found in variables]


def _sum_of_output(_, output):
    return keras.ops.sum(output)


def _zeros(shape, dtype=None):
    return keras.ops.convert_to_tensor(np.zeros(shape, dtype))


def holding(value: np.ndarray):
    """Return an initializer that hands out `value`.

    An array costs nothing, while a random initializer would be compiled for each shape.
    """
    return lambda shape, dtype=None: keras.ops.convert_to_tensor(value, dtype)


class Held(keras.layers.Layer):
    """Returns a weight that holds an input, whatever it is called on."""

    def __init__(self, value: np.ndarray):
        super().__init__()
        self.value = self.add_weight(shape=value.shape, initializer=holding(value))

    def call(self, start):
        return self.value + 0.0 * keras.ops.sum(start)


class WeightedSum(keras.layers.Layer):
    """Sums an output after multiplying it with given numbers."""

    def __init__(self, factors: np.ndarray):
        super().__init__()
        self.factors = factors

    def call(self, output):
        return keras.ops.reshape(keras.ops.sum(output * self.factors), (1, 1))


class KeepGradients(keras.optimizers.Optimizer):
    """Leaves all variables as they are and keeps the gradient of each beside it."""

    def __init__(self):
        super().__init__(learning_rate=1.0, name="keep_gradients")
        self.kept = []
        self.by_path = {}

    def build(self, variables):
        if not self.built:
            super().build(variables)
            for variable in variables:
                slot = self.add_variable_from_reference(variable, "gradient", _zeros)
                self.kept.append(slot)
                self.by_path[variable.path] = slot

    def update_step(self, gradient, variable, learning_rate):
        del learning_rate
        kept = self.kept[self._get_variable_index(variable)]
        self.assign(kept, keras.ops.cast(gradient, kept.dtype))
