"""What `import kcore` adds to `import keras`, each in fresh interpreters that take turns."""

import argparse
import statistics
import subprocess
import sys

import harness

CODE = """
import time
start = time.perf_counter()
import keras
middle = time.perf_counter()
import kcore
print(middle - start, time.perf_counter() - middle)
"""

ALL_MODULES = "import kcore.datasets, kcore.images, kcore.models, kcore.training, kcore.visualize"


def main() -> None:
    """Measure and print milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    harness.rounds_option(parser, default=7)
    options = parser.parse_args()
    print("| statement | import keras (ms) | added by it (ms) |\n| --- | --- | --- |")
    for statement in ("import kcore", ALL_MODULES):
        pairs = [times(statement) for _ in range(options.rounds)]
        keras, ours = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"| `{statement}` | {keras:.0f} | {ours:.1f} |")


def times(statement: str) -> list[float]:
    """Return the seconds of `import keras` and of `statement` after it, in a new interpreter."""
    code = CODE.replace("import kcore", statement)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return [float(word) for word in result.stdout.split()]


if __name__ == "__main__":
    main()
