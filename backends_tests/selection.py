"""Which cases each test takes, and in which way they are run for it."""

import functools

from backends_tests.cases import TRAINED, Case
from backends_tests.contract import promise
from backends_tests.grid import grid

__all__ = ["WAY_OF_TEST", "selected"]

WAY_OF_TEST = {
    "test_shapes": "symbolic",
    "test_eager": "eager",
    "test_compiled": "compiled",
    "test_gradient": "gradient",
    "test_refused_symbolically": "symbolic",
    "test_refused_eagerly": "eager",
    "test_named": "probe",
}

COMPILE_EVERY_EAGER_CALL = ("jax", "numpy")
"""Backends that compile each operation of an eager call (Keras's numpy backend calls JAX)."""

EAGER_SHARE = 4
"""On those, a run that isn't full calls one window in four eagerly; all are run compiled."""


def selected(test: str, backend: str, full: bool) -> list[Case]:
    """Return the cases of a test in a default or a full run."""
    if test.startswith("test_refused"):
        return [case for case in _grid(full) if promise(case).refusal]
    fitting = [case for case in _grid(full) if promise(case).shape]
    if test == "test_gradient":
        return [case for case in fitting if _has_gradient(case)]
    if test == "test_eager" and backend in COMPILE_EVERY_EAGER_CALL and not full:
        return [case for index, case in enumerate(fitting) if index // 2 % EAGER_SHARE == 0]
    return fitting


@functools.cache
def _grid(full: bool) -> tuple[Case, ...]:
    return tuple(grid(full))


def _has_gradient(case: Case) -> bool:
    plain = case.dtype == "float32" and case.data == "random" and case.batch > 0
    return case.layer in TRAINED and plain
