"""Run a model at one input shape, forward and backward, in batches of one size."""

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._forks import check_not_forked
from kcore._locks import lock_of
from kcore.inspect._calls import named_layers
from kcore.inspect._compiled import Backward, Forward, numpy_of
from kcore.inspect._hooks import hooks
from kcore.inspect._layer_outputs import (
    Score,
    Seen,
    has_channels_first,
    look,
    loss_takes_logits,
    one_output,
    scores_in,
)
from kcore.inspect._model_inputs import batches, check_inputs, even_size, few_sizes, first, length
from kcore.inspect._watching import Key, Watch
from kcore.models._arguments import check_model
from kcore.models._constants import constants_of

__all__ = ["Reader", "reader_of"]

Array = npt.NDArray[Any]


class _Recent(OrderedDict[Hashable, Any]):
    """The few values that were used last."""

    def __init__(self, size: int):
        super().__init__()
        self._size = size

    def get_or_make(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the value of a key, made if it isn't there."""
        if key not in self:
            self[key] = make()
            if len(self) > self._size:
                self.popitem(last=False)
        self.move_to_end(key)
        return self[key]


# What was compiled for a model lives as long as the model.
_READERS: weakref.WeakKeyDictionary[Any, _Recent] = weakref.WeakKeyDictionary()
_READERS_OF_A_MODEL = 4
_FUNCTIONS_OF_A_READER = 4
_SAMPLES_OF_NOISE = 4


def reader_of(
    model: Any, x: Any, batch_size: int, name: str = "x", *, padded: bool = True
) -> "Reader":
    """Return the reader of a model for inputs like `x`, made before or new.

    By default the batches are `padded` to one of few sizes, so that few functions are compiled;
    else up to `batch_size` samples make one batch of their own number.

    A model that was never built is built by a call, as `predict` would. Weights are read anew each
    time. A new layer, weight or activation function makes a new reader; other attributes of layers
    are taken as they were when a function was compiled, as Keras's own functions do.
    """
    check_model(model)
    check_inputs(model, x, name)
    check_not_forked("kcore.inspect")
    with lock_of(model):
        return _reader_of(model, x, batch_size, padded)


def _reader_of(model: Any, x: Any, batch_size: int, padded: bool) -> "Reader":
    if not model.built:
        model(first(x), training=False)
    size = even_size(length(x), batch_size)
    size = _fixed_batch_size(model) or (few_sizes(size, batch_size) if padded else size)
    inputs = repr(keras.tree.map_structure(lambda array: (array.shape[1:], str(array.dtype)), x))
    with hooks():  # so that no other thread has put something in the place of an activation
        # References, since the place of a layer that is gone may be taken by another.
        layers = [
            (weakref.ref(one), vars(one).get("activation")) for one, _ in named_layers(model, "")
        ]
    variables = [id(variable) for variable in model.variables]
    readers = _READERS.setdefault(model, _Recent(_READERS_OF_A_MODEL))
    # Constants that layers derive from weights, which were compiled in.
    constants = constants_of(model)
    key = (size, inputs, tuple(layers), tuple(variables), constants, loss_takes_logits(model))
    reader: Reader = readers.get_or_make(key, lambda: Reader(model, x, size))
    return reader


def _fixed_batch_size(model: Any) -> int | None:
    """Return the batch size that a model's inputs ask for; None for any."""
    inputs = keras.tree.flatten(getattr(model, "inputs", None) or [])
    return next((int(one.shape[0]) for one in inputs if one.shape[0] is not None), None)


class Reader:
    """Runs a model that it leaves as it is, for one thread at a time.

    The weights come in as data, and the model runs in a scope that keeps its state, so that nothing
    is written to it. Compiled functions are kept and used again.

    Attributes:
        size: of its batches.
        seen: the outputs of the model's layers, in the order in which they ran.
        is_channels_first: whether the channels of its input stand before the spatial axes.
    """

    def __init__(self, model: Any, x: Any, size: int):
        # A compiled function must not keep the model alive.
        self._reference = weakref.ref(model)
        self.size = size
        self._input_shape = (size, *keras.tree.flatten(x)[0].shape[1:])
        # Keras looks at the layers of a model for this; kcore's own models don't hold them.
        layers = [layer for layer, _ in named_layers(model, "")]
        self._jit_compile = "auto" if all(layer.supports_jit for layer in layers) else False
        self._functions = _Recent(_FUNCTIONS_OF_A_READER)
        self.seen, self._score, self._instead = look(model, x, size)
        self._noise = _noise_like(x) if self._instead else None
        self.is_channels_first = has_channels_first(model)

    @property
    def score(self) -> Score:
        """What the classes are scored by.

        What follows a softmax, such as a `Reshape`, may change nothing. Whether it does is seen by
        the values for noise, so that it depends neither on how a backend writes it nor on data or
        weights.
        """
        with lock_of(self._model):
            if self._instead:
                self._settle()
            return self._score

    def forward(self, x: Any, wanted: Sequence[Key | str]) -> list[Array]:
        """Run the model on all samples.

        Args:
            x: inputs.
            wanted: keys; "score" for the scores of the classes, "output" for the model's output.

        Returns:
            What is wanted, each for all samples.
        """
        wanted = tuple(wanted)
        with lock_of(self._model):
            run = self._functions.get_or_make(
                wanted, lambda: Forward(self._forward(wanted), self._jit_compile)
            )
            return self._collect(run, x)

    def backward(
        self, x: Any, selector: Array, at: Seen | None, of: Seen | None = None
    ) -> list[Array]:
        """Differentiate one score of each sample.

        Args:
            x: inputs; one float array for a gradient with respect to the input.
            selector: float32 (samples, units): what the scores are multiplied with before they are
                summed. Where it is all zero, the predicted class is taken.
            at: the output with respect to which the gradient is taken; None for the input.
            of: the output whose channels, averaged over all positions, are the scores; None for
                the scores of the classes.

        Returns:
            The gradients, then the scores of all units, then, for the output of a layer, this
            output; all float32, for all samples.
        """
        with lock_of(self._model):
            run = self._functions.get_or_make((at, of), lambda: self._backward(at, of))
            return self._collect(run, [x, selector])

    def check_differentiable(self) -> None:
        """Say that the model's input has no gradient, because the model makes integers of it.

        Raises:
            ValueError: if the model takes integers.
        """
        inputs = keras.tree.flatten(getattr(self._model, "inputs", None) or [])
        dtypes = [str(one.dtype) for one in inputs if "float" not in str(one.dtype)]
        if dtypes:
            raise ValueError(
                f"The model {self._model.name!r} takes {dtypes[0]}, and integers have no gradient. "
                "Build it with a float input, keras.Input(shape), or take what needs none of the "
                "input: grad_cam, occlusion, score_cam or the gradient at a layer."
            )

    @property
    def _model(self) -> Any:
        model = self._reference()
        assert model is not None  # whoever called holds it
        return model

    def _settle(self) -> None:
        run = Forward(self._before_and_after, self._jit_compile)
        found = self._collect(run, self._noise, _disturbed(self._model.variables))
        pairs = list(zip(self._instead, found[::2], found[1::2], strict=True))
        same = [(score, before) for score, before, after in pairs if np.array_equal(before, after)]
        if same and np.unique(same[0][1]).size <= 2:
            return  # saturated, so that also what rounds changes nothing; other weights may tell
        self._score = same[0][0] if same else self._score
        self._instead, self._noise = (), None

    def _before_and_after(self, inputs: Any, weights: Any) -> list[Any]:
        """Return what each activation gave, and the output, in the precision of the activation."""
        watch, output = self._watched(inputs, weights)
        tensor = one_output(output)
        pairs = []
        for score in self._instead:
            assert score.activation is not None
            result = watch.activated[score.activation].result
            for one in (keras.ops.reshape(result, tensor.shape), tensor):
                # A cast to a higher precision changes nothing.
                pairs.append(keras.ops.cast(keras.ops.cast(one, result.dtype), "float32"))
        return pairs

    def _collect(
        self, run: Forward | Backward, x: Any, weights: Sequence[Any] | None = None
    ) -> list[Array]:
        if weights is None:
            weights = [variable.value for variable in self._model.variables]
        samples = length(x)
        collected: list[Array] = []
        for place, batch in batches(x, self.size):
            found = self._run(run, batch, weights)
            if samples == self.size:
                return found
            if not collected:
                collected = [self._for_all(array, samples) for array in found]
            for whole, part in zip(collected, found, strict=True):
                whole[place] = part[: place.stop - place.start]
        return collected

    def _run(self, run: Forward | Backward, batch: Any, weights: Sequence[Any]) -> list[Array]:
        try:
            return run.run(batch, weights)
        except BaseException:
            # A step that broke off may have given its own memory away.
            self._functions.clear()
            raise

    def _for_all(self, array: Array, samples: int) -> Array:
        if array.ndim == 0 or len(array) != self.size:
            raise ValueError(
                f"An output with shape {array.shape} has no batch axis of {self.size}, so that "
                f"those of {samples} samples can't be put together. Leave that layer out, or give "
                "as many samples as batch_size."
            )
        return np.empty((samples, *array.shape[1:]), array.dtype)

    def _watched(self, inputs: Any, weights: Any, replace: Any = None) -> tuple[Watch, Any]:
        watch = Watch(self._model, replace)
        mapping = list(zip(self._model.variables, weights, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return watch, watch.run(inputs)

    def _forward(self, wanted: tuple[Key | str, ...]) -> Callable[[Any, Any], list[Any]]:
        score = self.score if "score" in wanted else self._score

        def function(inputs: Any, weights: Any) -> list[Any]:
            watch, output = self._watched(inputs, weights)
            found: dict[Any, Any] = dict(watch.outputs)
            if "output" in wanted:
                found["output"] = one_output(output)
            if "score" in wanted:
                found["score"] = scores_in(watch, output, score)
            return [found[one] for one in wanted]

        return function

    def _backward(self, at: Seen | None, of: Seen | None) -> Backward:
        score = self.score

        def function(data: Any, weights: Any, probe: Any) -> tuple[Any, list[Any]]:
            inputs, selector = data
            if at is None:
                inputs = inputs + keras.ops.cast(probe, inputs.dtype)
            watch, output = self._watched(inputs, weights, _adding(probe, at))
            if of is None:
                scores = scores_in(watch, output, score)
                selector = self._chosen(selector, scores)
            else:
                scores = _channel_means(watch.outputs[of.key], of)
            total = keras.ops.sum(selector * scores, axis=-1)
            return total, [scores] if at is None else [scores, watch.outputs[at.key]]

        units = score.units if of is None else of.channels
        shape = self._input_shape if at is None else at.shape
        kept = [(self.size, units)] if at is None else [(self.size, units), shape]
        return Backward(function, shape, kept, self._jit_compile)

    def _chosen(self, selector: Any, scores: Any) -> Any:
        """Select the predicted class where no class is selected."""
        if self.score.is_signed:
            predicted = keras.ops.where(scores > 0, 1.0, -1.0)
        else:
            best = keras.ops.argmax(scores, axis=-1)
            predicted = keras.ops.one_hot(best, self.score.units, dtype="float32")
        is_given = keras.ops.any(selector != 0, axis=-1, keepdims=True)
        return keras.ops.where(is_given, selector, predicted)


def _noise_like(x: Any) -> Any:
    """Return a few samples of noise in 0..1; of integers, which mean more, the first ones."""
    draw = np.random.default_rng(0).random

    def noise(array: Array) -> Array:
        if not np.issubdtype(array.dtype, np.floating):
            return np.resize(array, (_SAMPLES_OF_NOISE, *array.shape[1:]))
        return draw((_SAMPLES_OF_NOISE, *array.shape[1:])).astype(array.dtype)

    return keras.tree.map_structure(noise, x)


def _disturbed(variables: Sequence[Any]) -> list[Any]:
    """Return the values of weights, a little larger, since those that are all zero tell nothing."""
    draw = np.random.default_rng(0).random
    values = [numpy_of(variable) for variable in variables]
    return [
        value
        if np.issubdtype(value.dtype, np.integer) or value.dtype == bool
        else (value + 0.01 * draw(value.shape, np.float32)).astype(value.dtype)
        for value in values
    ]


def _adding(probe: Any, at: Seen | None) -> Callable[[Key, Any], Any]:
    """Return what adds the probe to one output, and leaves the others."""

    def replace(key: Key, tensor: Any) -> Any:
        if at is None or key != at.key:
            return tensor
        return tensor + keras.ops.cast(probe, tensor.dtype)

    return replace


def _channel_means(tensor: Any, seen: Seen) -> Any:
    """Average each channel over all positions: (batch, channels) float32."""
    last = len(seen.shape) - 1
    channel = 1 if seen.is_channels_first else last
    axes = tuple(axis for axis in range(1, last + 1) if axis != channel)
    tensor = keras.ops.cast(tensor, "float32")
    return keras.ops.mean(tensor, axis=axes) if axes else tensor
