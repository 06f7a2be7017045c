"""Copy layers so that they don't act at random in training."""

import inspect
from typing import Any

import keras

from kcore._warning import warn
from kcore.initializers._layers import walk

__all__ = ["acts_in_training_only", "warn_of_randomness", "without_randomness"]

# Names of arguments that set how random a layer is.
_STRENGTHS = frozenset(
    {"rate", "stddev", "drop_path_rate", "drop_rate", "drop_prob", "dropout", "recurrent_dropout"}
)
# Layers that change images in training, and do nothing in inference.
_AUGMENTING = tuple(
    member
    for name, member in vars(keras.layers).items()
    if name != "RandomCrop"
    and (name.startswith("Random") or name in ("AugMix", "CutMix", "MixUp", "RandAugment"))
)
# Layers that do the same to the values between layers.
_DROPPING = (
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
)


def acts_in_training_only(layer: Any) -> bool:
    """Tell whether a layer of Keras acts at random in training, and does nothing in inference."""
    return isinstance(layer, (*_AUGMENTING, *_DROPPING))


def without_randomness(layer: Any) -> Any:
    """Copy a layer without its randomness: rates of zero, and `Identity` for augmentation.

    Calling it with `training=False` would not help: `fit` overrides that in every layer of a
    functional model.

    Raises:
        ValueError: if it is a `RandomCrop`, which gives another size in inference too.
    """
    if isinstance(layer, keras.layers.RandomCrop):
        raise ValueError(
            f"The base has the layer {layer.name!r}, a RandomCrop, which can't be kept from acting "
            "at random: give a base without it, and crop the images before."
        )
    if isinstance(layer, _AUGMENTING):
        return keras.layers.Identity(name=layer.name, dtype=layer.dtype_policy)
    if isinstance(layer, keras.layers.Pipeline):
        return keras.layers.Pipeline(list(map(without_randomness, layer.layers)), name=layer.name)
    config = layer.get_config()
    takes_training = "training" in inspect.signature(layer.call).parameters
    if _is_random(layer) or (takes_training and not layer.weights):
        strengths = config.keys() & _STRENGTHS
        config.update({name: 0.0 for name in strengths if isinstance(config[name], (int, float))})
    return type(layer).from_config(config)


def warn_of_randomness(model: Any, base_name: str) -> None:
    """Warn of layers that still draw random numbers, such as a user's own layers."""
    left = [
        f"{'/'.join(path)!r} ({type(layer).__name__})"
        for layer, path in walk(model)
        if _draws(layer) and not _is_of_keras(layer) and not _is_turned_off(layer)
    ]
    if left:
        warn(
            f"base={base_name!r} has layers that may act at random in training although it is "
            f"frozen: {', '.join(left[:5])}{', ...' if len(left) > 5 else ''}. Features that are "
            "computed once are those of inference."
        )


def _is_random(layer: Any) -> bool:
    return _draws(layer) or any(_draws(inner) for inner, _ in walk(layer))


def _draws(layer: Any) -> bool:
    return any(isinstance(value, keras.random.SeedGenerator) for value in vars(layer).values())


def _is_of_keras(layer: Any) -> bool:
    """Tell whether a layer is of Keras, so that its arguments are known."""
    return type(layer).__module__.split(".")[0] == "keras"


def _is_turned_off(layer: Any) -> bool:
    try:
        config = layer.get_config()
    except NotImplementedError:
        return False
    strengths = [config[name] for name in config.keys() & _STRENGTHS]
    return bool(strengths) and not any(strengths)
