"""Draw new initial weights for a built model, each variable from its own key."""

from collections.abc import Callable
from typing import Any, TypeVar

import keras
import numpy as np

from kcore import random
from kcore._arguments import check_instance
from kcore.initializers import _initializers
from kcore.initializers._paths import owners, seed_generators, variable_paths
from kcore.random._path_keys import key_of_path

__all__ = ["reinitialize"]

Model = TypeVar("Model", bound=keras.Model)

_OURS: dict[type, Any] = {
    getattr(keras.initializers, name): getattr(_initializers, name)
    for name in _initializers.__all__
    if name != "Drawn"
}
_CONSTANT = (
    keras.initializers.Constant,
    keras.initializers.Identity,
    keras.initializers.Ones,
    keras.initializers.Zeros,
)
# Variables of Keras's layers without such an attribute, with the initializers that Keras uses.
_UNNAMED = {
    (keras.layers.AdditiveAttention, "scale"): keras.initializers.GlorotUniform(),
    (keras.layers.Attention, "scale"): keras.initializers.Ones(),
    (keras.layers.RMSNormalization, "scale"): keras.initializers.Ones(),
    (keras.layers.SpectralNormalization, "vector_u"): keras.initializers.TruncatedNormal(
        stddev=0.02
    ),
}


def reinitialize(model: Model, seed: int) -> Model:
    """Draw new initial weights for a built model, the same floats on every backend.

    Each variable is drawn with the initializer of its layer, such as `kernel_initializer`. For an
    initializer of Keras, the one of the same name in `kcore.initializers` is used, with the same
    parameters. The key follows from `seed` and the variable's path, in which the numbers that Keras
    appends to names are counted anew. So adding a layer elsewhere doesn't change the weights of the
    others, unless it shifts these numbers: give the layers names that don't end in a number.

    Biases, scales and moving statistics get their initial values. The seed generators of layers for
    dropout and augmentation are seeded by their paths. The statistics of a `Normalization`, which
    come from data, are kept. The state of an optimizer is kept too, so compile the model
    afterwards.

    Args:
        model: a built `keras.Model` of any kind. Its weights are overwritten.
        seed: an integer, 0 <= seed < 2**64.

    Returns:
        `model` itself.

    Raises:
        TypeError: if `model` is not a `keras.Model`.
        ValueError: if `seed` is out of range or not an integer, the model is not built or is
            quantized, or an initializer of a layer is unknown. The model is then unchanged.

    Example:
        >>> import keras, kcore
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> _ = kcore.initializers.reinitialize(model, seed=7)
    """
    check_instance("model", model, keras.Model)
    random.key(seed)
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} is not built, so it has no weights yet: call it on a batch "
            "first."
        )
    paths = variable_paths(model)
    planned = [
        (variable, _values_of(layer, variable), paths[key])
        for key, (layer, _, variable) in owners(model).items()
        if not isinstance(layer, keras.layers.Normalization)
    ]
    for variable, values, path in planned:
        variable.assign(values(key_of_path(seed, path), tuple(variable.shape)))
    seed_generators(model, seed)
    return model


def _values_of(layer: Any, variable: Any) -> Callable[[Any, tuple[int, ...]], Any]:
    """Return a function that computes the initial values of a variable from a key and a shape."""
    name = variable.name
    given = {attribute: getattr(layer, attribute, None) for attribute in _attributes(name)}
    given["initializer"] = _UNNAMED.get((type(layer), name))
    for attribute, initializer in given.items():
        if initializer is not None:
            _check_dtype(layer, variable, initializer)
            values = _drawing(layer, attribute, initializer)
            if name == "bias" and getattr(layer, "unit_forget_bias", False):
                return _with_forget_gate_open(values)
            return values
    raise ValueError(
        f"The layer {layer.name!r} of class {type(layer).__name__} has a variable {name!r} but no "
        f"attribute {_attributes(name)[0]!r}, so its distribution is unknown: set this attribute "
        "to an initializer."
    )


def _check_dtype(layer: Any, variable: Any, initializer: Any) -> None:
    dtype = keras.backend.standardize_dtype(variable.dtype)
    if "float" not in dtype and type(initializer) not in _CONSTANT:
        raise ValueError(
            f"The layer {layer.name!r} has a variable {variable.name!r} of dtype={dtype!r}, which "
            "can't hold random numbers: reinitialize the model before you quantize it."
        )


def _attributes(name: str) -> list[str]:
    if name == "kernel":
        return ["kernel_initializer", "depthwise_initializer"]
    return [f"{name}_initializer", f"{name.removesuffix('_kernel')}_initializer"]


def _drawing(layer: Any, attribute: str, initializer: Any) -> Callable[[Any, tuple[int, ...]], Any]:
    if isinstance(initializer, _initializers.Drawn):
        return initializer._draw
    if type(initializer) in _OURS:
        options = {**initializer.get_config(), "seed": 0}  # `_draw` doesn't use the seed
        drawn: _initializers.Drawn = _OURS[type(initializer)].from_config(options)
        return drawn._draw
    if type(initializer) in _CONSTANT:
        return lambda key, shape: initializer(shape, "float32")
    known = getattr(initializer, "__name__", type(initializer).__name__)
    raise ValueError(
        f"The layer {layer.name!r} has {attribute}={known}, which can't draw from a key: set "
        f"layer.{attribute} to one of kcore.initializers, or a constant one of "
        "keras.initializers."
    )


def _with_forget_gate_open(
    values: Callable[[Any, tuple[int, ...]], Any],
) -> Callable[[Any, tuple[int, ...]], Any]:
    """Return the biases of an LSTM: 1 for the forget gate, the second of four, as in Keras."""

    def opened(key: Any, shape: tuple[int, ...]) -> Any:
        found = np.array(keras.ops.convert_to_numpy(values(key, shape)))
        units = shape[-1] // 4
        found[..., units : 2 * units] = 1
        return found

    return opened
