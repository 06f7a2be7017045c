"""Functions that work on arrays and, as nodes, in functional models."""

import abc
from collections.abc import Sequence
from typing import Any

import keras

from kcore.nn.arguments import floating_dtype

__all__ = ["TensorFunction"]


class TensorFunction(keras.Operation, abc.ABC):
    """A function of tensors whose output shape kcore works out and checks itself.

    Keras's own operations on symbolic tensors differ from what they compute: they refuse groups and
    strides with dilation, and don't see every window that doesn't fit.

    A subclass gives `output_shape` and `compute`, both static functions of the tensors and of the
    settings that the constructor was given.
    """

    def __init__(self, name: str | None = None, **settings: Any):
        super().__init__(name=name)
        # A saved model brings tuples back as lists, which some backends don't take.
        lists = {key: tuple(value) for key, value in settings.items() if isinstance(value, list)}
        self.settings = settings | lists

    @staticmethod
    @abc.abstractmethod
    def output_shape(*tensors: Any, **settings: Any) -> Sequence[int | None]:
        """Return the shape of the output; raise what is to be refused."""

    @staticmethod
    @abc.abstractmethod
    def compute(*tensors: Any, **settings: Any) -> Any:
        """Compute the output; all tensors have the floating dtype of the first."""

    def call(self, *tensors: Any) -> Any:
        """Check the shapes, then compute."""
        tensors = tuple(keras.ops.convert_to_tensor(tensor) for tensor in tensors)
        dtype = floating_dtype(tensors[0])
        tensors = tuple(keras.ops.cast(tensor, dtype) for tensor in tensors)
        shape = self.output_shape(*tensors, **self.settings)
        if tensors[0].shape[0] == 0:
            # Backends answer an empty batch with wrong shapes, garbage or errors.
            return keras.ops.zeros(shape, dtype=dtype)
        return self.compute(*tensors, **self.settings)

    def compute_output_spec(self, *tensors: Any) -> Any:
        """Work out shape and dtype."""
        shape = self.output_shape(*tensors, **self.settings)
        return keras.KerasTensor(shape, dtype=floating_dtype(tensors[0]))

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        return {"name": self.name, **self.settings}
