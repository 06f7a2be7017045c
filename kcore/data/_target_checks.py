"""Check what `fit` is given against the loss of its model, before the first step.

For a label that is out of range JAX takes another class, and XLA on TensorFlow makes the weights
NaN, both without an error. A dataset of kcore knows its labels and finds the model that trains on
it on the call stack, so it can raise an error whoever built the model. For arrays, models compiled
by the `compile_*` of `kcore.models` call this check.
"""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from kcore._targets import check_labels_for
from kcore.data._callers import running_fit
from kcore.data._targets import ClassTargets

__all__ = ["check_fit", "check_running_fit"]


def check_running_fit() -> None:
    """Check what the innermost `fit` on this thread's stack was given, if there is one."""
    given = running_fit()
    if given is not None:
        x, y, validation_data = (given.get(name) for name in ("x", "y", "validation_data"))
        check_fit(given["self"], x, y, validation_data)


def check_fit(model: Any, x: Any, y: Any, validation_data: Any) -> None:
    """Check the labels that `model.fit` is given, as far as they are known.

    Arrays, tensors and datasets of kcore are checked. Labels of several outputs, other datasets and
    targets that are indexable objects of the user are not.

    Raises:
        ValueError: if the model's loss can't take a label.
    """
    if not model.compiled:
        return  # `fit` reports the error
    _check(model, "y", x, y)
    if isinstance(validation_data, (tuple, list)):
        x, y = [*validation_data, None, None][:2]
        _check(model, "validation_data[1]", x, y)
    else:
        _check(model, "validation_data", validation_data, None)


def _check(model: Any, name: str, x: Any, y: Any) -> None:
    if isinstance(x, keras.utils.PyDataset):
        labels = None if getattr(x, "changes_targets", True) else _known(x.targets)
        name = f"labels of {'x' if name == 'y' else name}"
    else:
        labels = _one_array(y)
    if labels is not None and labels.ndim:
        check_labels_for(model, name, labels, _units_for(model, x))


def _known(targets: Any) -> npt.NDArray[Any] | None:
    if isinstance(targets, ClassTargets):
        return targets.to_check()
    return targets if isinstance(targets, np.ndarray) else None


def _one_array(y: Any) -> npt.NDArray[Any] | None:
    leaves = [] if y is None else keras.tree.flatten(y)
    if len(leaves) != 1 or not hasattr(leaves[0], "shape"):
        return None
    leaf = leaves[0]
    return np.asarray(leaf if hasattr(leaf, "__array__") else keras.ops.convert_to_numpy(leaf))


def _units_for(model: Any, x: Any) -> int | None:
    """Return the units of the output for these inputs, if the model doesn't tell the shape."""
    is_known = getattr(model, "outputs", None) is not None
    if is_known or not model.built or not isinstance(x, np.ndarray):
        return None
    inputs = keras.KerasTensor((None, *x.shape[1:]), str(x.dtype))
    try:
        shape = model.compute_output_spec(inputs).shape
    except Exception:  # a `call` of the user may raise anything; the units stay unknown
        return None
    return shape[1] if len(shape) == 2 else None
