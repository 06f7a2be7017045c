"""Write the table of counts in docs/reliability.md anew, from what the session `attack` left.

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
    """Put rows into the page; those that no session has counted stay."""
    text = PAGE.read_text()
    table = re.search(r"(\| attack \|.*?\n\|[-| :]+\n)((?:\|.*\n)*)", text)
    known = {row.split("|")[1].strip(): row for row in table[2].splitlines(keepends=True)}
    for file in sorted(COUNTS.glob("*.json"), reverse=True):  # of two backends the first counts
        found = json.loads(file.read_text())
        cells = [found["attack"], *(str(found[column]) for column in COLUMNS)]
        known[found["attack"]] = f"| {' | '.join(cells)} |\n"
    PAGE.write_text(text[: table.start(2)] + "".join(known.values()) + text[table.end(2) :])


if __name__ == "__main__":
    main()
