"""Write the result of a run as JSON: counts by layer and property, and what didn't pass.

`report.schema.json` describes the file.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import kcore
from backends_tests.environment import Environment

__all__ = ["SCHEMA", "SCHEMA_FILE", "Data", "Report", "Result", "read"]

SCHEMA = "urn:kcore:conformance-report:1"
"""Name of the format. Its number grows when old readers can't read new reports."""

SCHEMA_FILE = Path(__file__).parent / "report.schema.json"

Data = dict[str, Any]
"""What `Report.as_data` returns."""


@dataclass(frozen=True)
class Result:
    """How one test ended: `"pass"`, `"known failure"` or `"fail"`, with the reason."""

    test: str
    layer: str
    property: str
    outcome: str
    reason: str = ""


@dataclass
class Report:
    """All results of one run.

    Attributes:
        environment: the environment of the run.
        run: `"quick"`, `"default"`, `"full"`, or `"part"` of one of these.
        started: when the run began.
        seconds: wall time.
        cpu_seconds: CPU time of all its processes; other load on the machine adds nothing to it.
        results: how each test ended.
    """

    environment: Environment
    run: str
    started: datetime
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    results: list[Result] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write the report."""
        path.write_text(json.dumps(self.as_data(), indent=1) + "\n", encoding="utf-8")

    def as_data(self) -> Data:
        """Return the report as data for JSON."""
        counts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for result in self.results:
            counts[result.layer][result.property][result.outcome] += 1
        return {
            "$schema": SCHEMA,
            "suite": kcore.__version__,
            "backend": self.environment.backend,
            "device": self.environment.device,
            "versions": self.environment.versions,
            "run": self.run,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "counts": counts,
            "not_passed": [vars(result) for result in self.results if result.outcome != "pass"],
        }


def read(path: str | Path) -> Data:
    """Read a report.

    Raises:
        ValueError: if the file is no report, or one in another format.
    """
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    found = data.get("$schema") if isinstance(data, dict) else None
    if found != SCHEMA:
        raise ValueError(f"{path}: $schema={found!r}, but a report has {SCHEMA!r}: run it again.")
    return cast(Data, data)
