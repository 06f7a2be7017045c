"""Run batches of cases in worker processes, and survive the death of a worker.

When a worker dies, the outcomes of its batch are lost. The batch is then halved until the case that
ends the process is alone, and that case is reported as a crash. Cases that are known to fail run
alone from the start.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from backends_tests.cases import Case
from backends_tests.named import Named
from backends_tests.outcome import Outcome
from backends_tests.worker import receive, send

__all__ = ["run_cases", "run_in_one_step"]

Key = tuple[str, Case | Named]
"""A way of running cases, see `execute`, and a case."""

WORKER = (sys.executable, "-m", "backends_tests.worker")

BATCH = {"symbolic": 400, "eager": 40, "compiled": 48, "gradient": 24, "probe": 30}
"""Cases in one batch: enough to share a compilation, few enough to compile fast."""

TOGETHER = ("compiled", "gradient")
"""Ways in which one failing case makes its whole batch run again, in smaller parts."""

CASES_OF_A_WORKER = {
    "symbolic": 6000,
    "eager": 1000,
    "compiled": 1200,
    "gradient": 600,
    "probe": 300,
}
"""A worker is replaced after this many cases, to free what its backend has cached."""

SECONDS_FOR_A_BATCH = 300


@dataclass(frozen=True)
class _Batch:
    way: str
    cases: tuple[Case | Named, ...]

    def halves(self) -> list["_Batch"]:
        half = len(self.cases) // 2
        return [_Batch(self.way, self.cases[:half]), _Batch(self.way, self.cases[half:])]


class _Worker:
    """A child process and the pipes to and from it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the worker
        self.used_up = 0.0
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._questions, self._answers = self._process.stdin, self._process.stdout

    def run(self, batch: _Batch) -> list[Outcome]:
        """Return the outcomes of a batch.

        Raises:
            EOFError: if the process died.
        """
        self.used_up += len(batch.cases) / CASES_OF_A_WORKER[batch.way]
        timer = threading.Timer(SECONDS_FOR_A_BATCH, self._process.kill)
        timer.start()
        try:
            send(self._questions, (batch.way, batch.cases))
            return cast("list[Outcome]", receive(self._answers))
        except OSError as error:
            raise EOFError from error
        finally:
            timer.cancel()

    def close(self) -> str:
        """End the process and say how it ended."""
        for pipe in (self._questions, self._answers):
            with contextlib.suppress(OSError):  # a broken pipe, which Windows calls otherwise
                pipe.close()
        code = self._process.wait()
        self._log.seek(0)
        last = self._log.read().decode(errors="replace").strip().splitlines()[-1:]
        self._log.close()
        ending = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        return f"{ending}; last line of its log: {last[0] if last else '(empty)'}"


def run_cases(
    wanted: Mapping[str, Sequence[Case | Named]],
    apart: Collection[Key] = (),
    command: Sequence[str] = WORKER,
) -> dict[Key, Outcome]:
    """Run cases in the given ways.

    Args:
        wanted: way (see `execute`) -> cases.
        apart: ways and cases that are known to fail.
        command: the command that starts a worker.

    Returns:
        Outcomes by way and case.
    """
    queue = deque(_batches(wanted, apart))
    outcomes: dict[Key, Outcome] = {}
    count = min(2, os.cpu_count() or 1)
    arguments = (queue, outcomes, command)
    threads = [threading.Thread(target=_serve, args=arguments) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    missing = [
        (way, c.id) for way, cases in wanted.items() for c in cases if (way, c) not in outcomes
    ]
    if missing:
        raise RuntimeError(f"{len(missing)} cases have no outcome; the first is {missing[0]}.")
    return outcomes


def run_in_one_step(
    wanted: Mapping[str, Sequence[Case | Named]],
    apart: Collection[Key] = (),
    command: Sequence[str] = WORKER,
) -> dict[Key, Outcome]:
    """Run cases as `run_cases` does, with compiled values from the step for the gradients.

    Cases without a gradient, and cases for which that step fails, are compiled separately.
    """
    compiled, trained = wanted.get("compiled", ()), set(wanted.get("gradient", ()))
    alone = [case for case in compiled if case not in trained]
    outcomes = run_cases({**wanted, "compiled": alone}, apart, command)
    failed = []
    for case in trained.intersection(compiled):
        outcome = outcomes["gradient", case]
        outcomes["compiled", case] = outcome
        if outcome.error or outcome.crashed:
            failed.append(case)
    return outcomes | run_cases({"compiled": failed}, apart, command)


def _batches(
    wanted: Mapping[str, Sequence[Case | Named]], apart: Collection[Key] = ()
) -> list[_Batch]:
    """Make batches; a case that is expected to fail is alone, so it fails no other."""
    batches = []
    for way, cases in wanted.items():
        together = [case for case in cases if not _is_risky(way, case, apart)]
        batches += [_Batch(way, (case,)) for case in cases if _is_risky(way, case, apart)]
        starts = range(0, len(together), BATCH[way])
        batches += [_Batch(way, tuple(together[start : start + BATCH[way]])) for start in starts]
    return batches


def _is_risky(way: str, case: Case | Named, apart: Collection[Key]) -> bool:
    """Tell whether a case may end the process, or make its whole batch run again."""
    if isinstance(case, Named) and case.is_risky:
        return True
    return way in TOGETHER and (way, case) in apart


def _serve(queue: deque[_Batch], outcomes: dict[Key, Outcome], command: Sequence[str]) -> None:
    """Run batches from the queue until it is empty."""
    worker = None
    while True:
        try:
            batch = queue.popleft()
        except IndexError:
            break
        worker = worker or _Worker(command)
        try:
            answers = worker.run(batch)
        except EOFError:
            ending = worker.close()
            worker = None
            if len(batch.cases) > 1:
                queue.extend(batch.halves())
                continue
            answers = [Outcome(crashed=ending)]
        for case, outcome in zip(batch.cases, answers, strict=True):
            outcomes[batch.way, case] = outcome
        if worker and worker.used_up >= 1:
            worker.close()
            worker = None
    if worker:
        worker.close()
