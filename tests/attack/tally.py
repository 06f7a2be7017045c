"""Count the outcomes of attacks, and compare the counts with the table in docs/reliability.md.

Each case has one of four outcomes. "right": the result is the same as for an intact input.
"refused": the documented error, which names the input. "undetectable": a different result of the
right shape and type, because the format has no checksums. "wrong": anything else, such as another
error, a wrong value that could have been noticed, or a call that never ends; there must be none.
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
# The HDF5 library itself never finishes reading the file, as docs/reliability.md says.
UNREADABLE = "unreadable"
MOST_UNREADABLE = 0.03

SECONDS = 60
SHOWN = 25
# How much damage is noticed depends slightly on the versions of Pillow, HDF5 and zlib.
TOLERANCE = 0.05


class HangingError(BaseException):
    """A case took too long; the code under test doesn't catch this."""


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
            name: name of the case, for messages.
            attempt: function without arguments.
            judge: function of the result of `attempt`; returns `RIGHT`, `UNDETECTABLE`, or a text
                that says what is wrong.
            refusals: the documented errors.
            named: text that their messages must contain.
            must: the only allowed outcome, or None.
            seconds: time limit.
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
        """Count a case with a known outcome; any other text says what is wrong."""
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
        """Write the counts to outputs/attack, and check them.

        Args:
            at_least: smallest number of cases, to notice an incomplete corpus.
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
    """Raise `HangingError` if the body takes longer; the timer of pytest-timeout stays on."""

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
    """Assert that the row in the table agrees with the counts."""
    remedy = "write the table anew: python tests/attack/table.py"
    row = table.get(found["attack"])
    assert row is not None, f"{PAGE.name} has no row {found['attack']!r}: {remedy}"
    for name in ("cases", WRONG):
        assert row[name] == found[name], f"{found} differs from {row}: {remedy}"
    allowed = max(3, TOLERANCE * found["cases"])
    for name in (RIGHT, REFUSED, UNDETECTABLE):
        assert abs(row[name] - found[name]) <= allowed, f"{found} differs from {row}: {remedy}"
