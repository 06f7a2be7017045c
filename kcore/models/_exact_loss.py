"""Cross-entropy of probabilities, computed from the logits behind them on every backend.

Keras computes cross-entropy from the probabilities that a model returns. On TensorFlow it finds the
logits behind them, unless the probabilities were cast. On JAX it doesn't, and clips: a sample whose
class has a probability below 1e-7 gets a loss of 16.118 and a gradient of zero. So here each
softmax and sigmoid notes, for its output, the logits that it was given, and the loss looks them up.

A note belongs to one tensor and is dropped with it. So threads, traces, and models that share a
layer don't mix up their logits, and if any other tensor reaches the loss, no note is found for it.
A layer keeps its configuration, and the loss serializes as Keras's. So clones, pickles and saved
models are plain Keras, and a model that `model.compile` compiles again has the loss given there.
"""

import functools
import weakref
from collections.abc import Callable
from typing import Any

import keras

from kcore._layer_walk import walk

__all__ = ["exact_loss", "is_exact", "note_logits"]

_SMALLEST = 1.2e-38  # the smallest float32 whose logarithm and reciprocal every device computes

# For tensors that take no attributes, as on JAX: id -> (reference to the tensor, its note).
_NOTES: dict[int, tuple[weakref.ref[Any], Any]] = {}


def note_logits(model: keras.Model) -> None:
    """Let each softmax and sigmoid of a model note the logits of a two-dimensional output.

    Any of them may give the model's output; of a subclassed model, only a call shows which. The
    others cost only a note when the model is traced.
    """
    for layer, _ in walk(model):
        if isinstance(layer, keras.layers.Softmax):
            if layer.axis in (-1, 1) and "call" not in vars(layer):
                layer.call = _noting(layer.call, "softmax")
        elif vars(layer).get("activation") in _activations():  # an LSTM lets nobody set it
            layer.activation = _noting(layer.activation, layer.activation.__name__)


def exact_loss(name: str) -> keras.losses.Loss:
    """Return a loss that uses the logits behind the probabilities if they were noted.

    Args:
        name: "sparse_categorical_crossentropy" or "binary_crossentropy".

    Returns:
        A loss that is, and serializes as, `SparseCategoricalCrossentropy` or `BinaryCrossentropy`.
        For probabilities of unknown origin, it computes -log(max(p, 1.2e-38)) in float32. For a
        softmax, this is exact up to a loss of 87, on every backend.
    """
    return _SPARSE() if name == "sparse_categorical_crossentropy" else _BINARY()


def is_exact(loss: Any) -> bool:
    """Tell whether a loss is one that `exact_loss` returns."""
    return isinstance(loss, _FromLogits)


def _activations() -> tuple[Callable[..., Any], ...]:
    return keras.activations.softmax, keras.activations.sigmoid


def _noting(activation: Callable[..., Any], kind: str) -> Callable[..., Any]:
    """Wrap an activation so that it notes logits; Keras serializes it by its name, as before."""

    @functools.wraps(activation)
    def noting(x: Any, *args: Any, **kwargs: Any) -> Any:
        output = activation(x, *args, **kwargs)
        # Keras calls a Softmax with `mask=None`. With a mask, the inputs are not the logits.
        is_plain = all(option is None for option in (*args, *kwargs.values()))
        if is_plain and len(output.shape) == 2:
            _note(output, (kind, x))
        return output

    return noting


def _note(output: Any, note: tuple[str, Any]) -> None:
    try:
        # On TensorFlow, logits hold their graph, so a note elsewhere would keep the graph alive.
        output.noted_by_kcore = note
    except AttributeError:
        key = id(output)

        def forget(reference: weakref.ref[Any]) -> None:
            known = _NOTES.get(key)
            if known is not None and known[0] is reference:
                _NOTES.pop(key, None)

        _NOTES[key] = (weakref.ref(output, forget), note)


def _noted(output: Any, kind: str) -> Any:
    """Return the logits of an output of "softmax" or "sigmoid", or None."""
    note = getattr(output, "noted_by_kcore", None)
    if note is None:
        reference, note = _NOTES.get(id(output), (lambda: None, None))
        note = note if reference() is output else None
    return note[1] if note is not None and note[0] == kind else None


class _FromLogits(keras.losses.Loss):
    """A loss of Keras, computed from the noted logits, or from the probabilities if none are."""

    _kind: str
    _of_logits: keras.losses.Loss

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        # Before Keras casts the probabilities to float32, which makes another tensor.
        logits = _noted(y_pred, self._kind)
        if logits is None:
            return super().__call__(y_true, y_pred, sample_weight)
        return _Substituting(self._of_logits, logits)(y_true, y_pred, sample_weight)


class _Substituting(keras.losses.Loss):
    """Computes a loss of logits in place of the probabilities, whose mask Keras applies."""

    def __init__(self, of_logits: keras.losses.Loss, logits: Any) -> None:
        super().__init__()
        self._of_logits, self._logits = of_logits, logits

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self._of_logits.call(y_true, keras.ops.cast(self._logits, self.dtype))


class _Sparse(_FromLogits, keras.losses.SparseCategoricalCrossentropy):
    _kind = "softmax"

    def __init__(self) -> None:
        super().__init__()
        self._of_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if len(y_true.shape) == 2 and y_true.shape[-1] == 1:
            y_true = keras.ops.squeeze(y_true, axis=-1)
        if len(y_true.shape) != 1 or len(y_pred.shape) != 2:
            raise ValueError(
                f"Labels of shape {tuple(y_true.shape)} don't fit an output of shape "
                f"{tuple(y_pred.shape)}: give one integer for each sample of (batch, classes)."
            )
        picked = keras.ops.one_hot(keras.ops.cast(y_true, "int32"), y_pred.shape[-1])
        total = keras.ops.sum(y_pred, axis=-1)
        return _log(total) - keras.ops.sum(picked * _log(y_pred), axis=-1)


class _Binary(_FromLogits, keras.losses.BinaryCrossentropy):
    _kind = "sigmoid"

    def __init__(self) -> None:
        super().__init__()
        self._of_logits = keras.losses.BinaryCrossentropy(from_logits=True)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true = keras.ops.reshape(y_true, keras.ops.shape(y_pred))
        return keras.ops.mean(
            -y_true * _log(y_pred) - (1 - y_true) * _log(1 - y_pred),
            axis=-1,
        )


def _log(p: Any) -> Any:
    return keras.ops.log(keras.ops.maximum(p, _SMALLEST))


def _serialized_as(base: type[keras.losses.Loss], loss: type[keras.losses.Loss]) -> Any:
    """Return a class under the public name of its base, which Keras writes into files."""
    attributes = {
        "__module__": "keras.losses",
        "__doc__": base.__doc__,
        "from_config": base.from_config,  # bound to the base: a copy is a loss of Keras
    }
    return type(base.__name__, (loss,), attributes)


_SPARSE = _serialized_as(keras.losses.SparseCategoricalCrossentropy, _Sparse)
_BINARY = _serialized_as(keras.losses.BinaryCrossentropy, _Binary)
