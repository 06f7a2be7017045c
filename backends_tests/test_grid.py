"""Test the grid: shapes, eager and compiled values, gradients, refusals."""

from backends_tests import compare
from backends_tests.cases import Case
from backends_tests.outcome import Outcome

Outcomes = dict[tuple[str, Case], Outcome]


def test_shapes(case: Case, outcomes: Outcomes) -> None:
    """Keras infers the same shapes as the closed form, from known and from unknown sizes."""
    compare.check_shapes(case, outcomes["symbolic", case])


def test_eager(case: Case, outcomes: Outcomes) -> None:
    """A layer that is called on an array returns the true values."""
    compare.check_values(case, outcomes["eager", case])


def test_compiled(case: Case, outcomes: Outcomes) -> None:
    """A layer in a compiled model returns the true values."""
    compare.check_values(case, outcomes["compiled", case])


def test_gradient(case: Case, outcomes: Outcomes) -> None:
    """A training step computes the true gradients of the input and the weights."""
    compare.check_gradient(case, outcomes["gradient", case])


def test_refused_symbolically(case: Case, outcomes: Outcomes) -> None:
    """A window that can't be computed is refused when a model is built."""
    compare.check_refusal(case, outcomes["symbolic", case])


def test_refused_eagerly(case: Case, outcomes: Outcomes) -> None:
    """A window that can't be computed is refused when the layer is called on an array."""
    compare.check_refusal(case, outcomes["eager", case])
