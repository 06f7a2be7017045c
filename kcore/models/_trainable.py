"""Count the parameters that are trained, and check that they haven't changed."""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import keras

from kcore import _notebook
from kcore._console import say
from kcore.models._arguments import check_model
from kcore.models._transfer.head import head_layers

__all__ = [
    "ParameterSummary",
    "check_trainable",
    "note_compiled",
    "parameter_summary",
    "print_phase",
]

_HEADER = ("", "trainable", "frozen")

# The variables that a model was compiled to train, by its optimizer, which keeps state for them.
_COMPILED: "WeakKeyDictionary[Any, dict[int, str]]" = WeakKeyDictionary()


@dataclass(frozen=True)
class ParameterSummary:
    """The numbers of trainable and frozen parameters of the base and the head.

    The statistics of BatchNormalization count as frozen: no gradient reaches them. `str()` and a
    notebook show a table.

    Attributes:
        base_trainable: trainable parameters of the base.
        base_frozen: its other parameters.
        head_trainable: trainable parameters of the head.
        head_frozen: its other parameters.
    """

    base_trainable: int
    base_frozen: int
    head_trainable: int
    head_frozen: int

    def __str__(self) -> str:
        rows = [_HEADER, *self._rows()]
        return "\n".join(f"{name:<6}{left:>14}{right:>14}" for name, left, right in rows)

    def _repr_html_(self) -> str:
        return _notebook.table(_HEADER, self._rows())

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            ("base", f"{self.base_trainable:,}", f"{self.base_frozen:,}"),
            ("head", f"{self.head_trainable:,}", f"{self.head_frozen:,}"),
        ]


def parameter_summary(model: keras.Model) -> ParameterSummary:
    """Count the trainable and frozen parameters of a model that `transfer` made.

    Args:
        model: the model that `kcore.models.transfer` returned, at any stage of its training.

    Returns:
        A `ParameterSummary`, which prints as a table.

    Raises:
        ValueError: if the model has no head made by `transfer`.

    Example:
        >>> import kcore
        >>> trained = kcore.models.binary_cnn((24, 24, 3), filters=(4, 4), seed=1)
        >>> model = kcore.models.transfer(
        ...     trained, "pool_2", preprocessing="unit", hidden_units=8
        ... )
        >>> print(kcore.models.parameter_summary(model))
                   trainable        frozen
        base               0           260
        head             529             0
    """
    head = {id(variable) for layer in head_layers(model) for variable in layer.variables}
    trainable = {id(variable) for variable in model.trainable_variables}
    counts = dict.fromkeys(((part, kind) for part in (True, False) for kind in (True, False)), 0)
    for weight in model.weights:
        size = 1
        for length in weight.shape:
            size *= length
        counts[id(weight) in head, id(weight) in trainable] += size
    return ParameterSummary(
        counts[False, True], counts[False, False], counts[True, True], counts[True, False]
    )


def print_phase(title: str, model: Any, verbose: Any) -> None:
    """Print what a phase trains, unless `verbose` is 0."""
    if verbose:
        say(f"{title}:\n{parameter_summary(model)}")


def note_compiled(model: Any) -> None:
    """Remember which variables a freshly compiled model trains."""
    _COMPILED[model.optimizer] = _trained(model)


def check_trainable(model: keras.Model) -> None:
    """Raise an error if `trainable` attributes were changed after a model was compiled.

    Keras applies such a change only at the next `compile`: until then TensorFlow ignores it, and on
    JAX it breaks the optimizer's state. Only models that `kcore.models` compiled can be checked.

    Args:
        model: a `keras.Model`.

    Raises:
        RuntimeError: if other variables are trainable than when the model was compiled; the message
            names some.
    """
    optimizer = getattr(check_model(model), "optimizer", None)
    compiled = None if optimizer is None else _COMPILED.get(optimizer)
    if compiled is None:
        return
    now = _trained(model)
    added = [now[key] for key in now.keys() - compiled.keys()]
    gone = [compiled[key] for key in compiled.keys() - now.keys()]
    if added or gone:
        changes = [
            f"{len(names)} {word} (such as {sorted(names)[0]!r})"
            for names, word in ((added, "unfrozen"), (gone, "frozen"))
            if names
        ]
        raise RuntimeError(
            f"`trainable` was changed after the model {model.name!r} was compiled: "
            f"{' and '.join(changes)} variables. Keras would not apply that. Compile the model "
            "again, or let kcore.models.fine_tune unfreeze layers and compile."
        )


def _trained(model: Any) -> dict[int, str]:
    return {id(variable): variable.path for variable in model.trainable_variables}
