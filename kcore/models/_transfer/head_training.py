"""The first phase of training: the head alone, on features that are computed once."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from kcore._arguments import check_integer, check_seed, check_switch
from kcore._console import say
from kcore.models._arguments import check_callbacks
from kcore.models._compiling import compile_for_labels
from kcore.models._image_range import warn_of_range
from kcore.models._trainable import check_trainable, print_phase
from kcore.models._transfer.batches import (
    DatasetBatches,
    EvaluationBatches,
    StartEpochs,
    TrainingBatches,
)
from kcore.models._transfer.features import Base, features_of
from kcore.models._transfer.head import dropout_of, head_for_training, head_layers
from kcore.models._transfer.training_data import (
    Samples,
    check_batch,
    check_class_weight,
    check_samples,
)
from kcore.random import draw_seed
from kcore.training._fit_arguments import check_verbose

__all__ = ["train_head"]


def train_head(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    epochs: int = 1,
    batch_size: int = 32,
    optimizer: keras.optimizers.Optimizer | str | None = None,
    validation_data: Any = None,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    features_once: bool = True,
    steps_per_execution: int = 1,
    seed: int | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: bool | int | str = "auto",
) -> keras.callbacks.History:
    """Train the head of a transferred model while its base is frozen: the first phase.

    The frozen base gives the same features for an image in every epoch, so they are computed once,
    and the head is trained on them. The result is the head that training on the images would give.
    A dataset that augments its images differently in each epoch needs `features_once=False`.

    The order of the images and the dropout of each image come from `kcore.random`, keyed by the
    seed, the epoch and the image's index. They don't depend on the backend or, except for a
    dataset, on `features_once`.

    Args:
        model: the model that `kcore.models.transfer` returned, with its base frozen. It is compiled
            here, with cross-entropy and the metric `accuracy`.
        x: images `(count, height, width, channels)` with values 0 to 255, or a
            `keras.utils.PyDataset` of batches `(images, labels)` or `(images, labels, weights)`.
            A dataset is read once, or with `features_once=False` in each epoch, in its own order
            and in batches of its own size.
        y: integer labels `(count,)`, 0 or 1 for one sigmoid; leave it out if `x` is a dataset.
        epochs: number of passes through the images.
        batch_size: images per step.
        optimizer: a `keras.optimizers.Optimizer` or its name; `None` is RMSprop with a learning
            rate of 0.0001. The model keeps it, so that training can go on with its state.
        validation_data: `(images, labels)`, `(images, labels, weights)` or a dataset, to evaluate
            after each epoch. A dataset must not augment; it is read once.
        sample_weight: `(count,)`, how much each image counts in the loss; leave it out if `x` is a
            dataset.
        class_weight: how much the images of a class count, `{class: weight}`; 1 for classes left
            out. It is multiplied by the weights of samples.
        features_once: `False` runs the base in each step, for images that are augmented or whose
            features are too many for memory.
        steps_per_execution: batches per call into the backend.
        seed: seed of order and dropout, 0 <= seed < 2**64; `None` draws one.
        callbacks: callbacks of Keras. Their `model` is the head that is being trained.
        verbose: 0 prints nothing, 1 a progress bar, 2 a line for each epoch; `"auto"` is 1 in most
            cases.

    Returns:
        The `keras.callbacks.History` of the training.

    Raises:
        RuntimeError: if `trainable` was changed since the model was compiled.
        ValueError: if the model has no head made by `transfer`, layers of the base are trainable,
            labels or weights don't fit the images, a label is not one of the classes, or a dataset
            that augments is given with `features_once=True`.
    """
    check_trainable(model)
    _check_frozen_base(model)
    epochs = check_integer("epochs", epochs)
    features_once = check_switch("features_once", features_once)
    callbacks = check_callbacks(callbacks)
    check_verbose(verbose)
    check_seed(seed)
    seed = draw_seed() if seed is None else seed
    class_weight = check_class_weight(class_weight, model)

    def check(batch: Any) -> Samples:
        return check_batch("x", batch, model, class_weight)

    samples = Samples(x, y, sample_weight)
    samples = check_samples("x and y", samples, model, class_weight, features_once)
    batch_size = check_integer("batch_size", batch_size)
    if not samples.is_dataset:  # the last batch is padded
        batch_size = min(batch_size, len(samples.x))
    validation = _validation(validation_data, model)
    warn_of_range("x", x, model)
    base = Base(model, batch_size)
    optimizer = keras.optimizers.RMSprop(1e-4) if optimizer is None else optimizer
    head = _compiled_head(model, optimizer, steps_per_execution)
    print_phase("Phase 1, the head alone", model, verbose)
    batches = _batches(base, samples, check, batch_size, dropout_of(model), seed, features_once)
    validation_batches = validation and _validation_batches(base, validation, model, features_once)
    start = time.perf_counter()
    history = head.fit(
        batches,
        epochs=epochs,
        validation_data=validation_batches,
        shuffle=False,
        callbacks=[StartEpochs(batches), *callbacks],
        verbose=verbose,
    )
    if features_once and verbose:
        _print_saving(base, time.perf_counter() - start, len(history.epoch))
    return history


def _batches(
    base: Base,
    samples: Samples,
    check: Callable[[Any], Samples],
    batch_size: int,
    dropout: tuple[float, int],
    seed: int,
    features_once: bool,
) -> TrainingBatches | DatasetBatches:
    if features_once:
        return TrainingBatches(features_of(base, samples, check), batch_size, dropout, seed)
    if samples.is_dataset:
        return DatasetBatches(samples.x, check, dropout, seed, base)
    return TrainingBatches(samples, batch_size, dropout, seed, base)


def _validation(data: Any, model: Any) -> Samples | None:
    if data is None:
        return None
    if isinstance(data, keras.utils.PyDataset):
        data = (data,)
    elif not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise ValueError(
            "validation_data must be (images, labels), (images, labels, weights) or a "
            "keras.utils.PyDataset."
        )
    return check_samples("validation_data", Samples(*data), model, None, once=True)


def _validation_batches(
    base: Base, samples: Samples, model: Any, features_once: bool
) -> EvaluationBatches:
    def check(batch: Any) -> Samples:
        return check_batch("validation_data", batch, model, None)

    _, units = dropout_of(model)
    if features_once or samples.is_dataset:
        return EvaluationBatches(features_of(base, samples, check), base.batch_size, units)
    return EvaluationBatches(samples, base.batch_size, units, base)


def _compiled_head(model: Any, optimizer: Any, steps_per_execution: int) -> Any:
    """Compile the model and its head with one optimizer, as both train the same variables."""
    compile_for_labels(model, optimizer=optimizer)
    return compile_for_labels(
        head_for_training(model),
        optimizer=model.optimizer,
        steps_per_execution=steps_per_execution,
    )


def _check_frozen_base(model: Any) -> None:
    head = {id(variable) for layer in head_layers(model) for variable in layer.variables}
    loose = [v.path for v in model.trainable_variables if id(v) not in head]
    if loose:
        raise ValueError(
            f"{len(loose)} variables of the base are trainable, such as {loose[0]!r}. The first "
            "phase trains only the head: freeze the base, or use kcore.models.fine_tune."
        )


def _print_saving(base: Base, head: float, epochs: int) -> None:
    say(
        f"The base ran once ({base.seconds:.1f} s) instead of {epochs} times, which saved about "
        f"{base.seconds * (epochs - 1):.1f} s; training the head took {head:.1f} s."
    )
