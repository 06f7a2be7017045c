"""Say in a few lines how a run ended: counts, the failures, and where the report is."""

from collections import Counter

from backends_tests.report import Data

__all__ = ["summary"]

OUTCOMES = ("pass", "known failure", "fail")
SHOWN = 20
"""Failures that are listed; the report has all of them."""


def summary(report: Data, path: str) -> list[str]:
    """Return the lines for a report.

    Args:
        report: what `Report.as_data` returns.
        path: where the report was written.
    """
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    return [
        f"backend {report['backend']} on {report['device']}: {versions}",
        "",
        *_table(_by_property(report)),
        "",
        *_failures(report),
        f"Report: {path}",
        _verdict(report),
    ]


def _by_property(report: Data) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for properties in report["counts"].values():
        for name, count in properties.items():
            found.setdefault(name, Counter()).update(count)
    return found


def _table(counts: dict[str, Counter[str]]) -> list[str]:
    total = sum(counts.values(), Counter[str]())
    rows = [*counts.items(), ("all", total)]
    heading = f"{'property':22}" + "".join(f"{outcome:>15}" for outcome in OUTCOMES)
    lines = [
        f"{name:22}" + "".join(f"{count[outcome]:>15}" for outcome in OUTCOMES)
        for name, count in rows
    ]
    return [heading, *lines]


def _failures(report: Data) -> list[str]:
    failed = [each for each in report["not_passed"] if each["outcome"] == "fail"]
    lines = []
    for each in failed[:SHOWN]:
        lines += [each["test"], f"    {each['reason']}"]
    more = len(failed) - SHOWN
    lines += [f"... and {more} more: all are in the report."] if more > 0 else []
    return [*lines, ""] if lines else []


def _verdict(report: Data) -> str:
    outcomes: Counter[str] = Counter(each["outcome"] for each in report["not_passed"])
    known, failed = outcomes["known failure"], outcomes["fail"]
    exception = f", except {_tests(known)} known to fail" if known else ""
    verdict = f"{_tests(failed)} failed." if failed else f"All tests passed{exception}."
    limits = {
        "quick": " This was a quick run: certify a backend with a run without --quick.",
        "part": " This was a part of the suite.",
    }
    return verdict + limits.get(report["run"], "")


def _tests(count: int) -> str:
    return f"{count} test" if count == 1 else f"{count} tests"
