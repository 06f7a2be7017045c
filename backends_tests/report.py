"""Write the result of a run as JSON: counts by layer and property, and what didn't pass."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backends_tests.environment import Environment

__all__ = ["Report", "Result"]


@dataclass(frozen=True)
class Result:
    """How one test ended: `"pass"`, `"known failure"` or `"fail"`, with the reason."""

    test: str
    layer: str
    subject: str
    outcome: str
    reason: str = ""


@dataclass
class Report:
    """All results of one run.

    Attributes:
        environment: the environment of the run.
        full: whether it was a full run.
        seconds: wall time.
        cpu_seconds: CPU time of all its processes; other load on the machine adds nothing to it.
        results: how each test ended.
    """

    environment: Environment
    full: bool
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    results: list[Result] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write the report."""
        path.write_text(json.dumps(self.as_data(), indent=1) + "\n", encoding="utf-8")

    def as_data(self) -> dict[str, Any]:
        """Return the report as data for JSON."""
        counts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for result in self.results:
            counts[result.layer][result.subject][result.outcome] += 1
        return {
            "backend": self.environment.backend,
            "device": self.environment.device,
            "versions": self.environment.versions,
            "full": self.full,
            "seconds": round(self.seconds, 1),
            "cpu seconds": round(self.cpu_seconds, 1),
            "counts": counts,
            "not passed": [vars(result) for result in self.results if result.outcome != "pass"],
        }
