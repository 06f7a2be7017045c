"""Copy a model layer by layer, with other layers in place of some."""

from collections.abc import Callable
from typing import Any, TypeVar

import keras

from kcore._layer_walk import walk
from kcore._warning import warn

__all__ = ["Entry", "Visit", "check_made_of_layers", "copied", "visited"]

Model = TypeVar("Model", bound=keras.Model)
Entry = dict[str, Any]
"""The class and the configuration of one object, as `keras.saving` writes them."""
Visit = Callable[[tuple[str, ...], Entry], Entry]
"""A function of an object's path in the model, and of its entry, that returns another entry."""


def check_made_of_layers(model: Any) -> None:
    """Refuse a subclassed model, whose configuration doesn't hold its layers."""
    is_of_keras = type(model).__module__.split(".")[0] == "keras"
    if not (is_of_keras and (isinstance(model, keras.Sequential) or model.inputs)):
        raise ValueError(
            f"The model {model.name!r} is a {type(model).__name__}, which can't be copied layer by "
            "layer: use kcore.layers where the class makes its layers."
        )


def copied(model: Model, visit: Visit) -> Model:
    """Copy a model, its weights, class names and compile arguments.

    Args:
        model: a Sequential or functional model.
        visit: gives the entries from which the layers of the copy are made.

    Raises:
        ValueError: if the copy has other weights.
    """
    custom_objects = {
        keras.saving.get_registered_name(type(layer)): type(layer)
        for layer, _ in walk(model)
        if type(layer).__module__.split(".")[0] not in ("keras", "kcore")
    }
    config = visited(model.get_config(), visit)
    copy = type(model).from_config(config, custom_objects=custom_objects)
    _give_weights(model, copy)
    class_names = getattr(model, "class_names", None)
    if class_names is not None:
        copy.class_names = class_names
    if model.compiled:
        _compile_like(model, copy)
    return copy


def visited(value: Any, visit: Visit, above: tuple[str, ...] = ()) -> Any:
    """Return a configuration in which `visit` has changed the entry of each object with a name."""
    if isinstance(value, (list, tuple)):
        return type(value)(visited(item, visit, above) for item in value)
    if not isinstance(value, dict):
        return value
    config = value.get("config")
    if "class_name" in value and isinstance(config, dict) and "name" in config:
        path = (*above, str(config["name"]))
        value, above = visit(path, value), path
    return {name: visited(item, visit, above) for name, item in value.items()}


def _give_weights(model: Any, copy: Any) -> None:
    if model.built and not copy.built:
        copy.build_from_config(model.get_build_config())
    shapes, copied = ([tuple(weight.shape) for weight in each.weights] for each in (model, copy))
    if shapes != copied:
        raise ValueError(
            f"The model {model.name!r} has {len(shapes)} weights, and its copy has "
            f"{len(copied)} or other shapes, so Keras can't copy it layer by layer: build it with "
            "kcore.layers instead."
        )
    copy.set_weights(model.get_weights())
    for layer, _ in walk(copy):
        # Recomputes constants that follow from weights, such as those of `Normalization`.
        if callable(getattr(layer, "finalize_state", None)):
            layer.finalize_state()


def _compile_like(model: Any, copy: Any) -> None:
    compile_copy = vars(model).get("compile_copy_by_kcore")
    try:
        if compile_copy is None:
            copy.compile_from_config(model.get_compile_config())
        else:
            compile_copy(copy)
    except (TypeError, ValueError) as error:
        first = str(error).strip().splitlines()
        warn(
            f"The copy of the model {model.name!r} is not compiled, because Keras can't copy the "
            f"arguments of compile ({first[0] if first else type(error).__name__}): compile the "
            "copy yourself."
        )
