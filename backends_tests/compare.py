"""Compare an outcome with the truth and the promise, and say how they differ."""

from typing import Any

import numpy as np
import numpy.typing as npt

from backends_tests import reference
from backends_tests.cases import Case, arrays
from backends_tests.contract import output_shape, promise, upstream
from backends_tests.named import Named
from backends_tests.outcome import Outcome

__all__ = [
    "BackendError",
    "check_gradient",
    "check_named",
    "check_refusal",
    "check_shapes",
    "check_values",
]

EPSILON = {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
SLACK = 8
"""Rounding errors allowed; one is the share `EPSILON` of the magnitudes that are summed."""


class BackendError(AssertionError):
    """The backend broke the promise. Only this error counts as a known failure."""


def check_shapes(case: Case, outcome: Outcome) -> None:
    """Compare every shape that was found with the closed form in kcore.shapes."""
    _check_no_error(outcome)
    unknown = promise(case, (None,) * case.axes).shape
    promised = output_shape(case)
    for way, shape in outcome.shapes.items():
        wanted: tuple[int | None, ...] | None = promised
        if way == "unknown sizes":
            wanted = unknown
        if way == "unknown batch":
            wanted = (None, *promised[1:])
        if shape != wanted:
            raise BackendError(f"{way}: shape {shape}, but the closed form gives {wanted}")


def check_values(case: Case, outcome: Outcome) -> None:
    """Check the shapes and every value of an output."""
    check_shapes(case, outcome)
    _check_output(case, outcome)


def check_gradient(case: Case, outcome: Outcome) -> None:
    """Check the gradients of the input and of each weight."""
    _check_no_error(outcome)
    given = arrays(case)
    truths = reference.gradients(case, given.x, given.weights, upstream(case))
    magnitudes = reference.gradient_bounds(case, given.x, given.weights, upstream(case))
    found = [pair for pair in outcome.values.items() if pair[0] != "output"]
    for (name, value), truth, size in zip(found, truths, magnitudes, strict=True):
        _check_close(f"gradient of the {name}", value, truth, EPSILON["float32"] * SLACK * size)


def check_refusal(case: Case, outcome: Outcome) -> None:
    """Check that a ValueError with the promised text was raised."""
    refusal = promise(case).refusal
    assert refusal is not None
    _check_refused(refusal, outcome)


def check_named(named: Named, outcome: Outcome) -> None:
    """Check the values, the shape or the refusal that a named case requires."""
    if named.refusal is not None:
        _check_refused(named.refusal, outcome)
    elif named.probe == "gradient":
        check_gradient(named.case, outcome)
    elif named.shape is not None:
        _check_no_error(outcome)
        _check_shape("output", outcome.shapes["computed"], named.shape)
    elif named.expected is not None:
        _check_no_error(outcome)
        found, expected = outcome.values["output"].ravel(), np.array(named.expected)
        _check_close("output", found, expected, np.full(expected.shape, 1e-6))
    else:
        _check_no_error(outcome)
        _check_output(named.case, outcome)


def _check_refused(text: str, outcome: Outcome) -> None:
    if outcome.crashed:
        raise BackendError(f"the process ended: {outcome.crashed}")
    if outcome.error is None:
        raise BackendError(f"nothing was raised, wanted {text!r}; got shapes {outcome.shapes}")
    if not (outcome.error.startswith("ValueError") and text in outcome.error):
        raise BackendError(f"wanted a ValueError with {text!r}, got {_first(outcome.error)}")


def _check_no_error(outcome: Outcome) -> None:
    if outcome.crashed:
        raise BackendError(f"the process ended: {outcome.crashed}")
    if outcome.error:
        raise BackendError(f"raised {_first(outcome.error)}")


def _check_output(case: Case, outcome: Outcome) -> None:
    given = arrays(case)
    truth = reference.evaluate(case, given.x, given.weights)
    error = EPSILON[case.dtype] * SLACK * reference.bound(case, given.x, given.weights)
    _check_close("output", outcome.values["output"], truth, error)


def _check_shape(name: str, shape: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> None:
    if shape != wanted:
        raise BackendError(f"{name}: shape {shape}, but {wanted} is right")


def _check_close(
    name: str, value: npt.NDArray[Any], truth: npt.NDArray[Any], error: npt.NDArray[Any]
) -> None:
    _check_shape(name, value.shape, truth.shape)
    finite = np.isfinite(truth)
    with np.errstate(invalid="ignore"):
        same = np.where(finite, np.abs(value - truth) <= error, value == truth)
    same |= np.isnan(value) & np.isnan(truth)
    if not same.all():
        at = tuple(int(index) for index in np.argwhere(~same)[0])
        wrong = np.count_nonzero(~same)
        raise BackendError(
            f"{name}: {wrong} of {same.size} values are wrong; the one at {at} is {value[at]} "
            f"and must be {truth[at]}"
        )


def _first(error: str) -> str:
    return error if len(error) < 300 else f"{error[:300]} ..."
