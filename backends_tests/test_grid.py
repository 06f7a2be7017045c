"""Every case of the grid: shapes, values in two ways of running, gradients, refusals."""

from backends_tests import compare


def test_shapes(case, outcomes):
    """Keras's own arithmetic, with known and unknown sizes, is the closed form."""
    compare.check_shapes(case, outcomes["symbolic", case])


def test_eager(case, outcomes):
    """A layer called on an array gives the true values."""
    compare.check_values(case, outcomes["eager", case])


def test_compiled(case, outcomes):
    """A layer inside a compiled model gives the true values."""
    compare.check_values(case, outcomes["compiled", case])


def test_gradient(case, outcomes):
    """A training step finds the true gradients of input and weights."""
    compare.check_gradient(case, outcomes["gradient", case])


def test_refused_symbolically(case, outcomes):
    """What can't be computed is refused when a model is built."""
    compare.check_refusal(case, outcomes["symbolic", case])


def test_refused_eagerly(case, outcomes):
    """What can't be computed is refused when the layer is called on an array."""
    compare.check_refusal(case, outcomes["eager", case])
