"""Classifiers made of fully connected layers only."""

from collections.abc import Sequence
from typing import Any

import keras

from kcore import layers
from kcore._arguments import check_fraction, check_integers, check_seed, check_shape
from kcore.layers._reproducible import layer_seed
from kcore.models._arguments import check_dtype, check_units
from kcore.models._image_range import rescaling
from kcore.models._initial_weights import seed_weights

__all__ = ["SubclassedMLP", "functional_mlp", "mlp", "subclassed_mlp"]


def mlp(
    input_shape: Sequence[int] = (28, 28),
    classes: int = 10,
    *,
    hidden_units: int = 128,
    rescale: float | None = None,
    seed: int | None = None,
) -> keras.Sequential:
    """Build the Fashion-MNIST MLP: Flatten, a hidden ReLU layer, softmax.

    Args:
        input_shape: `(height, width)` of one gray image, without the batch axis.
        classes: number of classes, at least 2.
        hidden_units: width of the hidden layer.
        rescale: factor by which the model first multiplies images, in a layer of its own. With
            `1 / 255`, it takes raw images, such as those of `kcore.data`. `None` adds no such
            layer.
        seed: makes the initial weights the same on every backend, 0 <= seed < 2**64; `None` leaves
            them to Keras.

    Returns:
        A `keras.Sequential` that maps images `(batch, height, width)`, scaled to 0..1 or raw with
        `rescale=1 / 255`, to probabilities `(batch, classes)`. Its layers are `flatten`, `hidden`
        and `predictions`.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> import kcore
        >>> kcore.models.mlp().output_shape
        (None, 10)
    """
    shape = check_shape(input_shape, ("height", "width"))
    classes = check_units("classes", classes, minimum=2)
    hidden_units = check_units("hidden_units", hidden_units)
    model = keras.Sequential(
        [
            keras.Input(shape, name="images"),
            *rescaling(rescale),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(hidden_units, activation="relu", name="hidden"),
            keras.layers.Dense(classes, activation="softmax", name="predictions"),
        ],
        name="mlp",
    )
    return seed_weights(model, seed)


def functional_mlp(
    input_shape: Sequence[int] = (784,),
    classes: int = 10,
    *,
    hidden_units: Sequence[int] = (64, 64),
    rescale: float | None = None,
    seed: int | None = None,
) -> keras.Model:
    """Build the 784-64-64-10 classifier with the functional API and named layers.

    Args:
        input_shape: `(features,)` of one flattened image, without the batch axis.
        classes: number of classes, at least 2.
        hidden_units: width of each hidden layer, from the first to the last.
        rescale: factor by which the model first multiplies images, in a layer of its own. With
            `1 / 255`, it takes raw images, such as those of `kcore.data`. `None` adds no such
            layer.
        seed: makes the initial weights the same on every backend, 0 <= seed < 2**64; `None` leaves
            them to Keras.

    Returns:
        A functional `keras.Model` that maps images `(batch, features)`, scaled to 0..1 or raw with
        `rescale=1 / 255`, to probabilities `(batch, classes)`. Its input is named `digits`, its
        layers `dense_1`, `dense_2`, … and `predictions`.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> import kcore
        >>> [layer.name for layer in kcore.models.functional_mlp().layers]
        ['digits', 'dense_1', 'dense_2', 'predictions']
    """
    inputs = keras.Input(check_shape(input_shape, ("features",)), name="digits")
    classes = check_units("classes", classes, minimum=2)
    x = inputs
    for layer in rescaling(rescale):
        x = layer(x)
    for number, units in enumerate(check_integers("hidden_units", hidden_units), start=1):
        check_units(f"hidden_units[{number - 1}]", units)
        x = keras.layers.Dense(units, activation="relu", name=f"dense_{number}")(x)
    outputs = keras.layers.Dense(classes, activation="softmax", name="predictions")(x)
    return seed_weights(keras.Model(inputs, outputs, name="functional_mlp"), seed)


@keras.saving.register_keras_serializable(package="kcore")
class SubclassedMLP(keras.Model):
    """A subclassed classifier: a hidden ReLU layer, dropout while training, softmax.

    Maps `(batch, features)` to probabilities `(batch, classes)`. `call` takes `training`, which
    switches dropout on; `fit` passes `True`, `evaluate` and `predict` pass `False`.

    To load a saved model of this class with `keras.saving.load_model`, import `kcore.models` first.

    Args:
        classes: number of classes, at least 2.
        hidden_units: width of the hidden layer.
        dropout: fraction of the hidden units that are dropped in training, 0 <= dropout < 1.
        dropout_seed: seed of the dropout masks, the same on every backend, 0 <= seed < 2**64;
            `None` draws one.
        name: name of the model; `None` leaves it to Keras.
        trainable: whether the weights are trained.
        dtype: dtype or dtype policy of the layers; `None` takes Keras's setting.

    Raises:
        ValueError: if an argument is out of range.
    """

    def __init__(
        self,
        classes: int = 5,
        *,
        hidden_units: int = 4,
        dropout: float = 0.5,
        dropout_seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, trainable=trainable, dtype=check_dtype(dtype))
        self.classes = check_units("classes", classes, minimum=2)
        self.hidden_units = check_units("hidden_units", hidden_units)
        self.dropout_fraction = check_fraction("dropout", dropout)
        self.dropout_seed = check_seed(dropout_seed, "dropout_seed")
        self.hidden = keras.layers.Dense(self.hidden_units, activation="relu", name="hidden")
        self.dropout = layers.Dropout(
            self.dropout_fraction, seed=_seed_of_masks(self.dropout_seed), name="dropout"
        )
        self.predictions = keras.layers.Dense(
            self.classes, activation="softmax", name="predictions"
        )

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights for inputs of shape `(batch, features)`."""
        hidden_shape = (*input_shape[:-1], self.hidden_units)
        self.hidden.build(input_shape)
        self.dropout.build(hidden_shape)
        self.predictions.build(hidden_shape)
        super().build(input_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Classify `inputs` of shape `(batch, features)`; drop hidden units while training."""
        hidden = self.dropout(self.hidden(inputs), training=training)
        return self.predictions(hidden)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, so that the model can be saved and loaded."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "hidden_units": self.hidden_units,
            "dropout": self.dropout_fraction,
            "dropout_seed": self.dropout_seed,
        }


def _seed_of_masks(seed: int | None) -> int | None:
    return None if seed is None else layer_seed(seed, "dropout")


def subclassed_mlp(
    input_shape: Sequence[int] = (784,),
    classes: int = 5,
    *,
    hidden_units: int = 4,
    dropout: float = 0.5,
    seed: int | None = None,
) -> SubclassedMLP:
    """Build a `SubclassedMLP` with its weights already made.

    Args:
        input_shape: `(features,)`, without the batch axis.
        classes: number of classes, at least 2.
        hidden_units: width of the hidden layer.
        dropout: fraction of the hidden units that are dropped in training, 0 <= dropout < 1.
        seed: makes the initial weights the same on every backend, and seeds the dropout masks,
            0 <= seed < 2**64; `None` leaves both to Keras.

    Returns:
        A built `SubclassedMLP` that maps `(batch, features)` to probabilities `(batch, classes)`.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> import kcore
        >>> kcore.models.subclassed_mlp((8,), seed=0).count_params()
        61
    """
    shape = check_shape(input_shape, ("features",))
    seed = check_seed(seed)
    model = SubclassedMLP(
        classes,
        hidden_units=hidden_units,
        dropout=dropout,
        dropout_seed=seed,
        name="subclassed_mlp",
    )
    model.build((None, *shape))
    return seed_weights(model, seed)
