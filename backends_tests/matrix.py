"""Write the reports of several backends as one Markdown table.

python -m backends_tests.matrix conformance-tensorflow.json conformance-jax.json > matrix.md
"""

import io
import sys
from collections import Counter
from collections.abc import Sequence

from backends_tests.report import Data, read

__all__ = ["main", "matrix"]


def matrix(reports: Sequence[Data]) -> str:
    """Return Markdown: the runs, a row for each layer and property, and the known failures.

    Args:
        reports: what `Report.write` wrote, one for each backend or each version of Keras.
    """
    titles = _titles(reports)
    causes = [_causes(*pair) for pair in zip(titles, reports, strict=True)]
    return "\n\n".join([_runs(reports), _table(titles, reports), *causes]) + "\n"


def main(paths: Sequence[str]) -> None:
    """Print the matrix of the reports at some paths."""
    if not paths:
        raise SystemExit("Give one or more files conformance-<backend>.json.")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # on Windows, a file would get another encoding
    print(matrix([read(path) for path in paths]), end="")


def _titles(reports: Sequence[Data]) -> list[str]:
    """Return the backend of each report, with the version of Keras if several have that backend."""
    names = Counter(report["backend"] for report in reports)
    return [
        report["backend"]
        if names[report["backend"]] == 1
        else f"{report['backend']}, Keras {report['versions']['Keras']}"
        for report in reports
    ]


def _runs(reports: Sequence[Data]) -> str:
    lines = ["| backend | device | versions | tests | pass | known failure | fail | CPU seconds |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for report in reports:
        total: Counter[str] = Counter()
        for layer, property_ in _keys(report):
            total += _count(report, layer, property_)
        versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
        run = report["run"]
        kind = report["device"] if run == "default" else f"{report['device']}, {run}"
        numbers = [total.total(), total["pass"], total["known failure"], total["fail"]]
        cells = [report["backend"], kind, versions, *numbers, round(report["cpu_seconds"])]
        lines.append(_row(cells))
    return "\n".join(lines)


def _table(titles: Sequence[str], reports: Sequence[Data]) -> str:
    keys = list(dict.fromkeys(key for report in reports for key in _keys(report)))
    layers = list(dict.fromkeys(layer for layer, _ in keys))
    properties = list(dict.fromkeys(property_ for _, property_ in keys))
    lines = [_row(["layer", "property", *titles])]
    lines.append("|---" * (2 + len(reports)) + "|")
    for layer in layers:
        for property_ in properties:
            if (layer, property_) in keys:
                cells = [_cell(_count(report, layer, property_)) for report in reports]
                lines.append(_row([layer, property_, *cells]))
    return "\n".join(lines)


def _causes(title: str, report: Data) -> str:
    causes = Counter(
        one["reason"] for one in report["not_passed"] if one["outcome"] == "known failure"
    )
    lines = [f"### Known failures on {title}", ""]
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


def _count(report: Data, layer: str, property_: str) -> Counter[str]:
    return Counter(report["counts"].get(layer, {}).get(property_, {}))


def _keys(report: Data) -> list[tuple[str, str]]:
    return [(layer, property_) for layer, found in report["counts"].items() for property_ in found]


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
