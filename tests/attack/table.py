"""Rewrite the table in docs/reliability.md from the counts of the session `attack`.

python tests/attack/table.py
"""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
COUNTS = ROOT / "outputs" / "attack"
COLUMNS = ("cases", "right", "refused", "undetectable", "wrong")


def main():
    """Replace rows of the page; rows without new counts stay."""
    text = PAGE.read_text()
    table = re.search(r"(\| attack \|.*?\n\|[-| :]+\n)((?:\|.*\n)*)", text)
    known = {row.split("|")[1].strip(): row for row in table[2].splitlines(keepends=True)}
    for file in sorted(COUNTS.glob("*.json"), reverse=True):  # the first backend wins
        found = json.loads(file.read_text())
        cells = [found["attack"], *(str(found[column]) for column in COLUMNS)]
        known[found["attack"]] = f"| {' | '.join(cells)} |\n"
    PAGE.write_text(text[: table.start(2)] + "".join(known.values()) + text[table.end(2) :])


if __name__ == "__main__":
    main()
