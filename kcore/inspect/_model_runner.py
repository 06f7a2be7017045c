"""Run a model forward and backward on any samples, and leave it as it is."""

import weakref
from collections.abc import Sequence
from typing import Any

import keras
import numpy.typing as npt

from kcore._arguments import check_integer
from kcore._forks import check_not_forked
from kcore._locks import lock_of
from kcore.inspect._hooks import Key, activations_of_layers
from kcore.inspect._layer_outputs import (
    LayerOutput,
    LayerReference,
    LayersReference,
    last_feature_map,
    select_output,
    select_outputs,
)
from kcore.inspect._model_inputs import check_inputs, even_size, few_sizes, first, length
from kcore.inspect._passes import Passes, Recent
from kcore.inspect._score_source import Score, loss_takes_logits
from kcore.models._arguments import check_model
from kcore.models._constants import constants_of

__all__ = ["ModelRunner"]

Array = npt.NDArray[Any]

# Compiled functions live as long as their model, for the last few shapes of its inputs.
_PASSES: weakref.WeakKeyDictionary[Any, Recent] = weakref.WeakKeyDictionary()
_PASSES_OF_A_MODEL = 4


class ModelRunner:
    """A model and the way samples run through it, for functions that look inside the model.

    Compiled functions are kept with the model and used again. A new layer, weight or activation
    function makes them compile again; other attributes of layers are taken as they were when a
    function was compiled, as in Keras's own functions. Weights are read again each time. A model
    that was never built is built by a call, as `predict` would.

    Attributes:
        model: the model.
        batch_size: the largest number of samples that run at once.
        outputs: the outputs of the model's layers for the samples that the runner was made for, in
            the order in which they ran.
        size: size of the batches in which these samples run.
        is_channels_first: whether the channels of the input are before the spatial axes.
    """

    def __init__(
        self, model: keras.Model, x: Any, batch_size: int, name: str = "x", *, padded: bool = True
    ):
        """Check the model and the samples.

        Args:
            model: any Keras model.
            x: arrays for its inputs, checked by `as_arrays`.
            batch_size: what the user gave.
            name: what the user calls `x`.
            padded: fill batches up to one of few sizes, so that few functions are compiled; else up
                to `batch_size` samples make one batch of their own number.

        Raises:
            TypeError: if `model` is not a Keras model.
            ValueError: if `x` doesn't fit the model, or `batch_size` is not an integer of at least
                1.
            RuntimeError: if this process was forked from one that computed.
        """
        self.model = check_model(model)
        self.batch_size = check_integer("batch_size", batch_size)
        self._is_padded = padded
        check_inputs(model, x, name)
        check_not_forked("A function of kcore.inspect or kcore.explain")
        passes = self._passes(x)
        self.outputs: tuple[LayerOutput, ...] = passes.outputs
        self.size: int = passes.size
        self.is_channels_first: bool = passes.is_channels_first
        self._first = passes

    @property
    def score(self) -> Score:
        """The source of the scores of the classes."""
        return self._first.score

    def forward(self, x: Any, wanted: Sequence[Key | str]) -> list[Array]:
        """Run the model on all samples.

        Args:
            x: inputs.
            wanted: keys; "score" for the scores of the classes, "output" for the model's output.

        Returns:
            The wanted outputs, each for all samples.
        """
        return self._passes(x).forward(x, wanted)

    def backward(
        self, x: Any, selector: Array, at: LayerOutput | None, of: LayerOutput | None = None
    ) -> list[Array]:
        """Differentiate one score of each sample.

        Args:
            x: inputs; one float array for a gradient with respect to the input.
            selector: float32 (samples, units), by which the scores are multiplied before they are
                summed. For a row of zeros, the predicted class is taken.
            at: the output with respect to which the gradient is taken; None for the input.
            of: the output whose channels, averaged over all positions, are the scores; None for
                the scores of the classes.

        Returns:
            The gradients, then the scores of all units, then, for the output of a layer, this
            output; all float32, for all samples.
        """
        passes = self._passes(x)
        if at is not None:  # of another batch size, the same output has another shape
            at = next(one for one in passes.outputs if one.key == at.key)
        return passes.backward(x, selector, at, of)

    def select_output(self, layer: LayerReference) -> LayerOutput:
        """Return the one output that the argument `layer` refers to."""
        return select_output(self.model, self.outputs, layer)

    def select_outputs(self, layers: LayersReference | None) -> list[LayerOutput]:
        """Return the outputs that the argument `layers` refers to; None means all layers."""
        return select_outputs(self.model, self.outputs, layers)

    def last_feature_map(self) -> LayerOutput:
        """Return the last output that has channels at more than one position."""
        return last_feature_map(self.outputs)

    def check_differentiable(self) -> None:
        """Check that the model's input has a gradient.

        Raises:
            ValueError: if the model takes integers.
        """
        inputs = keras.tree.flatten(getattr(self.model, "inputs", None) or [])
        dtypes = [str(one.dtype) for one in inputs if "float" not in str(one.dtype)]
        if dtypes:
            raise ValueError(
                f"The model {self.model.name!r} takes {dtypes[0]}, and integers have no gradient. "
                "Build it with a float input, keras.Input(shape), or use a method that needs no "
                "gradient of the input: grad_cam, occlusion, score_cam or the gradient at a layer."
            )

    def _passes(self, x: Any) -> Passes:
        """Return the passes for inputs like `x`, kept or new."""
        with lock_of(self.model):
            if not self.model.built:
                self.model(first(x), training=False)
            size = even_size(length(x), self.batch_size)
            size = self._fixed_batch_size() or (
                few_sizes(size, self.batch_size) if self._is_padded else size
            )
            kept = _PASSES.setdefault(self.model, Recent(_PASSES_OF_A_MODEL))
            found: Passes = kept.get_or_make(
                (size, *_identity(self.model, x)), lambda: Passes(self.model, x, size)
            )
            return found

    def _fixed_batch_size(self) -> int | None:
        """Return the batch size that the model's inputs require; None for any."""
        inputs = keras.tree.flatten(getattr(self.model, "inputs", None) or [])
        return next((int(one.shape[0]) for one in inputs if one.shape[0] is not None), None)


def _identity(model: keras.Model, x: Any) -> tuple[Any, ...]:
    """Return what a compiled function depends on besides the batch size."""
    inputs = repr(keras.tree.map_structure(lambda array: (array.shape[1:], str(array.dtype)), x))
    # References, since the identity of a layer that is gone may be taken by another.
    layers = [(weakref.ref(layer), function) for layer, function in activations_of_layers(model)]
    variables = [id(variable) for variable in model.variables]
    # Constants that layers derive from weights are compiled in.
    constants = constants_of(model)
    return inputs, tuple(layers), tuple(variables), constants, loss_takes_logits(model)
