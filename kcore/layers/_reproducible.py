"""Replace the layers of a model that draw random numbers by reproducible ones."""

from collections.abc import Iterator
from typing import Any, TypeVar

import keras

from kcore import random
from kcore._arguments import check_instance
from kcore._layer_walk import walk
from kcore._warning import warn
from kcore.layers import _dropout, _noise
from kcore.layers._copying import Entry, Visit, check_made_of_layers, copied, visited
from kcore.layers._randomness import draws, is_turned_off
from kcore.random._path_keys import key_of_path, renumbered

__all__ = ["layer_seed", "reproducible"]

Model = TypeVar("Model", bound=keras.Model)
_LAYERS = {name: getattr(module, name) for module in (_dropout, _noise) for name in module.__all__}


def reproducible(model: Model, seed: int) -> Model:
    """Copy a model with kcore's dropout and noise layers in place of Keras's.

    Each layer gets its own seed, which follows from `seed` and the layer's path, such as
    "encoder/dropout_1". The numbers at the end of names are counted anew in each model, so building
    a model twice in a session gives the same seeds. Adding a layer elsewhere changes no seed,
    unless it shifts these numbers: give the layers names that don't end in a number.

    If the copy still has layers whose random numbers differ between backends, such as `RandomFlip`
    or an `LSTM` with dropout, a warning lists their paths and classes.

    Args:
        model: a `keras.Sequential` or functional model, which may contain other models, wrappers
            and shared layers. It is not changed.
        seed: integer, 0 <= seed < 2**64. Layers of kcore that the model already has get seeds from
            it too.

    Returns:
        A model of the same class, with the same layers, names, weights and class names. If `model`
        is compiled, the copy is compiled with the same arguments; its optimizer starts from
        scratch.

    Raises:
        TypeError: if `model` is not a `keras.Model`.
        ValueError: if `seed` is out of range; if the model is subclassed, so that Keras can't copy
            it layer by layer; or if the copy has other weights, for instance because two inner
            models share a layer.

    Example:
        >>> import keras, kcore
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout(0.5, name="drop")])
        >>> kcore.layers.reproducible(model, seed=7).layers[0]
        <Dropout name=drop, built=True>
    """
    check_instance("model", model, keras.Model)
    random.key(seed)  # raises an error if it is invalid
    check_made_of_layers(model)
    copy = copied(model, _giving_seeds(model, seed))
    _warn_of_others(copy)
    return copy


def layer_seed(seed: int, path: str) -> int:
    """Return the seed of the layer at a path, 0 <= seed < 2**32."""
    return int(key_of_path(seed, path)[0])


def _giving_seeds(model: Any, seed: int) -> Visit:
    paths: list[tuple[str, ...]] = []

    def collect(path: tuple[str, ...], entry: Entry) -> Entry:
        paths.append(path)
        return entry

    visited(model.get_config(), collect)
    names = iter(renumbered(paths))
    return lambda _, entry: _replaced(entry, layer_seed(seed, next(names)))


def _replaced(entry: Entry, seed: int) -> Entry:
    """Return the entry of kcore's layer with its seed, or `entry` if kcore has no such layer."""
    layer = _LAYERS.get(entry["class_name"])
    registered = f"kcore>{entry['class_name']}"
    is_of_keras = entry.get("module") == "keras.layers"
    if layer is None or not (is_of_keras or entry.get("registered_name") == registered):
        return entry
    return {
        **entry,
        "module": layer.__module__,
        "registered_name": registered,
        "config": {**entry["config"], "seed": seed},
    }


def _warn_of_others(model: Any) -> None:
    left = list(_others(model))
    if left:
        shown = ", ".join(f"{'/'.join(path)!r} ({kind})" for path, kind in left[:10])
        warn(
            f"The copy of the model {model.name!r} has layers whose random numbers still differ "
            f"between backends: {shown}{', ...' if len(left) > 10 else ''}."
        )


def _others(model: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield path and class of layers that draw without kcore, the outermost of nested ones."""
    named: set[tuple[str, ...]] = set()
    for layer, path in walk(model):
        is_of_kcore = type(layer).__module__.split(".")[0] == "kcore"
        if is_of_kcore or not draws(layer) or is_turned_off(layer):
            continue
        if not any(path[:length] in named for length in range(1, len(path))):
            named.add(path)
            yield path, type(layer).__name__
