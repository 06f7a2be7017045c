from hypothesis import settings

from backends_tests.plugin import environment, pytest_configure, pytest_report_header

__all__ = ["environment", "pytest_configure", "pytest_report_header"]

# A busy machine is no failure; what hangs ends by pytest's own timeout.
settings.register_profile("kcore", deadline=None)
settings.load_profile("kcore")
