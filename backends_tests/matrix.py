"""Write the reports of several backends as one Markdown table.

python -m backends_tests.matrix conformance-tensorflow.json conformance-jax.json > matrix.md
"""

import io
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["main", "matrix"]

Data = dict[str, Any]
"""What `Report.as_data` returns."""


def matrix(reports: Sequence[Data]) -> str:
    """Return Markdown: the runs, a row for each layer and property, and the known failures.

    Args:
        reports: what `Report.write` wrote, one for each backend.
    """
    return "\n\n".join([_runs(reports), _table(reports), *(_causes(one) for one in reports)]) + "\n"


def main(paths: Sequence[str]) -> None:
    """Print the matrix of the reports at some paths."""
    if not paths:
        raise SystemExit("Give one or more files conformance-<backend>.json.")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # on Windows, a file would get another encoding
    print(matrix([json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]), end="")


def _runs(reports: Sequence[Data]) -> str:
    lines = ["| backend | device | versions | tests | pass | known failure | fail | CPU seconds |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for report in reports:
        total: Counter[str] = Counter()
        for layer, subject in _keys(report):
            total += _count(report, layer, subject)
        versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
        kind = f"{report['device']}{', full' if report['full'] else ''}"
        numbers = [total.total(), total["pass"], total["known failure"], total["fail"]]
        cells = [report["backend"], kind, versions, *numbers, round(report["cpu seconds"])]
        lines.append(_row(cells))
    return "\n".join(lines)


def _table(reports: Sequence[Data]) -> str:
    keys = list(dict.fromkeys(key for report in reports for key in _keys(report)))
    layers = list(dict.fromkeys(layer for layer, _ in keys))
    subjects = list(dict.fromkeys(subject for _, subject in keys))
    lines = [_row(["layer", "property", *(report["backend"] for report in reports)])]
    lines.append("|---" * (2 + len(reports)) + "|")
    for layer in layers:
        for subject in subjects:
            if (layer, subject) in keys:
                cells = [_cell(_count(report, layer, subject)) for report in reports]
                lines.append(_row([layer, subject, *cells]))
    return "\n".join(lines)


def _causes(report: Data) -> str:
    causes = Counter(
        one["reason"] for one in report["not passed"] if one["outcome"] == "known failure"
    )
    lines = [f"### Known failures on {report['backend']}", ""]
    lines += [f"- {count} × {reason}" for reason, count in causes.items()] or ["None."]
    return "\n".join(lines)


def _cell(count: Counter[str]) -> str:
    """Write `pass` or the numbers of failures, and the number of tests."""
    total = count.total()
    if not total:
        return "not run"
    parts = [f"**{count['fail']} fail**"] if count["fail"] else []
    parts += [f"{count['known failure']} known"] if count["known failure"] else []
    return f"{', '.join(parts)} of {total}" if parts else f"pass {total}"


def _count(report: Data, layer: str, subject: str) -> Counter[str]:
    return Counter(report["counts"].get(layer, {}).get(subject, {}))


def _keys(report: Data) -> list[tuple[str, str]]:
    return [(layer, subject) for layer, found in report["counts"].items() for subject in found]


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
