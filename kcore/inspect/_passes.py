"""Forward and backward passes through a model at one input shape, in batches of one size."""

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._locks import lock_of
from kcore.inspect._compiled import Backward, Forward, numpy_of
from kcore.inspect._hooks import Key, Watch, named_layers, watch_shapes
from kcore.inspect._layer_outputs import LayerOutput, has_channels_first, outputs_of
from kcore.inspect._model_inputs import batches, length
from kcore.inspect._score_source import Score, find_score, one_output, score_tensor

__all__ = ["Passes", "Recent"]

Array = npt.NDArray[Any]

_FUNCTIONS = 4
_SAMPLES_OF_NOISE = 4


class Recent(OrderedDict[Hashable, Any]):
    """The few values that were used last."""

    def __init__(self, size: int):
        super().__init__()
        self._size = size

    def get_or_make(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the value of a key, which is made if it isn't there."""
        if key not in self:
            self[key] = make()
            if len(self) > self._size:
                self.popitem(last=False)
        self.move_to_end(key)
        return self[key]


class Passes:
    """The compiled functions of a model for inputs of one shape; one thread at a time runs them.

    The weights come in as data, and the model runs in a scope that keeps its state, so that nothing
    is written to it. Whoever calls a method holds the model; a function must not keep it alive.

    Attributes:
        size: size of the batches.
        outputs: the outputs of the model's layers, in the order in which they ran.
        is_channels_first: whether the channels of the input are before the spatial axes.
    """

    def __init__(self, model: keras.Model, x: Any, size: int):
        self._reference = weakref.ref(model)
        self.size = size
        self._input_shape = (size, *keras.tree.flatten(x)[0].shape[1:])
        # Keras looks at the layers of a model for this; kcore's own models don't hold them.
        layers = [layer for layer, _ in named_layers(model)]
        self._jit_compile = "auto" if all(layer.supports_jit for layer in layers) else False
        self._functions = Recent(_FUNCTIONS)
        watch, output = watch_shapes(model, _symbolic(x, size))
        self.outputs = outputs_of(model, watch)
        self.is_channels_first = has_channels_first(model)
        self._score, self._instead = find_score(model, watch, output)
        self._noise = _noise_like(x) if self._instead else None

    @property
    def score(self) -> Score:
        """The source of the scores of the classes.

        Layers after a softmax, such as a `Reshape`, may change no values. Whether they do is tested
        on noise, so the result depends neither on how a backend writes them nor on data or weights.
        """
        with lock_of(self._model):
            if self._instead:
                self._settle()
            return self._score

    def forward(self, x: Any, wanted: Sequence[Key | str]) -> list[Array]:
        """Run the model on all samples, as `ModelRunner.forward`."""
        wanted = tuple(wanted)
        with lock_of(self._model):
            run = self._functions.get_or_make(
                wanted, lambda: Forward(self._forward(wanted), self._jit_compile)
            )
            return self._collect(run, x)

    def backward(
        self, x: Any, selector: Array, at: LayerOutput | None, of: LayerOutput | None
    ) -> list[Array]:
        """Differentiate one score of each sample, as `ModelRunner.backward`."""
        with lock_of(self._model):
            key = tuple(None if one is None else one.key for one in (at, of))
            run = self._functions.get_or_make(key, lambda: self._backward(at, of))
            return self._collect(run, [x, selector])

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
            return  # saturated, so even rounding changes nothing; other weights may tell
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
        for where, batch in batches(x, self.size):
            found = self._run(run, batch, weights)
            if samples == self.size:
                return found
            if not collected:
                collected = [self._for_all(array, samples) for array in found]
            for whole, part in zip(collected, found, strict=True):
                whole[where] = part[: where.stop - where.start]
        return collected

    def _run(self, run: Forward | Backward, batch: Any, weights: Sequence[Any]) -> list[Array]:
        try:
            return run.run(batch, weights)
        except BaseException:
            # A step that failed may have given its own memory away.
            self._functions.clear()
            raise

    def _for_all(self, array: Array, samples: int) -> Array:
        if array.ndim == 0 or len(array) != self.size:
            raise ValueError(
                f"An output with shape {array.shape} has no batch axis of {self.size}, so those of "
                f"{samples} samples can't be put together: leave that layer out, or give at most "
                "batch_size samples."
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
                found["score"] = score_tensor(watch, output, score)
            return [found[one] for one in wanted]

        return function

    def _backward(self, at: LayerOutput | None, of: LayerOutput | None) -> Backward:
        score = self.score

        def function(data: Any, weights: Any, probe: Any) -> tuple[Any, list[Any]]:
            inputs, selector = data
            if at is None:
                inputs = inputs + keras.ops.cast(probe, inputs.dtype)
            watch, output = self._watched(inputs, weights, _adding(probe, at))
            if of is None:
                scores = score_tensor(watch, output, score)
                selector = _or_predicted(selector, scores, score)
            else:
                scores = _channel_means(watch.outputs[of.key], of)
            total = keras.ops.sum(selector * scores, axis=-1)
            return total, [scores] if at is None else [scores, watch.outputs[at.key]]

        units = score.units if of is None else of.channels
        shape = self._input_shape if at is None else at.shape
        kept = [(self.size, units)] if at is None else [(self.size, units), shape]
        return Backward(function, shape, kept, self._jit_compile)


def _symbolic(x: Any, size: int) -> Any:
    """Return a symbolic input for each array."""
    return keras.tree.map_structure(
        lambda array: keras.Input(batch_shape=(size, *array.shape[1:]), dtype=str(array.dtype)), x
    )


def _noise_like(x: Any) -> Any:
    """Return a few samples of noise in 0..1; for integers, samples of `x` itself."""
    draw = np.random.default_rng(0).random

    def noise(array: Array) -> Array:
        if not np.issubdtype(array.dtype, np.floating):
            return np.resize(array, (_SAMPLES_OF_NOISE, *array.shape[1:]))
        return draw((_SAMPLES_OF_NOISE, *array.shape[1:])).astype(array.dtype)

    return keras.tree.map_structure(noise, x)


def _disturbed(variables: Sequence[Any]) -> list[Any]:
    """Return the values of weights, a little larger, as weights that are all zero tell nothing."""
    draw = np.random.default_rng(0).random
    values = [numpy_of(variable) for variable in variables]
    return [
        value
        if np.issubdtype(value.dtype, np.integer) or value.dtype == bool
        else (value + 0.01 * draw(value.shape, np.float32)).astype(value.dtype)
        for value in values
    ]


def _adding(probe: Any, at: LayerOutput | None) -> Callable[[Key, Any], Any]:
    """Return a function that adds the probe to one output and leaves the others unchanged."""

    def replace(key: Key, tensor: Any) -> Any:
        if at is None or key != at.key:
            return tensor
        return tensor + keras.ops.cast(probe, tensor.dtype)

    return replace


def _or_predicted(selector: Any, scores: Any, score: Score) -> Any:
    """Select the predicted class where no class is selected."""
    if score.is_signed:
        predicted = keras.ops.where(scores > 0, 1.0, -1.0)
    else:
        best = keras.ops.argmax(scores, axis=-1)
        predicted = keras.ops.one_hot(best, score.units, dtype="float32")
    is_given = keras.ops.any(selector != 0, axis=-1, keepdims=True)
    return keras.ops.where(is_given, selector, predicted)


def _channel_means(tensor: Any, output: LayerOutput) -> Any:
    """Average each channel over all positions: (batch, channels) float32."""
    last = len(output.shape) - 1
    channel = 1 if output.is_channels_first else last
    axes = tuple(axis for axis in range(1, last + 1) if axis != channel)
    tensor = keras.ops.cast(tensor, "float32")
    return keras.ops.mean(tensor, axis=axes) if axes else tensor
