"""Functions that work on arrays and, as nodes, in functional models."""

import abc
from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from kcore._memory import check_memory
from kcore.nn._arguments import floating_dtype, in_dtype, itemsize, known, real_tensor

__all__ = ["TensorFunction"]


class TensorFunction(keras.Operation, abc.ABC):
    """A function of tensors whose output shape kcore itself computes and checks.

    The checks of Keras's own operations on symbolic tensors differ from what they compute: they
    refuse groups and strides with dilation, and miss some windows that don't fit.

    A subclass gives `output_shape` and `compute`, both static functions of the tensors and of the
    settings that the constructor was given.

    Attributes:
        tensors: the names of the tensors, for errors.
    """

    tensors: ClassVar[tuple[str, ...]] = ("x",)

    def __init__(self, name: str | None = None, **settings: Any):
        super().__init__(name=name)
        # A saved model returns tuples as lists, which some backends don't accept.
        lists = {key: tuple(value) for key, value in settings.items() if isinstance(value, list)}
        self.settings = settings | lists

    @staticmethod
    @abc.abstractmethod
    def output_shape(*tensors: Any, **settings: Any) -> Sequence[int | None]:
        """Return the shape of the output, or raise an error for arguments without a meaning."""

    @staticmethod
    @abc.abstractmethod
    def compute(*tensors: Any, **settings: Any) -> Any:
        """Compute the output; all tensors have the floating dtype of the first."""

    @staticmethod
    def check_computable(*tensors: Any, **settings: Any) -> None:
        """Raise errors that concern values but not symbolic tensors; does nothing by default."""

    def __call__(self, *tensors: Any) -> Any:
        """Check the arguments, then compute, or add a node.

        Keras would add terminal codes and printed arrays to errors that are raised inside `call`.
        """
        tensors = tuple(map(real_tensor, self.tensors, tensors))
        shape = self.output_shape(*tensors, **self.settings)
        if not any(map(keras.backend.is_keras_tensor, tensors)):
            self.check_computable(*tensors, **self.settings)
            check_memory(
                f"The output of shape {tuple(shape)} for x.shape={tuple(tensors[0].shape)}",
                known(shape),
                itemsize(floating_dtype(tensors[0])),
                "take smaller images or fewer at once",
            )
        return super().__call__(*tensors)

    def call(self, *tensors: Any) -> Any:
        """Compute, in the floating dtype of the first tensor."""
        dtype = floating_dtype(tensors[0])
        tensors = tuple(in_dtype(tensor, dtype) for tensor in tensors)
        if tensors[0].shape[0] == 0:
            # Backends answer an empty batch with wrong shapes, garbage or errors.
            return keras.ops.zeros(self.output_shape(*tensors, **self.settings), dtype=dtype)
        return self.compute(*tensors, **self.settings)

    def compute_output_spec(self, *tensors: Any) -> Any:
        """Work out shape and dtype."""
        shape = self.output_shape(*tensors, **self.settings)
        return keras.KerasTensor(shape, dtype=floating_dtype(tensors[0]))

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        return {"name": self.name, **self.settings}
