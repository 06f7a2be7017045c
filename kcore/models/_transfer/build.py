"""Put a small new head on a trained network that is cut at a layer and frozen."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import keras

from kcore._arguments import check_choice, check_fraction, check_seed
from kcore.models._arguments import check_units
from kcore.models._class_names import set_class_names
from kcore.models._initial_weights import seed_weights
from kcore.models._layer_choice import check_layer_choice, layer_path
from kcore.models._transfer.base import make_base, wire
from kcore.models._transfer.head import add_head

__all__ = ["transfer"]


def transfer(
    base: keras.Model | str | Callable[..., keras.Model],
    cut_at: str | int | keras.Layer | None = None,
    classes: int = 1,
    weights: str | os.PathLike[str] | None = None,
    *,
    input_shape: Sequence[int] | None = None,
    preprocessing: str | keras.Layer | None = None,
    pooling: str = "flatten",
    hidden_units: int = 1024,
    dropout: float = 0.2,
    class_names: Sequence[str] | None = None,
    seed: int | None = None,
) -> keras.Model:
    """Cut a trained network at a layer, freeze it, and put a new classifier on top.

    The network is copied: a model given as `base` is not changed. The preprocessing that it expects
    is built in, so the new model takes raw images. Keras's layers in the base don't act at random:
    noise and dropout, including that of attention and recurrent layers, are copied with a rate of
    0, and layers that augment are replaced by `Identity`. For other layers whose randomness is set
    by an argument with a usual name (`rate`, `drop_prob`, ...), that argument becomes 0 too; a
    warning names all others that draw random numbers. Frozen BatchNormalization works in inference
    mode, with the statistics of the base.

    The model consists only of layers and operations of Keras, in one flat graph that keeps the
    names of the base's layers; when saved, it loads in plain Keras without kcore.

    Args:
        base: a model of `keras.applications`, given as its function or its name, such as
            `"InceptionV3"`, which is built without its classifier; or a functional or sequential
            `keras.Model`.
        cut_at: the layer whose output feeds the head: its name, `"model/layer"` for one inside a
            nested model; its index into `base.layers`, negative from the end; or the layer itself.
            `None` takes the output of the base, which must not be that of a classifier.
        classes: 1 gives one sigmoid output, the probability of class 1; more give a softmax.
        weights: `None` for random weights, or for those that a `keras.Model` has; `"imagenet"`,
            which Keras downloads; or the path of a file in any format that Keras has written:
            `.keras`, `.weights.h5`, or HDF5 of Keras 1 or 2 (`.h5`).
        input_shape: `(height, width, channels)`, without the batch axis. Needed unless `base` is a
            `keras.Model` whose input has a known size.
        preprocessing: the images that the base expects. `None` is for models of
            `keras.applications`, for which kcore knows it. A `keras.Model` needs one of `"raw"` (0
            to 255), `"unit"` (0 to 1), `"tf"` (-1 to 1), `"caffe"` (BGR minus the ImageNet means)
            or `"torch"` (0 to 1, standardized by the ImageNet means and deviations), or a Keras
            layer that computes them from raw images.
        pooling: `"flatten"` gives the head every value, `"avg"` (or `"average"`) the mean of each
            channel.
        hidden_units: width of the head's hidden layer, with ReLU.
        dropout: fraction of the hidden units that are dropped in training, 0 <= dropout < 1.
        class_names: the names of the classes, two for one sigmoid output, else as many as
            `classes`; `kcore.models.classify` shows them.
        seed: integer, 0 <= seed < 2**64, which makes the same on every backend: the initial weights
            of the head, those of a base of `keras.applications` with random weights, and the
            dropout masks of the head. `None` leaves the weights to Keras and draws a seed for the
            masks. A loaded model has Keras's own dropout; `kcore.layers.reproducible` puts kcore's
            layer back.

    Returns:
        A functional `keras.Model`, not compiled, that maps images `(batch, height, width,
        channels)` with values 0 to 255 to probabilities `(batch, classes)`. The names of the
        head's layers begin with `head_`; only they are trainable.

    Raises:
        ValueError: if an argument is out of range, the images are too small for the base, or the
            base has no layer `cut_at`; the message gives the smallest size, or similar names. Also
            if layers of the base use "channels_first", or if `cut_at` is `None` and the base has
            several outputs or ends in a classifier.
        TypeError: if `base` is not such a model, or `cut_at` is not a name, an index or a layer.
        FileNotFoundError: if `weights` is a file that doesn't exist.
        WeightsFileError: if the weights in the file are not those of the base.

    Example:
        >>> import kcore
        >>> trained = kcore.models.cnn((28, 28, 1), seed=1)
        >>> model = kcore.models.transfer(
        ...     trained, "pool_2", classes=5, preprocessing="unit", hidden_units=8
        ... )
        >>> model.input_shape, model.output_shape, len(model.trainable_variables)
        ((None, 28, 28, 1), (None, 5), 4)
    """
    classes = check_units("classes", classes)
    hidden_units = check_units("hidden_units", hidden_units)
    dropout = check_fraction("dropout", dropout)
    cut_at = check_layer_choice("cut_at", cut_at)
    check_choice("pooling", pooling, ("flatten", "avg", "average"))
    seed = check_seed(seed)
    network, shape, mode = make_base(base, weights, input_shape, preprocessing)
    is_model = isinstance(base, keras.Model)
    path = None if cut_at is None else layer_path("cut_at", cut_at, base if is_model else network)
    copy = wire(network, path, shape, mode)
    outputs = add_head(copy.output, classes, pooling, hidden_units, dropout, seed)
    model = keras.Model(copy.input, outputs, name="transfer")
    if class_names is not None:
        set_class_names(model, class_names)
    if weights is None and not is_model:
        seed_weights(model, seed)
        return _freeze(copy, model)
    return seed_weights(_freeze(copy, model), seed)


def _freeze(base: Any, model: Any) -> Any:
    for layer in base.layers:
        layer.trainable = False
    return model
