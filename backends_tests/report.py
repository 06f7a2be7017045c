"""The result of a run as JSON: counts by layer and property, and every test that didn't pass."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

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
        environment: what it ran on.
        full: whether it was a full run.
        seconds: how long it took by the clock.
        cpu_seconds: how long all of its processes computed; other work doesn't lengthen this.
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

    def as_data(self) -> dict:
        """Return the report as what JSON can hold."""
        counts: dict = defaultdict(lambda: defaultdict(Counter))
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
