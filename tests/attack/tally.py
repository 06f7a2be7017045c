"""Count what attacks come to, and compare the counts with the table in docs/reliability.md.

Each case has one of four outcomes. "right": the result is that of sound input. "refused": the
documented error, which names the input. "undetectable": another result of the right form, for input
whose format has nothing that damage could be told by. "wrong": everything else, such as another
error, a wrong value where it could have been noticed, or no end; there must be none.
"""

import json
import os
import re
import signal
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
COUNTS = ROOT / "outputs" / "attack"

RIGHT, REFUSED, UNDETECTABLE, WRONG = OUTCOMES = ("right", "refused", "undetectable", "wrong")
# HDF5's own library does not come back from the file, whoever asks it: docs/reliability.md says so.
UNREADABLE = "unreadable"
MOST_UNREADABLE = 0.03

SECONDS = 60
SHOWN = 25
# Which damage a decoder notices depends a little on the versions of Pillow, HDF5 and zlib.
TOLERANCE = 0.05


class HangingError(BaseException):
    """A case took too long; no code under test catches this."""


class Tally:
    """The outcomes of one attack, a row of the table.

    Args:
        attack: its name in the table.
    """

    def __init__(self, attack):
        self.attack, self.counts, self.wrong = attack, Counter(), []
        self.unreadable = 0

    def case(self, name, attempt, judge, *, refusals=(), named="", must=None, seconds=SECONDS):
        """Count one case.

        Args:
            name: for people.
            attempt: a function without arguments.
            judge: called with what `attempt` returns; answers `RIGHT`, `UNDETECTABLE`, or says what
                is wrong.
            refusals: the documented errors.
            named: what their messages must hold.
            must: the only outcome allowed, if there is one.
            seconds: how long it may take.
        """
        try:
            with limited(seconds):
                outcome = judge(attempt())
        except HangingError:
            outcome = f"no end after {seconds} s"
        except refusals as error:
            said = str(error)
            outcome = REFUSED if named in said else f"{type(error).__name__} without name: {said}"
        except Exception as error:
            outcome = f"raised {type(error).__name__}: {error}"
        self.count(name, outcome, must)

    def count(self, name, outcome, must=None):
        """Count one case whose outcome is known; any other text says what is wrong."""
        if must is not None and outcome != must and outcome in OUTCOMES:
            outcome = f"was {outcome}, not {must}"
        if outcome == UNREADABLE:
            self.unreadable += 1
            return
        if outcome not in (RIGHT, REFUSED, UNDETECTABLE):
            self.wrong.append(f"{name}: {outcome}"[:400])
            outcome = WRONG
        self.counts[outcome] += 1

    def close(self, at_least):
        """Leave the counts in outputs/attack, and check them.

        Args:
            at_least: fewer cases would mean that the corpus was not made.
        """
        backend = os.environ.get("KCORE_TEST_BACKEND", "none")
        cases = self.counts.total() + self.unreadable
        found = {"attack": self.attack, "backend": backend, "cases": cases}
        found |= {outcome: self.counts[outcome] for outcome in OUTCOMES}
        found[UNDETECTABLE] += self.unreadable
        COUNTS.mkdir(parents=True, exist_ok=True)
        file = COUNTS / f"{backend}-{re.sub(r'[^a-z0-9]+', '-', self.attack.lower())}.json"
        file.write_text(json.dumps(found))
        print(json.dumps(found), file=sys.stderr)
        shown = "\n  ".join(self.wrong[:SHOWN])
        assert not self.wrong, f"{len(self.wrong)} of {cases} went wrong, such as\n  {shown}"
        assert cases >= at_least
        assert self.unreadable <= MOST_UNREADABLE * cases
        check_row(found, rows(PAGE.read_text()))


@contextmanager
def limited(seconds):
    """Raise `HangingError` if the body takes longer, and leave the timer of pytest-timeout on."""

    def hang(*_):
        raise HangingError

    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, hang)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:
            elapsed = time.monotonic() - start
            signal.setitimer(signal.ITIMER_REAL, max(left - elapsed, 0.1))


def rows(text):
    """Return the table's rows: name of the attack -> its counts."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 2 + len(OUTCOMES) and cells[1].isdecimal():
            found[cells[0]] = dict(zip(("cases", *OUTCOMES), map(int, cells[1:]), strict=True))
    return found


def check_row(found, table):
    """Assert that the table says what was found."""
    remedy = "write the table anew: python tests/attack/table.py"
    row = table.get(found["attack"])
    assert row is not None, f"{PAGE.name} has no row {found['attack']!r}: {remedy}"
    for name in ("cases", WRONG):
        assert row[name] == found[name], f"{found} differs from {row}: {remedy}"
    allowed = max(3, TOLERANCE * found["cases"])
    for name in (RIGHT, REFUSED, UNDETECTABLE):
        assert abs(row[name] - found[name]) <= allowed, f"{found} differs from {row}: {remedy}"
