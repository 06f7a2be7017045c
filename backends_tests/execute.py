"""Run cases with Keras: only shapes, eagerly, many in one compiled model, or as a probe.

Only this module, `gradient` and `probes` compute with a backend. They run in a process of their own
(see `worker`), because a backend can end the process that it runs in.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import keras
import numpy as np
import numpy.typing as npt

from backends_tests.cases import DEPTHWISE, SEPARABLE, Case, arrays
from backends_tests.contract import upstream
from backends_tests.gradient import Gradients, gradients, holding
from backends_tests.layers import layer_class
from backends_tests.named import Named
from backends_tests.outcome import Outcome
from backends_tests.probes import PROBES

__all__ = ["WAYS"]

Run = TypeVar("Run", Case, Named)


def symbolic(case: Case) -> Outcome:
    """Infer output shapes without computing: from known sizes, unknown batch, unknown sizes."""
    shape = case.input_shape
    unknown = tuple(None if axis in _spatial(case) else n for axis, n in enumerate(shape))
    layer = _layer(case)
    shapes = {"compute_output_shape": _tuple(layer.compute_output_shape(shape))}
    inputs = {"symbolic": shape, "unknown batch": (None, *shape[1:]), "unknown sizes": unknown}
    for way, batch_shape in inputs.items():
        shapes[way] = _tuple(layer(keras.Input(batch_shape=batch_shape)).shape)
    return Outcome(shapes=shapes)


def eager(case: Case) -> Outcome:
    """Call the layer on an array, outside any model."""
    y = _layer(case)(keras.ops.convert_to_tensor(arrays(case).x))
    value = _to_numpy(y)
    return Outcome({"output": value}, {"eager": _tuple(y.shape), "computed": value.shape})


def compiled(cases: Sequence[Case]) -> list[Outcome]:
    """Compute all cases in one functional model with `predict_on_batch`."""
    inputs: list[Any] = []
    outputs: list[Any] = []
    xs: list[npt.NDArray[Any]] = []
    for case in cases:
        xs.append(arrays(case).x)
        inputs.append(keras.Input(batch_shape=xs[-1].shape, dtype=str(xs[-1].dtype)))
        y = _layer(case)(inputs[-1])
        is_plain = case.dtype == "float32"
        outputs.append(y if is_plain else keras.layers.Activation("linear", dtype="float32")(y))
    values = keras.Model(inputs, outputs).predict_on_batch(xs)
    values = [values] if isinstance(values, np.ndarray) else values
    return [Outcome({"output": y}, {"computed": y.shape}) for y in values]


def gradient(cases: Sequence[Case]) -> list[Outcome]:
    """Take the gradients, and the outputs, of all cases in one training step of one model."""
    layers = [_layer(case) for case in cases]
    inputs = [arrays(case).x for case in cases]
    found = gradients(layers, inputs, [upstream(case) for case in cases])
    return [_named_gradients(case, values) for case, values in zip(cases, found, strict=True)]


def named(case: Named) -> Outcome:
    """Run a named case in the way that it names: one of the ways above, or a probe."""
    if case.probe in WAYS:
        return WAYS[case.probe]([case.case])[0]
    value = _to_numpy(PROBES[case.probe](case.case))
    return Outcome({"output": value}, {"computed": value.shape})


def _named_gradients(case: Case, found: Gradients) -> Outcome:
    kernels = ["kernel", "pointwise kernel"] if case.layer in SEPARABLE else ["kernel"]
    values = dict(zip(["input", *kernels, "bias"], found.of, strict=False))
    return Outcome({"output": found.output, **values}, {"computed": found.output.shape})


def _one_by_one(way: Callable[[Run], Outcome]) -> Callable[[Sequence[Run]], list[Outcome]]:
    return lambda cases: [_guarded(way, case) for case in cases]


def _guarded(way: Callable[[Run], Outcome], case: Run) -> Outcome:
    """Turn whatever is raised into an outcome: that a case raises is a result too."""
    try:
        return way(case)
    except Exception as error:
        return _raised(error)


def _together(
    way: Callable[[Sequence[Case]], list[Outcome]],
) -> Callable[[Sequence[Case]], list[Outcome]]:
    """Run all cases at once; if that fails, in fours, and if four of them fail, one by one."""

    def run(cases: Sequence[Case]) -> list[Outcome]:
        try:
            return way(cases)
        except Exception as error:
            if len(cases) == 1:
                return [_raised(error)]
        step = 4 if len(cases) > 4 else 1
        parts = [cases[start : start + step] for start in range(0, len(cases), step)]
        return [outcome for part in parts for outcome in run(part)]

    return run


def _raised(error: Exception) -> Outcome:
    return Outcome(error=f"{type(error).__name__}: {error}")


# "probe" takes `Named`, all other ways take `Case`.
WAYS: dict[str, Callable[[Sequence[Any]], list[Outcome]]] = {
    "symbolic": _one_by_one(symbolic),
    "eager": _one_by_one(eager),
    "compiled": _together(compiled),
    "gradient": _together(gradient),
    "probe": _one_by_one(named),
}
"""How cases can be run: name -> function from cases to an outcome for each."""


def _layer(case: Case) -> Any:
    """Make the layer, with initializers that return the weights of the case."""
    names = ["depthwise"] if case.layer in DEPTHWISE + SEPARABLE else ["kernel"]
    names += ["pointwise"] if case.layer in SEPARABLE else []
    names += ["bias"] if case.use_bias else []
    weights = zip(names, arrays(case).weights, strict=False)
    initializers = {f"{name}_initializer": holding(weight) for name, weight in weights}
    return layer_class(case)(**case.configuration, **initializers)


def _spatial(case: Case) -> range:
    start = 2 if case.data_format == "channels_first" else 1
    return range(start, start + case.axes)


def _to_numpy(y: Any) -> npt.NDArray[np.float32]:
    return keras.ops.convert_to_numpy(keras.ops.cast(y, "float32"))


def _tuple(shape: Sequence[int | None]) -> tuple[int | None, ...]:
    return tuple(None if size is None else int(size) for size in shape)
