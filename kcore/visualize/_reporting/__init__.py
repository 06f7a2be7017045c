"""The report on a training run: its parts, their templates, and writing it safely."""

from kcore.visualize._reporting.report import report
from kcore.visualize._reporting.report_file import ReportFile

__all__ = ["ReportFile", "report"]
