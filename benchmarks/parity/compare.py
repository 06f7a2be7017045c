"""Compare the runs that `record.py` wrote on two backends, draw them, and check the limits."""

import argparse
import sys
from pathlib import Path

import numpy as np
from runs import RUNS

FIRST, SECOND = "TensorFlow", "JAX"


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the largest difference of a probability after each step, (steps + 1,)."""
    return np.abs(one.astype(np.float64) - other).max(axis=(1, 2))


def judged(name: str, first: dict, second: dict) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the distances of a run by their names, and what is wrong with them."""
    run = RUNS[name]
    found = {f"{FIRST} and {SECOND}": distances(first["answers"], second["answers"])}
    between, problems = found[f"{FIRST} and {SECOND}"], []
    within = between[: run.limit_steps + 1].max()
    if within > run.limit:
        problems.append(f"{name}: {within:.1e} in {run.limit_steps} steps, above {run.limit:.0e}")
    if run.is_chaotic:
        for backend, recorded in ((FIRST, first), (SECOND, second)):
            twin = distances(recorded["answers"], recorded["twin"])
            found[f"{backend} and its own twin"] = twin
        farthest = max(twin.max() for label, twin in found.items() if "twin" in label)
        if between.max() > farthest:
            problems.append(
                f"{name}: the backends are {between.max():.1e} apart in the end, and no twin is "
                f"farther than {farthest:.1e}"
            )
    if "accuracies" in first:
        gap = abs(first["accuracies"].mean() - second["accuracies"].mean())
        spread = max(first["accuracies"].std(ddof=1), second["accuracies"].std(ddof=1))
        if gap > spread:
            problems.append(f"{name}: accuracies differ by {gap:.4f}, seeds by {spread:.4f}")
    return found, problems


def draw(all_found: dict[str, dict[str, np.ndarray]], path: Path) -> None:
    """Draw a panel for each run: distance against step, on a logarithmic axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6.5), layout="constrained", dpi=110)
    panels = figure.subplots(2, 2)
    for panel, (name, found) in zip(panels.flat, all_found.items(), strict=True):
        for label, values in found.items():
            style = {"color": "0.6", "linestyle": "--"} if "twin" in label else {}
            panel.plot(np.maximum(values, 1e-9), label=label, linewidth=1.4, **style)
        run = RUNS[name]
        panel.hlines(run.limit, 0, run.limit_steps, color="tab:red", linewidth=1, label="limit")
        panel.set(title=run.title, yscale="log", ylim=(5e-10, 1.5), xlabel="training steps")
        panel.set_ylabel("largest difference\nof a probability")
        panel.legend(fontsize=8, loc="lower right")
    figure.savefig(path)


def table(all_found: dict[str, dict[str, np.ndarray]]) -> str:
    """Return the distances after some steps as a Markdown table."""
    lines = [
        "| run | compared | after 10 steps | after all | steps |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, found in all_found.items():
        for label, values in found.items():
            early, late = values[: 10 + 1].max(), values.max()
            lines.append(
                f"| {RUNS[name].title} | {label} | {early:.1e} | {late:.1e} | {len(values) - 1} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Compare, draw, print the table, and fail if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tensorflow", type=Path, help="folder recorded on TensorFlow")
    parser.add_argument("jax", type=Path, help="folder recorded on JAX")
    parser.add_argument("--picture", type=Path, help="where to save the picture")
    options = parser.parse_args()
    all_found, all_problems = {}, []
    for name in RUNS:
        first, second = (
            dict(np.load(folder / f"{name}.npz")) for folder in (options.tensorflow, options.jax)
        )
        all_found[name], problems = judged(name, first, second)
        all_problems += problems
        if "accuracies" in first:
            for backend, recorded in ((FIRST, first), (SECOND, second)):
                numbers = " ".join(f"{value:.4f}" for value in recorded["accuracies"])
                print(f"{RUNS[name].title}, accuracy after an epoch on {backend}: {numbers}")
    print(table(all_found))
    if options.picture is not None:
        draw(all_found, options.picture)
    sys.exit("\n".join(all_problems))


if __name__ == "__main__":
    main()
