"""When a worker dies, hangs or grows old, no case is lost, and the cause is found."""

import errno
import signal
import sys

import pytest

from backends_tests import pool
from backends_tests.cases import Case

SCRIPT = """
import os, sys, time
from backends_tests.outcome import Outcome
from backends_tests.worker import receive, send

print("a worker with id", os.getpid(), file=sys.stderr, flush=True)
while True:
    try:
        way, cases = receive(sys.stdin.buffer)
    except EOFError:
        break
    for case in cases:
        if case.layer == "dies":
            os.kill(os.getpid(), 8)
        if case.layer == "hangs":
            time.sleep(60)
        if case.layer == "leaves":
            sys.exit("no more of this")
    told = [f"{os.getpid()} {way} {case.sizes[0]}" for case in cases]
    fails = [way != "gradient" or case.layer == "underivable" for case in cases]
    pairs = zip(told, fails)
    send(sys.stdout.buffer, [Outcome(error=text if fail else None) for text, fail in pairs])
"""
COMMAND = (sys.executable, "-c", SCRIPT)


def cases_with(layer, at, count=50):
    return [Case(layer if index == at else "fine", (index + 1,)) for index in range(count)]


def test_every_case_gets_its_own_outcome():
    cases = cases_with("fine", 0)
    outcomes = pool.run_cases({"eager": cases, "compiled": cases[:3]}, command=COMMAND)
    assert len(outcomes) == 53
    for (way, case), outcome in outcomes.items():
        assert outcome.error.split()[1:] == [way, str(case.sizes[0])]


@pytest.mark.parametrize(
    ("layer", "ending"),
    [
        ("dies", f"signal {signal.SIGFPE.name}"),
        ("leaves", "exit status 1; last line of its log: no"),
    ],
)
def test_the_case_that_ends_the_process_is_found_and_no_other_case_is_lost(layer, ending):
    cases = cases_with(layer, at=5, count=12)
    outcomes = pool.run_cases({"eager": cases}, command=COMMAND)
    crashed = {case: outcome.crashed for (_, case), outcome in outcomes.items() if outcome.crashed}
    assert list(crashed) == [cases[5]]
    assert crashed[cases[5]].startswith(ending)
    assert len(outcomes) == len(cases)


def test_a_broken_pipe_of_windows_hides_no_ending():
    class Pipe:
        def close(self):
            raise OSError(errno.EINVAL, "Invalid argument")

    worker = pool._Worker([sys.executable, "-c", "import sys; sys.exit('no more of this')"])
    with worker._questions:
        worker._questions = Pipe()
    assert worker.close() == "exit status 1; last line of its log: no more of this"


def test_a_case_that_hangs_is_killed(monkeypatch):
    monkeypatch.setattr(pool, "SECONDS_FOR_A_BATCH", 4.0)  # a worker must start within it
    cases = cases_with("hangs", at=1, count=2)
    outcomes = pool.run_cases({"eager": cases}, command=COMMAND)
    assert outcomes["eager", cases[1]].crashed.startswith(f"signal {signal.SIGKILL.name}")
    assert outcomes["eager", cases[0]].crashed is None


def test_a_worker_is_replaced_before_its_caches_grow_too_large(monkeypatch):
    monkeypatch.setitem(pool.CASES_OF_A_WORKER, "eager", 1)
    monkeypatch.setitem(pool.BATCH, "eager", 1)
    outcomes = pool.run_cases({"eager": cases_with("fine", 0, count=4)}, command=COMMAND)
    assert len({outcome.error.split()[0] for outcome in outcomes.values()}) == 4


def test_compiled_values_come_from_the_step_for_the_gradients():
    cases = cases_with("underivable", at=1, count=4)
    wanted = {"compiled": cases, "gradient": cases[:3]}
    outcomes = pool.run_in_one_step(wanted, command=COMMAND)
    assert len(outcomes) == 7
    for case in (cases[0], cases[2]):
        assert outcomes["compiled", case] is outcomes["gradient", case]
        assert outcomes["compiled", case].error is None
    for case in (cases[1], cases[3]):
        assert outcomes["compiled", case].error.split()[1] == "compiled"


def test_known_failures_run_alone_if_they_would_repeat_others():
    cases = cases_with("fine", at=0, count=6)
    apart = {("compiled", cases[2]), ("eager", cases[3])}
    batches = pool._batches({"compiled": cases, "eager": cases}, apart)
    assert [batch.cases for batch in batches if len(batch.cases) == 1] == [(cases[2],)]
    assert sum(len(batch.cases) for batch in batches) == 12


def test_cases_that_may_end_the_process_run_alone():
    from backends_tests.named import NAMED

    batches = pool._batches({"probe": NAMED})
    alone = [batch.cases[0] for batch in batches if len(batch.cases) == 1]
    assert {case for case in NAMED if case.is_risky} <= set(alone)
    assert sum(len(batch.cases) for batch in batches) == len(NAMED)
