"""How pytest runs the suite: options, cases, known failures, and the report."""

import os
import time
from pathlib import Path

import pytest

from backends_tests import known_failures
from backends_tests.compare import BackendError
from backends_tests.plugin import _ENVIRONMENT, environment, pytest_configure, pytest_report_header
from backends_tests.pool import run_cases, run_in_one_step
from backends_tests.report import Report, Result
from backends_tests.selection import ONE_STEP_FOR_BOTH, WAY_OF_TEST, selected

__all__ = ["environment", "pytest_configure", "pytest_report_header"]

HERE = Path(__file__).parent
_REPORT = pytest.StashKey[Report]()
_STARTED = pytest.StashKey[float]()


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="Run many times as many cases.")
    parser.addoption(
        "--quick", action="store_true", help="Run the first cases that show each property."
    )
    parser.addoption("--report", help="Where to write the report; conformance-<backend>.json.")


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames and metafunc.module.__name__.endswith("test_grid"):
        backend = metafunc.config.stash[_ENVIRONMENT].backend
        full, quick = (
            metafunc.config.getoption(name, default=False) for name in ("--full", "--quick")
        )
        if full and quick:
            raise pytest.UsageError("--full and --quick exclude each other: give one of them.")
        cases = selected(metafunc.function.__name__, backend, full, quick)
        metafunc.parametrize("case", cases, ids=lambda case: case.id)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session, config, items):
    config.stash[_STARTED] = time.monotonic()
    ours = [item for item in items if item.path.parent == HERE]
    _leave_time_to_the_workers(config, ours)
    failures = known_failures.load(config.stash[_ENVIRONMENT].backend)
    known = known_failures.by_test(failures, map(_test_id, ours))
    for item in ours:
        if failure := known.get(_test_id(item)):
            mark = pytest.mark.xfail(raises=BackendError, strict=True, reason=failure.reason)
            item.add_marker(mark)
    if _is_whole(config, ours):
        _refuse_unmatched(config, failures, ours)


@pytest.fixture(scope="session")
def outcomes(request):
    """Outcomes of all selected cases, by way and case; run together before the first test."""
    wanted, apart = {}, set()
    for item in request.session.items:
        if "outcomes" in getattr(item, "fixturenames", ()):
            way, case = WAY_OF_TEST[item.originalname], item.callspec.params["case"]
            wanted.setdefault(way, []).append(case)
            if item.get_closest_marker("xfail"):
                apart.add((way, case))
    wanted = {way: list(dict.fromkeys(cases)) for way, cases in wanted.items()}
    if request.config.stash[_ENVIRONMENT].backend in ONE_STEP_FOR_BOTH:
        return run_in_one_step(wanted, apart)
    return run_cases(wanted, apart)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    failed_early = report.when != "call" and report.failed
    if item.path.parent == HERE and (report.when == "call" or failed_early):
        _results(item.config).append(_result(item, report))
    return report


def pytest_sessionfinish(session):
    config = session.config
    if _REPORT not in config.stash:
        return
    report = config.stash[_REPORT]
    report.seconds = time.monotonic() - config.stash[_STARTED]
    times = os.times()
    report.cpu_seconds = sum((times.user, times.system, times.children_user, times.children_system))
    default = f"conformance-{report.environment.backend}.json"
    report.write(Path(config.getoption("--report", default=None) or default))


def _results(config) -> list[Result]:
    if _REPORT not in config.stash:
        config.stash[_REPORT] = Report(
            config.stash[_ENVIRONMENT], config.getoption("--full", default=False)
        )
    return config.stash[_REPORT].results


def _result(item, report) -> Result:
    case = item.callspec.params["case"] if hasattr(item, "callspec") else None
    layer = getattr(case, "layer", "suite")
    subject = item.originalname.removeprefix("test_").replace("_", " ")
    outcome = "fail" if report.failed else "pass"
    reason = str(report.longrepr)[-500:] if report.failed else ""
    if report.outcome == "skipped" and hasattr(report, "wasxfail"):
        outcome, reason = "known failure", report.wasxfail
    return Result(_test_id(item), layer, subject, outcome, reason)


def _test_id(item) -> str:
    return f"{item.path.name}::{item.name}"


def _is_whole(config, items) -> bool:
    """Tell whether nothing of the suite was left out by the command line."""
    modules = {item.path.name for item in items}
    chosen = any(config.getoption(name) for name in ("keyword", "markexpr"))
    chosen = chosen or config.getoption("--quick", default=False)
    parts = any("::" in argument for argument in config.args)
    return modules == {path.name for path in HERE.glob("test_*.py")} and not (chosen or parts)


def _leave_time_to_the_workers(config, items) -> None:
    """The first test waits for all cases; each batch of them has a time limit of its own."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            item.add_marker(pytest.mark.timeout(0))


def _refuse_unmatched(config, failures, items) -> None:
    ids = [_test_id(item) for item in items]
    lost = known_failures.unmatched(failures, ids, config.getoption("--full", default=False))
    if lost:
        names = "\n".join(f"  {failure.test} ({failure.cause})" for failure in lost)
        raise pytest.UsageError(f"Known failures that match no test; remove them:\n{names}")
