from hypothesis import settings

from backends_tests.plugin import environment, pytest_configure, pytest_report_header

__all__ = ["environment", "pytest_configure", "pytest_report_header"]

# No deadline, because a busy machine is slow; tests that hang are ended by pytest's timeout.
settings.register_profile("kcore", deadline=None)
settings.load_profile("kcore")
