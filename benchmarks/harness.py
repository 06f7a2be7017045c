"""Time candidates side by side in one process, and report ratios.

A machine's speed changes from minute to minute, so the candidates take turns: each round runs every
candidate once, ratios are formed within a round, and the median over the rounds is reported.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
COURSE = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "rescale": 1 / 255,
}
"""The course's augmentation, as options of `ImageDataGenerator`."""


@dataclass
class Timing:
    """The seconds that one candidate took, a number for each round."""

    name: str
    seconds: list[float] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The median over the rounds, in seconds."""
        return statistics.median(self.seconds)

    def times_faster_than(self, peer: "Timing") -> float:
        """Return the median over the rounds of the peer's time divided by this one's."""
        pairs = zip(self.seconds, peer.seconds, strict=True)
        return statistics.median(theirs / ours for ours, theirs in pairs)


def measure(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """Run each candidate once to warm up, then in turns.

    Args:
        candidates: name -> function that does the work once.
        rounds: how often each runs, the warm-up not counted.
    """
    timings = {name: Timing(name) for name in candidates}
    for turn in range(rounds + 1):
        for name, run in candidates.items():
            start = time.perf_counter()
            run()
            seconds = time.perf_counter() - start
            label = "warm-up" if turn == 0 else f"round {turn} of {rounds}"
            print(f"  {label}: {name} {seconds:.2f} s", file=sys.stderr, flush=True)
            if turn > 0:
                timings[name].seconds.append(seconds)
    return timings


def table(timings: Sequence[Timing], ours: str) -> str:
    """Return a Markdown table: the time of each, and how many times faster `ours` is."""
    mine = next(timing for timing in timings if timing.name == ours)
    notes = list(dict.fromkeys(note for timing in timings for note in timing.notes))
    header = ["candidate", "median (s)", "range (s)", f"{ours} is faster by", *notes]
    rows = [header, ["---"] * len(header)]
    for timing in timings:
        ratio = "1" if timing is mine else f"{mine.times_faster_than(timing):.2f}"
        spread = f"{min(timing.seconds):.2f}-{max(timing.seconds):.2f}"
        values = [timing.notes.get(note, "") for note in notes]
        rows.append([timing.name, f"{timing.median:.2f}", spread, ratio, *values])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def environment(packages: Sequence[str]) -> dict[str, object]:
    """Describe what the numbers were measured on."""
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "cpus": os.cpu_count(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
    }


def save(name: str, groups: Mapping[str, Sequence[Timing]], about: Mapping[str, object]) -> Path:
    """Write the timings as JSON below `benchmarks/results`."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {
        "environment": about,
        "results": {
            group: [
                {"candidate": timing.name, "seconds": timing.seconds, **timing.notes}
                for timing in timings
            ]
            for group, timings in groups.items()
        },
    }
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path


def rounds_option(parser: argparse.ArgumentParser, default: int) -> None:
    """Add `--rounds`."""
    parser.add_argument("--rounds", type=int, default=default, help="runs of each candidate")
