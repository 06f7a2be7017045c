"""A trained network, cut at a layer and frozen, under a small new head."""

from collections.abc import Sequence
from typing import Any

import keras

from kcore._arguments import check_choice, check_fraction, check_seed
from kcore.models._arguments import check_layer_name, check_units
from kcore.models._class_names import set_labels
from kcore.models._first_weights import seed_weights
from kcore.models._transfer.base import make_base, wire
from kcore.models._transfer.head import add_head

__all__ = ["transfer"]


def transfer(
    base: Any,
    cut_at: str | None = "mixed7",
    classes: int = 1,
    weights: Any = None,
    *,
    input_shape: Sequence[int] | None = None,
    preprocessing: Any = None,
    pooling: str = "flatten",
    hidden_units: int = 1024,
    dropout: float = 0.2,
    labels: Sequence[str] | None = None,
    seed: int | None = None,
) -> Any:
    """Cut a trained network at a layer, freeze it, and set a new classifier on top.

    The network is copied: a model given as `base` stays as it is. What it expects of its images is
    built in, so the new model takes raw ones. Layers of Keras in the base don't act at random:
    dropout, also that of attention and recurrent layers, and noise are copied with a rate of 0, and
    `Identity` stands in for layers that augment. Of layers of other origin, those that are random
    by an argument with a usual name (`rate`, `drop_prob`, ...) are set to 0 too; a warning names
    the others that draw random numbers. Frozen BatchNormalization works in inference mode, with the
    statistics that it came with.

    All is made of layers and operations of Keras, in one flat graph that keeps the base's layer
    names; a saved model loads in plain Keras without kcore.

    Args:
        base: a model of `keras.applications`, its function or its name, such as `"InceptionV3"`,
            which is built without its top; or a functional or sequential `keras.Model`.
        cut_at: the name of the layer whose output feeds the head, "model/layer" for one inside of
            a nested model; `None` for all of the base.
        classes: 1 gives one sigmoid output, the probability of class 1; more give a softmax.
        weights: `None` for random ones, or those that a `keras.Model` has; `"imagenet"`, which
            Keras downloads; or the path of a file, see `kcore.models.load_weights`.
        input_shape: `(height, width, channels)`, without the batch axis. Only a `keras.Model` that
            knows its own can do without.
        preprocessing: what the base expects. `None` is for `keras.applications`, whose own is
            taken. A `keras.Model` needs one of `"raw"` (0 to 255), `"unit"` (0 to 1), `"tf"`,
            `"caffe"` or `"torch"` (see `kcore.preprocess`), or a Keras layer.
        pooling: `"flatten"` gives the head every value, `"avg"` the mean of each channel, which may
            be written `"average"` too.
        hidden_units: width of the head's hidden layer, with ReLU.
        dropout: fraction of the hidden units that are dropped in training, 0 <= dropout < 1.
        labels: the names of the classes, two for one sigmoid output, else as many as `classes`;
            `kcore.models.classify` shows them.
        seed: makes the first weights the same on every backend: of the head, and of a base of
            `keras.applications` with random weights. `None` leaves them to Keras.

    Returns:
        A functional `keras.Model`, not compiled, that maps images `(batch, height, width,
        channels)` with values 0 to 255 to probabilities `(batch, classes)`. The names of the
        head's layers begin with `head_`; only they are trainable.

    Raises:
        ValueError: if an argument is out of range, the images are too small for the base, or the
            base has no layer `cut_at`; the message says the least size, or near names. Also if
            layers of the base have their channels first, or `cut_at=None` leaves several outputs.
        TypeError: if `base` is no such model.
        FileNotFoundError: if `weights` is a file that isn't there.
        WeightsFileError: if the file's weights are not those of the base.

    Example:
        >>> import kcore
        >>> trained = kcore.models.cnn((28, 28, 1), seed=1)
        >>> model = kcore.models.transfer(
        ...     trained, trained.layers[-3].name, classes=5, preprocessing="unit", hidden_units=8
        ... )
        >>> model.input_shape, model.output_shape, len(model.trainable_variables)
        ((None, 28, 28, 1), (None, 5), 4)
    """
    classes = check_units("classes", classes)
    hidden_units = check_units("hidden_units", hidden_units)
    dropout = check_fraction("dropout", dropout)
    cut_at = check_layer_name("cut_at", cut_at)
    check_choice("pooling", pooling, ("flatten", "avg", "average"))
    seed = check_seed(seed)
    network, shape, mode = make_base(base, weights, input_shape, preprocessing)
    copy = wire(network, cut_at, shape, mode)
    outputs = add_head(copy.output, classes, pooling, hidden_units, dropout)
    model = keras.Model(copy.input, outputs, name="transfer")
    if labels is not None:
        set_labels(model, labels)
    if weights is None and not isinstance(base, keras.Model):
        seed_weights(model, seed)
        return _freeze(copy, model)
    return seed_weights(_freeze(copy, model), seed)


def _freeze(base: Any, model: Any) -> Any:
    for layer in base.layers:
        layer.trainable = False
    return model
