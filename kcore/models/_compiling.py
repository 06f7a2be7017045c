"""Compile a model for its task, with settings that are fast on each backend."""

import types
from typing import Any, TypeVar

import keras

from kcore._arguments import check_integer
from kcore.models._arguments import check_model, check_optimizer
from kcore.models._exact_loss import exact_loss, is_exact, note_logits
from kcore.models._fit_checks import check_before_fit
from kcore.models._trainable import note_compiled

__all__ = [
    "compile_binary_classifier",
    "compile_classifier",
    "compile_for_labels",
    "compile_regression",
]

Model = TypeVar("Model", bound=keras.Model)


def compile_regression(
    model: Model,
    *,
    optimizer: keras.optimizers.Optimizer | str = "sgd",
    steps_per_execution: int = 1,
) -> Model:
    """Compile a regression with mean squared error.

    Before its first step, `fit` of the compiled model refuses targets that are NaN or infinite.

    Args:
        model: a built `keras.Model` with real-valued outputs.
        optimizer: a `keras.optimizers.Optimizer` or its name; plain gradient descent by default.
        steps_per_execution: batches per call into the backend; more is faster for small models.
            Batch-level callbacks then run once for each call, and Keras rounds `steps_per_epoch`
            and `steps` up to a multiple of it.

    Returns:
        `model` itself, compiled.

    Example:
        >>> import kcore
        >>> model = kcore.models.compile_regression(kcore.models.linear())
        >>> model.loss
        'mean_squared_error'
    """
    return _compile(check_model(model), optimizer, "mean_squared_error", [], steps_per_execution)


def compile_classifier(
    model: Model,
    *,
    optimizer: keras.optimizers.Optimizer | str = "adam",
    steps_per_execution: int = 1,
) -> Model:
    """Compile a classifier of two or more classes for integer labels.

    The loss is sparse categorical cross-entropy, the metric `accuracy`.

    On every backend, the loss and its gradient are computed from the logits behind the
    probabilities, so even a sample that is misclassified with certainty has its full loss and
    gradient. On JAX, Keras clips such losses. Saved models, clones and pickles have Keras's loss
    until they are compiled here again.

    Before its first step, `fit` of the compiled model refuses labels that are not among the
    classes, in arrays and in datasets of kcore. It also looks at the first images, and warns if
    their range is not the one that a model built by `kcore.models` takes. A clone or a loaded model
    has these checks only after it is compiled here.

    Args:
        model: a built `keras.Model` whose one output is `(batch, classes)` probabilities.
        optimizer: a `keras.optimizers.Optimizer` or its name.
        steps_per_execution: batches per call into the backend; more is faster for small models.
            Batch-level callbacks then run once for each call, and Keras rounds `steps_per_epoch`
            and `steps` up to a multiple of it.

    Returns:
        `model` itself, compiled.

    Raises:
        ValueError: if the model's output is not `(batch, classes)` with at least two classes.

    Example:
        >>> import kcore
        >>> model = kcore.models.compile_classifier(kcore.models.mlp())
        >>> type(model.optimizer).__name__
        'Adam'
    """
    shape = _output_shape(model)
    if shape is not None and (len(shape) != 2 or shape[-1] == 1):
        raise ValueError(
            f"The model's output shape {shape} is not (batch, classes) with at least 2 classes. "
            "For one sigmoid output use compile_binary_classifier, for other models model.compile."
        )
    loss = exact_loss("sparse_categorical_crossentropy")
    note_logits(model)
    return _compile(model, optimizer, loss, ["accuracy"], steps_per_execution)


