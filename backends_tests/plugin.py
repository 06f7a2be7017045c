"""Hooks that `tests/` and `backends_tests/` share: check the backend, name it in the header."""

import pytest

from backends_tests.environment import Environment, EnvironmentMismatchError, observe

_ENVIRONMENT = pytest.StashKey[Environment]()


def pytest_configure(config: pytest.Config) -> None:
    try:
        config.stash[_ENVIRONMENT] = observe()
    except EnvironmentMismatchError as mismatch:
        raise pytest.UsageError(str(mismatch)) from mismatch


def pytest_report_header(config: pytest.Config) -> str:
    return str(config.stash[_ENVIRONMENT])


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> Environment:
    """The backend, device and versions that this run uses."""
    return pytestconfig.stash[_ENVIRONMENT]
