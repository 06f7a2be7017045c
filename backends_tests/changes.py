"""Print which tests failed in only one of two runs.

python -m backends_tests.changes before.json after.json

The exit status is 1 if a test that didn't fail before fails after.
"""

import sys
from collections.abc import Sequence

from backends_tests.report import Data, read

__all__ = ["changes", "main"]


def changes(before: Data, after: Data) -> tuple[list[str], list[str]]:
    """Return the tests that fail only after, and those that failed only before.

    Args:
        before: a report.
        after: another one.
    """
    old, new = (
        {each["test"]: each["reason"] for each in report["not_passed"]}
        for report in (before, after)
    )
    appeared = [f"{test}: {reason}" for test, reason in new.items() if test not in old]
    return appeared, [test for test in old if test not in new]


def main(paths: Sequence[str]) -> int:
    """Print the changes between the reports at two paths, and return the exit status."""
    if len(paths) != 2:
        print("Give two reports: the one before and the one after.", file=sys.stderr)
        return 4
    before, after = map(read, paths)
    for name in ("suite", "run", "backend"):
        if before[name] != after[name]:
            print(
                f"Caution: {name} is {before[name]!r} before and {after[name]!r} after, so some "
                "tests may be in only one of the runs."
            )
    appeared, gone = changes(before, after)
    for title, tests in (("Failures only after", appeared), ("Failures only before", gone)):
        print(f"{title}: {len(tests)}")
        print("".join(f"  {test}\n" for test in tests), end="")
    return int(bool(appeared))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