def compile_binary_classifier(
    model: Model,
    *,
    optimizer: keras.optimizers.Optimizer | str = "rmsprop",
    steps_per_execution: int = 1,
) -> Model:
    """Compile a classifier of two classes that has one sigmoid output.

    The loss is binary cross-entropy, the metric `accuracy`, the optimizer RMSprop with a learning
    rate of 0.001.

    On every backend, the loss and its gradient are computed from the logits behind the
    probabilities, so even a sample that is misclassified with certainty has its full loss and
    gradient. On JAX, Keras clips such losses. Saved models, clones and pickles have Keras's loss
    until they are compiled here again.

    Before its first step, `fit` of the compiled model refuses labels that are not among the
    classes, in arrays and in datasets of kcore. It also looks at the first images, and warns if
    their range is not the one that a model built by `kcore.models` takes. A clone or a loaded model
    has these checks only after it is compiled here.

    Args:
        model: a built `keras.Model` whose one output is `(batch, 1)` probabilities.
        optimizer: a `keras.optimizers.Optimizer` or its name.
        steps_per_execution: batches per call into the backend; more is faster for small models.
            Batch-level callbacks then run once for each call, and Keras rounds `steps_per_epoch`
            and `steps` up to a multiple of it.

    Returns:
        `model` itself, compiled.

    Raises:
        ValueError: if the model's output is not `(batch, 1)`.

    Example:
        >>> import kcore
        >>> model = kcore.models.compile_binary_classifier(kcore.models.binary_cnn((28, 28, 3)))
        >>> model.loss.name
        'binary_crossentropy'
    """
    shape = _output_shape(model)
    if shape is not None and (len(shape) != 2 or shape[-1] != 1):
        raise ValueError(
            f"The model's output shape {shape} is not (batch, 1). "
            "For a softmax over several classes use compile_classifier."
        )
    loss = exact_loss("binary_crossentropy")
    note_logits(model)
    return _compile(model, optimizer, loss, ["accuracy"], steps_per_execution)


def compile_for_labels(model: Any, *, optimizer: Any, steps_per_execution: int = 1) -> Any:
    """Compile a classifier for integer labels, as a binary one if it has a sigmoid output."""
    is_binary = model.output_shape[-1] == 1
    compile_it = compile_binary_classifier if is_binary else compile_classifier
    return compile_it(model, optimizer=optimizer, steps_per_execution=steps_per_execution)


def _output_shape(model: Any) -> tuple[int | None, ...] | None:
    """Return the shape of the model's one output, or `None` where Keras doesn't know it."""
    shape = getattr(check_model(model), "output_shape", None)
    is_several = isinstance(shape, tuple) and any(isinstance(part, tuple) for part in shape)
    if is_several or isinstance(shape, list | dict):
        raise ValueError(
            f"The model has several outputs or names its output: {shape}. Use model.compile, "
            "with a loss for each."
        )
    return shape


def _compile(
    model: Any, optimizer: Any, loss: Any, metrics: list[str], steps_per_execution: int
) -> Any:
    model.compile(
        optimizer=check_optimizer(optimizer),
        loss=loss,
        metrics=metrics,
        steps_per_execution=check_integer("steps_per_execution", steps_per_execution),
        jit_compile=_jit_compile(model),
    )
    _prepare(model)
    return model


def _prepare(model: Any) -> None:
    note_compiled(model)
    check_before_fit(model)
    # For `kcore.layers.reproducible`, which is on a lower layer than this.
    model.compile_copy_by_kcore = types.MethodType(_compile_copy, model)


def _compile_copy(model: Any, copy: Any) -> None:
    """Compile a copy with the arguments that a model was compiled with last."""
    arguments = keras.saving.deserialize_keras_object(model.get_compile_config())
    if is_exact(model.loss):
        arguments["loss"] = exact_loss(model.loss.name)
        note_logits(copy)
    copy.compile(**arguments)
    _prepare(copy)


def _jit_compile(model: Any) -> bool | str:
    """Choose XLA, except where it would slow down convolutions.

    Keras's own choice, "auto", leaves XLA out on TensorFlow's CPU. That is right for convolutions,
    whose gradients XLA computes slowly there, but costs a fully connected model a third of its
    speed. A strategy of `tf.distribute` with several replicas can't run a step that XLA compiles.
    """
    if _has_replicas(model):
        return False
    return "auto" if _has_convolution(model) else True


def _has_replicas(model: Any) -> bool:
    """Tell whether a model was made under a strategy of `tf.distribute` with several replicas."""
    strategy = getattr(model, "distribute_strategy", None)  # only on TensorFlow
    return getattr(strategy, "num_replicas_in_sync", 1) > 1


def _has_convolution(layer: Any) -> bool:
    if hasattr(layer, "kernel_size"):
        return True
    wrapped = [layer.layer] if hasattr(layer, "layer") else []
    return any(_has_convolution(inner) for inner in [*getattr(layer, "layers", ()), *wrapped])
