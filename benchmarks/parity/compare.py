"""Compare the runs that `record.py` wrote on two backends, draw them, and check the limits."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from runs import RUNS, Run

FIRST, SECOND = "TensorFlow", "JAX"
TWIN_COLORS = {FIRST: "tab:orange", SECOND: "tab:blue"}
# The backends round in other places than a twin, and four twins are not all that there can be.
MOST_BEYOND_TWINS = 2


@dataclass
class Comparison:
    """How far apart the runs are after each step.

    Attributes:
        between: distances of the two backends, (steps + 1,).
        twins: backend -> distances of its own run and that run's twins, (twins, steps + 1).
    """

    between: np.ndarray
    twins: dict[str, np.ndarray]

    @property
    def farthest_twin(self) -> np.ndarray:
        """The largest distance of any twin until each step, (steps + 1,)."""
        return np.maximum.accumulate(np.concatenate(list(self.twins.values())).max(axis=0))


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the largest difference of a probability after each step, (..., steps + 1)."""
    return np.abs(one.astype(np.float64) - other).max(axis=(-2, -1))


def compared(first: dict, second: dict) -> Comparison:
    """Compare what two backends recorded of a run."""
    twins = {
        backend: distances(recorded["answers"], recorded["twins"])
        for backend, recorded in ((FIRST, first), (SECOND, second))
        if "twins" in recorded
    }
    return Comparison(distances(first["answers"], second["answers"]), twins)


def beyond_twins(run: Run, comparison: Comparison) -> float:
    """Return how many times farther apart the backends are than any twin, at most.

    Differences within the run's limit don't count.
    """
    least = np.maximum(comparison.farthest_twin, run.limit)
    return float((comparison.between / least).max())


def problems(run: Run, comparison: Comparison, accuracies: list[np.ndarray]) -> list[str]:
    """Return what exceeds the limits of a run."""
    found = []
    within = comparison.between[: run.limit_steps + 1].max()
    if within > run.limit:
        found.append(f"{within:.1e} in {run.limit_steps} steps, above {run.limit:.0e}")
    if comparison.twins and (times := beyond_twins(run, comparison)) > MOST_BEYOND_TWINS:
        found.append(f"the backends are {times:.1f} times farther apart than any twin")
    if accuracies:
        one, other = accuracies
        gap, spread = abs(one.mean() - other.mean()), max(one.std(ddof=1), other.std(ddof=1))
        if gap > spread:
            found.append(f"mean accuracies differ by {gap:.4f}, those of seeds by {spread:.4f}")
    return [f"{run.title}: {text}" for text in found]


def draw(comparisons: dict[str, Comparison], path: Path) -> None:
    """Draw a panel for each run: distance against step, on a logarithmic axis."""
    figure = Figure(figsize=(9, 6.5), layout="constrained", dpi=110)
    panels = figure.subplots(2, 2)
    shown = {}
    for panel, (name, comparison) in zip(panels.flat, comparisons.items(), strict=True):
        run = RUNS[name]
        for backend, twins in comparison.twins.items():
            for twin in twins:
                (line,) = panel.plot(visible(twin), color=TWIN_COLORS[backend], linewidth=0.8)
            shown[f"{backend} and its twins"] = line
        (line,) = panel.plot(visible(comparison.between), color="black", linewidth=1.3)
        shown[f"{FIRST} and {SECOND}"] = line
        shown["limit"] = panel.hlines(
            run.limit, 0, run.limit_steps, color="tab:red", linestyle="--"
        )
        panel.set(title=run.title, yscale="log", ylim=(5e-10, 1.5), xlabel="training steps")
        panel.set_ylabel("largest difference\nof a probability")
    figure.legend(list(shown.values()), list(shown), loc="outside lower center", ncols=len(shown))
    figure.savefig(path)


def visible(values: np.ndarray) -> np.ndarray:
    """Return values for a logarithmic axis, which has no 0."""
    return np.maximum(values, 1e-9)


def table(comparisons: dict[str, Comparison]) -> str:
    """Return the largest distances as a Markdown table."""
    lines = [
        "| training run | compared | within 10 steps | within all | steps |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for name, comparison in comparisons.items():
        rows = {f"{FIRST} and {SECOND}": comparison.between[None]}
        rows |= {f"{backend} and its twins": twins for backend, twins in comparison.twins.items()}
        for label, values in rows.items():
            early, late = values[:, :11].max(), values.max()
            steps = values.shape[1] - 1
            lines.append(f"| {RUNS[name].title} | {label} | {early:.1e} | {late:.1e} | {steps} |")
    return "\n".join(lines)


def main() -> None:
    """Compare, draw, print the table, and fail if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tensorflow", type=Path, help="folder recorded on TensorFlow")
    parser.add_argument("jax", type=Path, help="folder recorded on JAX")
    parser.add_argument("--picture", type=Path, help="where to save the picture")
    options = parser.parse_args()
    comparisons, exceeded = {}, []
    for name, run in RUNS.items():
        both = [dict(np.load(f / f"{name}.npz")) for f in (options.tensorflow, options.jax)]
        comparison = comparisons[name] = compared(*both)
        accuracies = [recorded["accuracies"] for recorded in both if "accuracies" in recorded]
        exceeded += problems(run, comparison, accuracies)
        for backend, numbers in zip((FIRST, SECOND), accuracies, strict=False):
            shown = " ".join(f"{number:.4f}" for number in numbers)
            print(
                f"{run.title}: test accuracies after {run.accuracy_steps} steps, {backend}: {shown}"
            )
        if comparison.twins:
            times = beyond_twins(run, comparison)
            print(f"{run.title}: at most {times:.2f} times as far apart as the farthest twin")
    print(table(comparisons))
    if options.picture is not None:
        draw(comparisons, options.picture)
    sys.exit("\n".join(exceeded) or None)


if __name__ == "__main__":
    main()
