"""The second phase of training: the head and upper layers of the base, with a small rate."""

from collections.abc import Iterable
from typing import Any

import keras

from kcore._arguments import check_finite, check_integer, check_switch
from kcore._forks import check_not_forked
from kcore._targets import check_labels
from kcore.models._arguments import check_images, check_layer_name, check_verbose, shown
from kcore.models._compiling import compile_for_labels
from kcore.models._layers import walk
from kcore.models._trainable import check_trainable, print_phase
from kcore.models._transfer.applications import near_names
from kcore.models._transfer.cutting import named_layers
from kcore.models._transfer.head import head_layers
from kcore.models._transfer.training_data import label_kind

__all__ = ["fine_tune"]


def fine_tune(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    unfreeze_from: str | None,
    learning_rate: float = 1e-5,
    train_batch_norm: bool = False,
    steps_per_execution: int = 1,
    verbose: Any = "auto",
    **fit_arguments: Any,
) -> Any:
    """Train the head and the upper layers of the base with a small rate: the second phase.

    Unfreezes the base from a layer on, compiles the model with an optimizer of the same kind and
    the new rate, and fits it. BatchNormalization stays frozen, and so in inference mode: in small
    batches its statistics would drift away from what the layers after it have learned to expect.

    Args:
        model: what `kcore.models.transfer` returned, its head trained before.
        x: as in `keras.Model.fit`: images with values 0 to 255, or a dataset, which may augment.
        y: integer labels `(count,)`, 0 or 1 for one sigmoid; left out where `x` is a dataset.
        unfreeze_from: the name of the first layer that is trained, in the order of `model.layers`,
            "model/layer" for one inside of a nested model; all later ones are trained too, earlier
            ones frozen. `None` goes on with a model that was compiled before, as it is; then
            `learning_rate` is not used.
        learning_rate: must be smaller than that of the first phase, so that what the base has
            learned is not lost.
        train_batch_norm: unfreeze BatchNormalization too. It then normalizes each batch by the
            batch's own statistics while training, and updates those that it keeps.
        steps_per_execution: batches per call into the backend.
        verbose: as in `keras.Model.fit`. With 0 nothing is printed.
        **fit_arguments: the other arguments of `keras.Model.fit`, such as `epochs`, `batch_size`,
            `validation_data` and `callbacks`.

    Returns:
        The `keras.callbacks.History` of the training.

    Raises:
        RuntimeError: if `trainable` was changed since the model was compiled, or the model was
            never compiled.
        ValueError: if there is no such layer, the rate is not smaller than before, or labels in
            `y` are none of the classes.
    """
    check_not_forked("kcore.models.fine_tune")
    head_layers(model)
    check_trainable(model)
    unfreeze_from = check_layer_name("unfreeze_from", unfreeze_from)
    train_batch_norm = check_switch("train_batch_norm", train_batch_norm)
    learning_rate = check_finite("learning_rate", learning_rate)
    steps_per_execution = check_integer("steps_per_execution", steps_per_execution)
    check_integer("epochs", fit_arguments.get("epochs", 1))
    check_verbose(verbose)
    _check_data(model, x, y)
    if not model.compiled:
        raise RuntimeError(
            "The model was never compiled: train the head first, with kcore.models.train_head."
        )
    if unfreeze_from is not None:
        optimizer = _slower(model.optimizer, learning_rate)
        _unfreeze(model, unfreeze_from, train_batch_norm)
        compile_for_labels(model, optimizer=optimizer, steps_per_execution=steps_per_execution)
    print_phase("Phase 2, the head and upper layers of the base", model, verbose)
    return model.fit(x, y, verbose=verbose, **fit_arguments)


def _check_data(model: Any, x: Any, y: Any) -> None:
    if hasattr(x, "shape") or isinstance(x, (list, tuple)):
        images = check_images("x", x, model)
        labels = None if y is None else check_labels("y", y, *label_kind(model))
        if labels is None or len(labels) != len(images):
            raise ValueError(
                f"y must hold a label for each of the {len(images)} images of x, and "
                f"{'none' if labels is None else len(labels)} were given."
            )
    elif not isinstance(x, (keras.utils.PyDataset, Iterable)) or isinstance(x, (str, bytes)):
        raise TypeError(f"x={shown(x)} must be images or a dataset.")
    elif y is not None:
        raise ValueError("y must be left out where x is a dataset, which brings its labels along.")


def _unfreeze(model: Any, name: str, train_batch_norm: bool) -> None:
    layers = list(named_layers(model))
    names = [path for path, _ in layers]
    if name not in names:
        raise ValueError(
            f"unfreeze_from={name!r}: the model has no such layer.{near_names(name, names)}"
        )
    first = names.index(name)
    after = names[first:]
    for path, layer in layers:
        # A model holds its layers; it must be trainable where any of them is.
        holds_one = any(inner.startswith(f"{path}/") for inner in after)
        _set_trainable(layer, path in after or holds_one)
    for _, layer in layers[:first]:
        if not isinstance(layer, keras.Model):
            _set_trainable(layer, False)
    if not train_batch_norm:
        for layer, _ in walk(model):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


def _set_trainable(layer: Any, value: bool) -> None:
    """Set a layer and all below it, also where the layer itself is as it was.

    On TensorFlow an attribute that is set to what it was is not set, and so not handed on.
    """
    layer.trainable = value
    for inner, _ in walk(layer):
        inner.trainable = value


def _slower(optimizer: Any, learning_rate: float) -> Any:
    """Make an optimizer of the same kind with a smaller rate."""
    before = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    if not 0 < learning_rate < before:
        raise ValueError(
            f"learning_rate={learning_rate!r} must be above 0 and smaller than that of the first "
            f"phase, {before:g}: larger steps would spoil what the base has learned."
        )
    return _with_rate(optimizer, learning_rate)


def _with_rate(optimizer: Any, rate: float) -> Any:
    """Copy an optimizer, and those that it wraps: the innermost has the rate."""
    config = optimizer.get_config()
    if hasattr(optimizer, "inner_optimizer"):
        inner = _with_rate(optimizer.inner_optimizer, rate)
        config["inner_optimizer"] = keras.saving.serialize_keras_object(inner)
    else:
        config["learning_rate"] = rate
    return type(optimizer).from_config(config)
