"""Test defects and differences that were once found, each by its name."""

import pytest

from backends_tests import compare
from backends_tests.named import NAMED, Named
from backends_tests.outcome import Outcome


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case.id)
def test_named(case: Named, outcomes: dict[tuple[str, Named], Outcome]) -> None:
    """The case gives the right values or shape, or is refused with the right message."""
    compare.check_named(case, outcomes["probe", case])
