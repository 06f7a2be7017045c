import pytest
from oracles.first_weights import drawn_by_numpy


@pytest.fixture(scope="session", autouse=True)
def first_weights_drawn_by_numpy():
    with drawn_by_numpy():
        yield
