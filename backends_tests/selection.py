"""Select the cases of each test, and the way in which they are run."""

import functools
from collections.abc import Sequence

from backends_tests.cases import TRAINED, Case
from backends_tests.contract import promise
from backends_tests.grid import grid

__all__ = ["ONE_STEP_FOR_BOTH", "WAY_OF_TEST", "covering", "selected"]

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
"""Backends that compile each operation of an eager call; Keras's numpy backend calls JAX."""

ONE_STEP_FOR_BOTH = ("jax",)
"""Slowly compiling backends: their compiled values come from the step for the gradients."""

SHARE = 4
"""A default run takes the gradients of one pool in this many. Where compiling is slow, a full run
does the same, and calls one layer in this many eagerly."""


def selected(test: str, backend: str, full: bool = False, quick: bool = False) -> list[Case]:
    """Return the cases of a test in a quick, a default or a full run.

    A default run includes all cases of a quick run, and a full run those of both.
    """
    chosen = _chosen(test, backend, full=False)
    if quick:
        return covering(chosen)
    if full:
        chosen += _chosen(test, backend, full=True)
    return list(dict.fromkeys(chosen))


def _chosen(test: str, backend: str, full: bool) -> list[Case]:
    if test.startswith("test_refused"):
        return [case for case in _grid(full) if promise(case).refusal]
    fitting = [case for case in _grid(full) if promise(case).shape]
    is_slow = backend in COMPILE_EVERY_EAGER_CALL
    if test == "test_gradient":
        derived = [case for case in fitting if _has_gradient(case)]
        trained = [case for case in derived if case.layer in TRAINED]
        pools = [case for case in derived if case.layer not in TRAINED]
        if is_slow and not full:
            trained = _one_data_format(trained)
        return trained + (_one_window_in(SHARE, pools) if is_slow or not full else pools)
    if test == "test_eager" and is_slow:
        return _one_window_in(SHARE, fitting) if full else covering(fitting)
    return fitting


def covering(fitting: Sequence[Case]) -> list[Case]:
    """Return the first cases that show each property of a layer with each padding."""
    seen: set[tuple[object, ...]] = set()
    found = []
    for case in fitting:
        shown = {(case.name, case.padding, *each) for each in _properties(case).items()}
        if not shown <= seen:
            seen |= shown
            found.append(case)
    return found


def _properties(case: Case) -> dict[str, object]:
    return {
        "data_format": case.data_format,
        "strides": case.strides and max(case.strides) > 1,
        "dilation": any(rate > 1 for rate in case.dilation_rate),
        "groups": case.groups > 1,
        "depth_multiplier": case.depth_multiplier > 1,
        "output_padding": case.output_padding and max(case.output_padding) > 0,
        "bias": case.use_bias,
        "even kernel": any(size % 2 == 0 for size in case.kernel),
        "dtype": case.dtype,
        "data": case.data,
        "batch": case.batch == 0,
    }


def _one_data_format(fitting: Sequence[Case]) -> list[Case]:
    """Return each window once, in the two data formats by turns."""
    return [case for index, case in enumerate(fitting) if index % 2 == index // 2 % 2]


def _one_window_in(share: int, fitting: Sequence[Case]) -> list[Case]:
    """Return one window in `share`; its two data formats are next to each other in `fitting`."""
    return [case for index, case in enumerate(fitting) if index // 2 % share == 0]


@functools.cache
def _grid(full: bool) -> tuple[Case, ...]:
    return tuple(grid(full))


def _has_gradient(case: Case) -> bool:
    return case.dtype == "float32" and case.data == "random" and case.batch > 0
