"""Hooks and fixtures of the suite: options, cases, known failures, and the report."""

import os
import time
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeGuard, cast

import pytest

from backends_tests import known_failures
from backends_tests.cases import Case
from backends_tests.compare import BackendError
from backends_tests.known_failures import KnownFailure
from backends_tests.named import Named
from backends_tests.outcome import Outcome
from backends_tests.plugin import _ENVIRONMENT, environment, pytest_configure, pytest_report_header
from backends_tests.pool import Key, run_cases, run_in_one_step
from backends_tests.report import Report, Result
from backends_tests.selection import ONE_STEP_FOR_BOTH, WAY_OF_TEST, selected
from backends_tests.summary import summary

__all__ = ["environment", "pytest_configure", "pytest_report_header"]

HERE = Path(__file__).parent
_REPORT = pytest.StashKey[Report]()
_STARTED = pytest.StashKey[datetime]()
_CLOCK = pytest.StashKey[float]()
_RUN = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="Run all windows, in all ways.")
    parser.addoption(
        "--quick", action="store_true", help="Run only the first cases that show each property."
    )
    parser.addoption("--report", help="Write the report here; default conformance-<backend>.json.")
    parser.addoption(
        "--known-failures",
        help="List of tests that are known to fail; default: the suite's own for the backend.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames and metafunc.module.__name__.endswith("test_grid"):
        backend = metafunc.config.stash[_ENVIRONMENT].backend
        full, quick = (
            metafunc.config.getoption(name, default=False) for name in ("--full", "--quick")
        )
        if full and quick:
            raise pytest.UsageError("--full and --quick exclude each other; give only one.")
        cases = selected(metafunc.function.__name__, backend, full, quick)
        metafunc.parametrize("case", cases, ids=lambda case: case.id)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[_STARTED] = datetime.now(UTC)
    config.stash[_CLOCK] = time.monotonic()
    ours = _of_the_suite(items)
    _leave_time_to_the_workers(config, ours)
    failures = _known_failures(config)
    known = known_failures.by_test(failures, map(_test_id, ours))
    for item in ours:
        if failure := known.get(_test_id(item)):
            mark = pytest.mark.xfail(raises=BackendError, strict=True, reason=failure.reason)
            item.add_marker(mark)
    config.stash[_RUN] = _kind_of_run(config, ours)
    if config.stash[_RUN] in ("default", "full"):
        _refuse_unmatched(config, failures, ours)


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest) -> dict[Key, Outcome]:
    """Outcomes of all selected cases, by way and case; all are run before the first test."""
    wanted: dict[str, dict[Case | Named, None]] = {}
    apart: set[Key] = set()
    for item in _of_the_suite(request.session.items):
        way, case = WAY_OF_TEST[item.originalname], _case(item)
        wanted.setdefault(way, {})[case] = None
        if item.get_closest_marker("xfail"):
            apart.add((way, case))
    cases = {way: list(some) for way, some in wanted.items()}
    _say(request.config, f"Computing {sum(map(len, cases.values()))} cases, then come the tests.")
    if request.config.stash[_ENVIRONMENT].backend in ONE_STEP_FOR_BOTH:
        return run_in_one_step(cases, apart)
    return run_cases(cases, apart)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    failed_early = report.when != "call" and report.failed
    if _is_ours(item) and (report.when == "call" or failed_early):
        _results(item.config).append(_result(item, report))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if _REPORT not in config.stash:
        return
    report = config.stash[_REPORT]
    if len(report.results) < session.testscollected:  # interrupted, or -x
        report.run = "part"
    report.seconds = time.monotonic() - config.stash[_CLOCK]
    times = os.times()
    report.cpu_seconds = sum((times.user, times.system, times.children_user, times.children_system))
    report.write(_report_path(config))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if _REPORT in config.stash:
        terminalreporter.section("conformance")
        path = str(_report_path(config).resolve())
        for line in summary(config.stash[_REPORT].as_data(), path):
            terminalreporter.write_line(line)


