"""Which parameters are trained: counts, and a check that they are still those compiled for."""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

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

# The variables that a model was compiled to train, by its optimizer, which keeps state for them.
_COMPILED: "WeakKeyDictionary[Any, dict[int, str]]" = WeakKeyDictionary()


@dataclass(frozen=True)
class ParameterSummary:
    """Numbers of trainable and frozen parameters of the base and the head.

    The statistics of BatchNormalization count as frozen: no gradient reaches them. `str()` gives a
    table.
    """

    base_trainable: int
    base_frozen: int
    head_trainable: int
    head_frozen: int

    def __str__(self) -> str:
        rows = [
            ("", "trainable", "frozen"),
            ("base", f"{self.base_trainable:,}", f"{self.base_frozen:,}"),
            ("head", f"{self.head_trainable:,}", f"{self.head_frozen:,}"),
        ]
        return "\n".join(f"{name:<6}{left:>14}{right:>14}" for name, left, right in rows)


def parameter_summary(model: Any) -> ParameterSummary:
    """Count the trainable and frozen parameters of a model that `transfer` made.

    Raises:
        ValueError: if the model has no head of `transfer`.

    Example:
        >>> import kcore
        >>> trained = kcore.models.binary_cnn((24, 24, 3), filters=(4, 4), seed=1)
        >>> model = kcore.models.transfer(
        ...     trained, trained.layers[-4].name, preprocessing="unit", hidden_units=8
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


def check_trainable(model: Any) -> None:
    """Refuse a model whose `trainable` attributes were changed after it was compiled.

    Keras takes such a change over at the next `compile` only: till then it is ignored on
    TensorFlow, and breaks the optimizer's state on JAX. Models that `kcore.models` compiled are
    checked; of others nobody knows what they were compiled with.

    Args:
        model: a `keras.Model`.

    Raises:
        RuntimeError: if another set of variables is trainable now than when the model was
            compiled; the message names some.
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
            f"{' and '.join(changes)} variables. Keras would not take that over. Compile the model "
            "again, or let kcore.models.fine_tune unfreeze layers and compile."
        )


def _trained(model: Any) -> dict[int, str]:
    return {id(variable): variable.path for variable in model.trainable_variables}
