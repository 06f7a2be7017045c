"""The first phase of training: the head alone, on features that are computed once."""

import time
from collections.abc import Sequence
from typing import Any

import keras

from kcore.arguments import check_whole
from kcore.models.batches import EvaluationBatches, StartEpochs, TrainingBatches
from kcore.models.compiling import compile_for_labels
from kcore.models.features import Base, features_of
from kcore.models.head import dropout_of, head_for_training, head_layers
from kcore.models.trainable import check_trainable, print_phase
from kcore.random import draw_seed

__all__ = ["train_head"]


def train_head(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    epochs: int = 1,
    batch_size: int = 32,
    optimizer: Any = None,
    validation_data: Any = None,
    features_once: bool = True,
    steps_per_execution: int = 1,
    seed: int | None = None,
    callbacks: Sequence[Any] = (),
    verbose: Any = "auto",
) -> Any:
    """Train the head of a transferred model while its base is frozen: the first phase.

    The frozen base gives the same features for an image in every epoch, so they are computed once,
    and the head is trained on them. The result is the head that training on the images would give.
    That is not for images that are augmented anew in each epoch: for them use `model.fit`, or
    `features_once=False` with what never changes.

    The order of the images and the dropout of each come from `kcore.random` by seed, epoch and
    the image's place in the dataset. They don't depend on the backend or on `features_once`.

    Args:
        model: what `kcore.models.transfer` returned, its base frozen. It is compiled here, with
            cross-entropy and the metric `accuracy`.
        x: images `(count, height, width, channels)` with values 0 to 255, or a
            `keras.utils.PyDataset` of batches `(images, labels)`, which is read once.
        y: integer labels `(count,)`; left out where `x` is a dataset.
        epochs: how often to go through the images.
        batch_size: images per step.
        optimizer: what `keras.Model.compile` takes; `None` is RMSprop with a learning rate of
            0.0001. The model keeps it, so that training can go on with its state.
        validation_data: `(images, labels)`, or a dataset, to evaluate after each epoch.
        features_once: `False` runs the base in each step, where the features are too many to keep.
        steps_per_execution: batches per call into the backend.
        seed: of order and dropout, 0 <= seed < 2**64; `None` draws one.
        callbacks: `keras.callbacks.Callback`s. Their `model` is the head that is being trained.
        verbose: as in `keras.Model.fit`. With 0 nothing is printed.

    Returns:
        The `keras.callbacks.History` of the training.

    Raises:
        RuntimeError: if `trainable` was changed since the model was compiled.
        ValueError: if the model has no head of `transfer`, layers of the base are trainable, or
            the labels don't fit the images.
    """
    check_trainable(model)
    _check_frozen_base(model)
    epochs = check_whole("epochs", epochs)
    data = _checked("x and y", x, y, features_once)
    validation = _validation(validation_data, features_once)
    base = Base(model, batch_size)
    optimizer = keras.optimizers.RMSprop(1e-4) if optimizer is None else optimizer
    head = _compiled_head(model, optimizer, steps_per_execution)
    print_phase("Phase 1, the head alone", model, verbose)
    prepare: Any = base
    if features_once:
        prepare = None
        data = features_of(base, *data)
        validation = validation and features_of(base, *validation)
    dropout, units = dropout_of(model)
    seed = draw_seed() if seed is None else seed
    start = time.perf_counter()
    batches = TrainingBatches(*data, batch_size, (dropout, units), seed, prepare)
    history = head.fit(
        batches,
        epochs=epochs,
        validation_data=validation and EvaluationBatches(*validation, batch_size, units, prepare),
        shuffle=False,
        callbacks=[StartEpochs(batches), *callbacks],
        verbose=verbose,
    )
    if features_once and verbose:
        _print_saving(base, time.perf_counter() - start, len(history.epoch))
    return history


def _compiled_head(model: Any, optimizer: Any, steps_per_execution: int) -> Any:
    """Compile the model and its head with one optimizer, as both have the same variables."""
    compile_for_labels(model, optimizer=optimizer)
    return compile_for_labels(
        head_for_training(model),
        optimizer=model.optimizer,
        steps_per_execution=steps_per_execution,
    )


def _validation(data: Any, features_once: bool) -> tuple[Any, Any] | None:
    if data is None:
        return None
    if isinstance(data, keras.utils.PyDataset):
        data = (data, None)
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise ValueError("validation_data must be (images, labels), or a keras.utils.PyDataset.")
    return _checked("validation_data", data[0], data[1], features_once)


def _checked(name: str, x: Any, y: Any, features_once: bool) -> tuple[Any, Any]:
    if isinstance(x, keras.utils.PyDataset):
        if features_once:
            return x, None
        raise ValueError(
            f"{name}: features_once=False needs arrays of images and labels; a dataset goes to "
            "model.fit, or to features_once=True."
        )
    if y is None or len(x) != len(y) or not len(x):
        raise ValueError(
            f"{name}: {len(x)} images and {'no' if y is None else len(y)} labels; give as many, "
            "at least one."
        )
    return x, y


def _check_frozen_base(model: Any) -> None:
    head = {id(variable) for layer in head_layers(model) for variable in layer.variables}
    loose = [v.path for v in model.trainable_variables if id(v) not in head]
    if loose:
        raise ValueError(
            f"{len(loose)} variables of the base are trainable, such as {loose[0]!r}. The first "
            "phase trains the head alone: freeze the base, or use kcore.models.fine_tune."
        )


def _print_saving(base: Base, head: float, epochs: int) -> None:
    print(
        f"The base ran once ({base.seconds:.1f} s) instead of {epochs} times, which saved about "
        f"{base.seconds * (epochs - 1):.1f} s; training the head took {head:.1f} s."
    )