def _report_path(config: pytest.Config) -> Path:
    default = f"conformance-{config.stash[_ENVIRONMENT].backend}.json"
    return Path(config.getoption("--report", default=None) or default)


def _known_failures(config: pytest.Config) -> list[KnownFailure]:
    environment = config.stash[_ENVIRONMENT]
    given = config.getoption("--known-failures", default=None)
    path = Path(given) if given else known_failures.list_of(environment.backend)
    if path is None:
        return []
    try:
        return known_failures.load(path, environment.versions)
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"Can't read the known failures: {error}") from error


def _results(config: pytest.Config) -> list[Result]:
    if _REPORT not in config.stash:
        config.stash[_REPORT] = Report(
            config.stash[_ENVIRONMENT], config.stash[_RUN], config.stash[_STARTED]
        )
    return config.stash[_REPORT].results


def _result(item: pytest.Function, report: pytest.TestReport) -> Result:
    tested = item.originalname.removeprefix("test_").replace("_", " ")
    outcome = "fail" if report.failed else "pass"
    reason = _message(report) if report.failed else ""
    if report.outcome == "skipped" and hasattr(report, "wasxfail"):
        outcome, reason = "known failure", report.wasxfail
    return Result(_test_id(item), _layer(_case(item)), tested, outcome, reason)


def _message(report: pytest.TestReport) -> str:
    """Return what was wrong, without a traceback."""
    text = str(report.longrepr)
    if text.startswith("[XPASS(strict)]"):
        return f"passes, but is in the list of known failures:{text.partition(']')[2]}"
    crash = getattr(report.longrepr, "reprcrash", None)
    message = str(crash.message) if crash else text[-500:]
    return message.removeprefix(f"{BackendError.__module__}.{BackendError.__name__}: ")


def _of_the_suite(items: Sequence[pytest.Item]) -> list[pytest.Function]:
    return [item for item in items if _is_ours(item)]


def _is_ours(item: pytest.Item) -> TypeGuard[pytest.Function]:
    return isinstance(item, pytest.Function) and item.path.parent == HERE


def _case(item: pytest.Function) -> Case | Named:
    """Return the case of a test; every test of the suite has one."""
    return cast("Case | Named", item.callspec.params["case"])


def _layer(case: Case | Named) -> str:
    """Return the layer under which the report counts a case."""
    return case.case.name if isinstance(case, Named) else case.name


def _test_id(item: pytest.Item) -> str:
    return f"{item.path.name}::{item.name}"


def _kind_of_run(config: pytest.Config, items: Sequence[pytest.Item]) -> str:
    """Return "quick", "default" or "full"; "part" if the command line selected single tests."""
    modules = {item.path.name for item in items}
    chosen = any(config.getoption(name) for name in ("keyword", "markexpr", "deselect"))
    chosen = chosen or any("::" in argument for argument in config.args)
    if chosen or modules != {path.name for path in HERE.glob("test_*.py")}:
        return "part"
    given = (name for name in ("quick", "full") if config.getoption(f"--{name}", default=False))
    return next(given, "default")


def _leave_time_to_the_workers(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Lift the time limit: the first test waits for all cases, and each batch has its own limit."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            item.add_marker(pytest.mark.timeout(0))


def _say(config: pytest.Config, text: str) -> None:
    """Print a line while a test captures the output."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(text, flush=True)


def _refuse_unmatched(
    config: pytest.Config, failures: list[KnownFailure], items: Sequence[pytest.Item]
) -> None:
    ids = [_test_id(item) for item in items]
    lost = known_failures.unmatched(failures, ids, config.getoption("--full", default=False))
    if lost:
        names = "\n".join(f"  {failure.test} ({failure.cause})" for failure in lost)
        raise pytest.UsageError(f"Known failures that match no test; remove them:\n{names}")
