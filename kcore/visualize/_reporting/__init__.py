"""The report on a training, part by part: HTML, its pictures, and writing it safely."""

from kcore.visualize._reporting.report import report

__all__ = ["report"]
