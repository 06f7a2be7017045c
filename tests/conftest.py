from backends_tests.plugin import environment, pytest_configure, pytest_report_header

__all__ = ["environment", "pytest_configure", "pytest_report_header"]
