import pytest
from oracles.initial_weights import drawn_by_numpy


@pytest.fixture(scope="module", autouse=True)
def initial_weights_drawn_by_numpy():
    with drawn_by_numpy():
        yield
