"""What type checkers see of kcore where a user writes `import kcore` and nothing else."""

import subprocess
import sys

import pytest

CHECKERS = {"mypy": ("mypy", "--strict"), "pyright": ("pyright",)}

RIGHT = """\
import kcore

window: kcore.shapes.Window = kcore.shapes.Window(5, 3)
size: int | None = window.output_size
model = kcore.models.mlp((28, 28), classes=5, seed=1)
pictures = kcore.data.from_directory("photos", batch_size=8)
generator = kcore.augment.ImageDataGenerator(rotation_range=20)
callback = kcore.visualize.LiveReport("report.html")
stop = kcore.training.StopAtTarget("accuracy", 0.9)
"""

# Each line alone must fail. A member that any module or class could have would hide all of them.
WRONG = {
    "module": "kcore.no_such_module",
    "function": "kcore.models.no_such_function(1)",
    "callback": "kcore.visualize.NoSuchCallback()",
    "argument": "kcore.models.mlp(clases=5)",
    "legacy argument": 'kcore.data.from_directory("photos", target_size=(8, 8))',
    "argument of a class": "kcore.augment.ImageDataGenerator(rotation=20)",
    "type of an argument": 'kcore.shapes.Window("five", 3)',
    "result": "size: str = kcore.shapes.Window(5, 3).output_size",
}


def check(checker, tmp_path, code):
    path = tmp_path / "snippet.py"
    path.write_text(code)
    command = [sys.executable, "-m", *CHECKERS[checker], str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)


@pytest.mark.parametrize("checker", CHECKERS)
def test_right_code_passes(checker, tmp_path):
    result = check(checker, tmp_path, RIGHT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("checker", CHECKERS)
def test_each_wrong_line_fails(checker, tmp_path):
    lines = ["import kcore", *WRONG.values()]
    result = check(checker, tmp_path, "\n".join(lines) + "\n")
    assert result.returncode == 1, result.stdout + result.stderr
    missed = [
        case
        for number, case in enumerate(WRONG, start=2)
        if f"snippet.py:{number}:" not in result.stdout
    ]
    assert not missed, result.stdout
