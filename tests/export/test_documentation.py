"""What docs/export.md shows is run."""

import re
import subprocess
import sys
from pathlib import Path

import keras

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def test_python_blocks_run_one_after_the_other(tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 2
    if keras.backend.backend() != "tensorflow":
        blocks = blocks[:1]
    for block in blocks:
        command = [sys.executable, "-c", block]
        result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
