"""Compiled functions of inputs and weights: one runs forward, one takes gradients."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

__all__ = ["Backward", "Forward", "numpy_of"]

Array = npt.NDArray[Any]


class Forward(keras.Model):
    """Runs a function of (inputs, weights) on one batch after another."""

    def __init__(self, function: Callable[[Any, Any], list[Any]], jit_compile: bool | str):
        super().__init__(dtype="float32", autocast=False)
        self._function = function
        self.built = True
        self.compile(optimizer=None, jit_compile=jit_compile)

    def call(self, data: Any) -> list[Any]:
        """Call the function."""
        inputs, weights = data
        return self._function(inputs, weights)

    def run(self, inputs: Any, weights: Sequence[Any]) -> list[Array]:
        """Return what the function returns, as NumPy arrays."""
        return list(self.predict_on_batch([inputs, list(weights)]))


class Backward(keras.Model):
    """Takes gradients of a sum of scores, by one training step whose optimizer only keeps them.

    A weight that is zero, the probe, is added where the gradient is wanted. The gradient of the sum
    with respect to the probe is then the gradient with respect to what the probe was added to.
    """

    def __init__(
        self,
        function: Callable[[Any, Any, Any], tuple[Any, list[Any]]],
        probe_shape: Sequence[int],
        kept_shapes: Sequence[Sequence[int]],
        jit_compile: bool | str,
    ):
        """Prepare the step.

        Args:
            function: function of the inputs, the weights and the probe that returns one score for
                each sample, and tensors to keep.
            probe_shape: shape of the probe, batch included.
            kept_shapes: the shapes of the tensors to keep.
            jit_compile: as in `keras.Model.compile`.
        """
        super().__init__(dtype="float32", autocast=False)
        self._function = function
        self._probe = self.add_weight(shape=tuple(probe_shape), initializer=_zeros, name="probe")
        self._kept = [
            self.add_weight(shape=tuple(shape), initializer=_zeros, trainable=False, name="kept")
            for shape in kept_shapes
        ]
        self.built = True
        self.compile(optimizer=_KeepGradient(), jit_compile=jit_compile)
        self.optimizer.build([self._probe])

    def call(self, data: Any) -> Any:
        """Return the scores, and keep what else was found."""
        inputs, weights = data
        # Read here, because the function's own scope knows only the values of the model's weights.
        probe = keras.ops.convert_to_tensor(self._probe)
        scores, found = self._function(inputs, weights, probe)
        for kept, tensor in zip(self._kept, found, strict=True):
            kept.assign(keras.ops.cast(tensor, kept.dtype))
        # TensorFlow has no gradient where the scores don't depend on the probe; it is zero.
        return scores + 0.0 * keras.ops.sum(probe)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the sum of the scores."""
        return keras.ops.sum(y_pred)

    def run(self, inputs: Any, weights: Sequence[Any]) -> list[Array]:
        """Return the gradient of each sample's score, then the tensors to keep, as float32."""
        self.train_on_batch([inputs, list(weights)])
        held = [self.optimizer.gradient, *self._kept]
        # A copy, because the next step may reuse the memory.
        return [np.array(numpy_of(variable)) for variable in held]


def _zeros(shape: Sequence[int], dtype: Any = None) -> Any:
    """Make zeros in NumPy: JAX would compile a function for each shape, and keep it forever.

    It would also compile one to copy an array whose dtype it isn't given.
    """
    return keras.ops.convert_to_tensor(np.zeros(shape, dtype), dtype)


class _KeepGradient(keras.optimizers.Optimizer):
    """Leaves the one variable unchanged and keeps its gradient in another."""

    def __init__(self) -> None:
        super().__init__(learning_rate=1.0, name="keep_gradient")
        self.gradient: Any = None

    def build(self, variables: Sequence[Any]) -> None:
        """Add a variable for the gradient."""
        if not self.built:
            super().build(variables)
            (probe,) = variables
            self.gradient = self.add_variable(
                probe.shape, initializer=_zeros, dtype=probe.dtype, name="gradient"
            )

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Keep the gradient.

        Keras's own `apply` adds up the gradients of several devices, whose graph TensorFlow keeps
        forever; here there is one device.
        """
        (gradient,) = grads
        self.assign(self.gradient, keras.ops.cast(gradient, self.gradient.dtype))


def numpy_of(variable: Any) -> Array:
    """Return the value of a variable, without NumPy's warning about objects that take no `copy`."""
    value = variable.value
    array: Array = value.numpy() if hasattr(value, "numpy") else np.asarray(value)
    return array
