"""The second phase of training: the head and upper layers of the base, at a small learning rate."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from kcore._arguments import check_finite, check_fraction, check_integer, check_switch
from kcore._forks import check_not_forked
from kcore._layer_walk import walk
from kcore._targets import check_labels
from kcore.data import ImageBatches
from kcore.models._arguments import check_callbacks, check_images, shown
from kcore.models._compiling import compile_for_labels
from kcore.models._layer_choice import check_layer_choice, layer_path, named_layers
from kcore.models._trainable import check_trainable, print_phase
from kcore.models._transfer.head import head_layers
from kcore.models._transfer.training_data import (
    Samples,
    check_class_weight,
    check_sample_weight,
    check_samples,
    label_kind,
)
from kcore.training import fit
from kcore.training._fit_arguments import check_verbose, is_dataset

__all__ = ["fine_tune"]


def fine_tune(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    unfreeze_from: str | int | keras.Layer | None,
    learning_rate: float = 1e-5,
    train_batch_norm: bool = False,
    steps_per_execution: int = 1,
    epochs: int = 1,
    batch_size: int | None = None,
    validation_data: Any = None,
    validation_split: float = 0.0,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    shuffle: bool = True,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int = 1,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: bool | int | str = "auto",
    resume: str | os.PathLike[str] | None = None,
    every: int | None = None,
) -> keras.callbacks.History:
    """Train the head and the upper layers of the base at a small learning rate: the second phase.

    Unfreezes the base from a layer on, compiles the model with an optimizer of the same kind and
    the new learning rate, and fits it. BatchNormalization stays frozen, and so in inference mode:
    in small batches its statistics would drift away from what the layers after it have learned to
    expect.

    Args:
        model: the model that `kcore.models.transfer` returned, after its head was trained.
        x: images `(count, height, width, channels)` with values 0 to 255, or a dataset that
            `keras.Model.fit` takes, which may augment.
        y: integer labels `(count,)`, 0 or 1 for one sigmoid; leave it out if `x` is a dataset.
        unfreeze_from: the first layer that is trained: its name, `"model/layer"` for one inside a
            nested model; its index into `model.layers`, negative from the end; or the layer itself.
            All later layers are trained too, earlier ones are frozen. `None` continues with the
            model as it was compiled before; `learning_rate` is then not used.
        learning_rate: must be smaller than that of the first phase, so that what the base has
            learned is not lost.
        train_batch_norm: unfreeze BatchNormalization too. It then normalizes each batch by the
            batch's own statistics while training, and updates those that it keeps.
        steps_per_execution: batches per call into the backend.
        epochs: number of passes through the images, counted from epoch 0: with `initial_epoch`,
            training ends at this epoch, as in `keras.Model.fit`.
        batch_size: images per step; `None` is 32. Leave it out if `x` is a dataset.
        validation_data: `(images, labels)`, `(images, labels, weights)` or a dataset, to evaluate
            after each epoch.
        validation_split: the fraction of the images, the last ones, to evaluate on instead of
            training on them.
        sample_weight: `(count,)`, how much each image counts in the loss.
        class_weight: how much the images of a class count, `{class: weight}`.
        shuffle: whether Keras shuffles the images before each epoch.
        initial_epoch: index of the epoch to begin with.
        steps_per_epoch: steps that make an epoch; `None` is one pass through the images.
        validation_steps: steps to evaluate; `None` is one pass through the validation data.
        validation_batch_size: images per step of the evaluation; `None` is `batch_size`.
        validation_freq: number of epochs from one evaluation to the next.
        callbacks: callbacks of Keras.
        verbose: 0 prints nothing, 1 a progress bar, 2 a line for each epoch; `"auto"` is 1 in most
            cases.
        resume: directory from which this phase goes on after its process has ended, as in
            `kcore.training.fit`; `x` must be a dataset of `kcore`. `None` saves nothing.
        every: with `resume`, save after so many batches; `None` saves once a minute.

    Returns:
        The `keras.callbacks.History` of the training.

    Raises:
        RuntimeError: if `trainable` was changed since the model was compiled, or the model was
            never compiled.
        TypeError: if `unfreeze_from` is not a name, an index or a layer.
        ValueError: if the model has no such layer, the learning rate is not smaller than before, a
            label in `y` is not one of the classes, or an argument can't be combined with `resume`;
            with `resume`, also what `kcore.training.fit` raises.
    """
    check_not_forked("kcore.models.fine_tune")
    head_layers(model)
    check_trainable(model)
    unfreeze_from = check_layer_choice("unfreeze_from", unfreeze_from)
    train_batch_norm = check_switch("train_batch_norm", train_batch_norm)
    learning_rate = check_finite("learning_rate", learning_rate)
    steps_per_execution = check_integer("steps_per_execution", steps_per_execution)
    epochs = check_integer("epochs", epochs)
    callbacks = check_callbacks(callbacks)
    check_verbose(verbose)
    count = _check_data(model, x, y)
    _check_counts(
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        validation_steps=validation_steps,
        validation_batch_size=validation_batch_size,
    )
    _check_for_arrays(count, batch_size, validation_split, sample_weight)
    _check_validation_data(model, validation_data)
    class_weight = check_class_weight(class_weight, model)
    shuffle = check_switch("shuffle", shuffle)
    check_integer("initial_epoch", initial_epoch, minimum=0)
    check_integer("validation_freq", validation_freq)
    _check_resumable(resume, every, x, initial_epoch, steps_per_epoch)
    if not model.compiled:
        raise RuntimeError(
            "The model was never compiled: train the head first, with kcore.models.train_head."
        )
    if unfreeze_from is not None:
        first = layer_path("unfreeze_from", unfreeze_from, model)
        optimizer = _slower(model.optimizer, learning_rate)
        _unfreeze(model, first, train_batch_norm)
        compile_for_labels(model, optimizer=optimizer, steps_per_execution=steps_per_execution)
    print_phase("Phase 2, the head and upper layers of the base", model, verbose)
    options: dict[str, Any] = {
        "epochs": epochs,
        "validation_data": validation_data,
        "class_weight": class_weight,
        "validation_steps": validation_steps,
        "validation_batch_size": validation_batch_size,
        "validation_freq": validation_freq,
        "callbacks": callbacks,
        "verbose": verbose,
    }
    if resume is not None:
        return fit(model, x, resume=resume, every=every, **options)
    return model.fit(
        x,
        y,
        batch_size=batch_size,
        validation_split=validation_split,
        sample_weight=sample_weight,
        shuffle=shuffle,
        initial_epoch=initial_epoch,
        steps_per_epoch=steps_per_epoch,
        **options,
    )


def _check_data(model: Any, x: Any, y: Any) -> int | None:
    """Check images and labels, and return their number; None for a dataset."""
    if hasattr(x, "shape") or isinstance(x, (list, tuple)):
        images = check_images("x", x, model)
        labels = None if y is None else check_labels("y", y, *label_kind(model))
        if labels is None or len(labels) != len(images):
            raise ValueError(
                f"y must hold a label for each of the {len(images)} images of x, and "
                f"{'none' if labels is None else len(labels)} were given."
            )
        return len(images)
    _check_dataset("x", x, "images")
    if y is not None:
        raise ValueError("y must be left out if x is a dataset, which has its own labels.")
    return None


def _check_dataset(name: str, dataset: Any, otherwise: str) -> None:
    if not is_dataset(dataset):
        raise TypeError(f"{name}={shown(dataset)} must be {otherwise} or a dataset.")


def _check_counts(**counts: Any) -> None:
    for name, count in counts.items():
        if count is not None:
            check_integer(name, count)


def _check_resumable(
    resume: Any, every: Any, x: Any, initial_epoch: int, steps_per_epoch: int | None
) -> None:
    """Check what `resume` needs; `kcore.training.fit` checks the rest."""
    if resume is None:
        if every is not None:
            raise ValueError(f"every={every!r} is only for resume: give a directory there too.")
        return
    if not isinstance(x, ImageBatches):
        raise TypeError(
            f"x is of type {type(x).__name__}: with resume, give a dataset of kcore, such as "
            "kcore.data.from_arrays(x, y, seed=...) makes from arrays."
        )
    for name, value, default in (
        ("initial_epoch", initial_epoch, 0),
        ("steps_per_epoch", steps_per_epoch, None),
    ):
        if value != default:
            raise ValueError(
                f"{name}={value!r} can't be combined with resume, which knows where to go on and "
                "takes whole passes through the images: leave it out."
            )


def _check_for_arrays(
    count: int | None, batch_size: Any, validation_split: Any, sample_weight: Any
) -> None:
    """Check arguments that are only for arrays; `count` is None for a dataset."""
    check_fraction("validation_split", validation_split)
    if count is not None:
        if sample_weight is not None:
            check_sample_weight("x", sample_weight, count)
        return
    given = {
        "batch_size": batch_size is not None,
        "sample_weight": sample_weight is not None,
        "validation_split": validation_split != 0,
    }
    for name, is_given in given.items():
        if is_given:
            raise ValueError(
                f"{name} must be left out if x is a dataset, which has its own batches."
            )


def _check_validation_data(model: Any, data: Any) -> None:
    if data is None:
        return
    if isinstance(data, Iterator) and not isinstance(data, keras.utils.PyDataset):
        raise TypeError(
            f"validation_data={shown(data)} ends with the first epoch: give arrays or a dataset, "
            "which can be read in each."
        )
    if hasattr(data, "shape") or (isinstance(data, (tuple, list)) and len(data) not in (2, 3)):
        raise ValueError(
            "validation_data must be (images, labels), (images, labels, weights) or a dataset."
        )
    if isinstance(data, (tuple, list)):
        check_samples("validation_data", Samples(*data), model, None, once=False)
    else:
        _check_dataset("validation_data", data, "(images, labels), (images, labels, weights)")


def _unfreeze(model: Any, path: str, train_batch_norm: bool) -> None:
    layers = list(named_layers(model))
    names = [known for known, _ in layers]
    first = names.index(path)
    after = names[first:]
    for known, layer in layers:
        # A model holds its layers; it must be trainable if any of them is.
        holds_one = any(inner.startswith(f"{known}/") for inner in after)
        _set_trainable(layer, known in after or holds_one)
    for _, layer in layers[:first]:
        if not isinstance(layer, keras.Model):
            _set_trainable(layer, False)
    if not train_batch_norm:
        for layer, _ in walk(model):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


def _set_trainable(layer: Any, value: bool) -> None:
    """Set a layer and all layers inside it, even if the layer has the value already.

    On TensorFlow, setting an attribute to the value that it has does nothing, so the layers inside
    would not be set.
    """
    layer.trainable = value
    for inner, _ in walk(layer):
        inner.trainable = value


def _slower(optimizer: Any, learning_rate: float) -> Any:
    """Make an optimizer of the same kind with a smaller learning rate."""
    before = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    if not 0 < learning_rate < before:
        raise ValueError(
            f"learning_rate={learning_rate!r} must be above 0 and smaller than that of the first "
            f"phase, {before:g}: larger steps would spoil what the base has learned."
        )
    return _with_rate(optimizer, learning_rate)


def _with_rate(optimizer: Any, rate: float) -> Any:
    """Copy an optimizer and those that it wraps; the innermost one has the learning rate."""
    config = optimizer.get_config()
    if hasattr(optimizer, "inner_optimizer"):
        inner = _with_rate(optimizer.inner_optimizer, rate)
        config["inner_optimizer"] = keras.saving.serialize_keras_object(inner)
    else:
        config["learning_rate"] = rate
    return type(optimizer).from_config(config)
