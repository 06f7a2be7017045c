"""Defects and differences that were found once, each by its name."""

import pytest

from backends_tests import compare
from backends_tests.named import NAMED


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case.id)
def test_named(case, outcomes):
    """The case gives what is right, or is refused as it should be."""
    compare.check_named(case, outcomes["probe", case])
