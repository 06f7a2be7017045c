"""Run the Python code in README.md and docs/, and check the shell commands against CI."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


# It needs additional packages, so tests/export runs it.
LEFT_TO_OTHERS = ROOT / "docs" / "export.md"


def blocks(language):
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.M | re.S)
    return [
        pytest.param(block, id=f"{page.name}-{number}")
        for page in PAGES
        if language == "sh" or page != LEFT_TO_OTHERS
        for number, block in enumerate(pattern.findall(page.read_text()), start=1)
    ]


def test_every_block_is_in_a_tested_language():
    for page in PAGES:
        fences = re.findall(r"^```(\w*)$", page.read_text(), re.M)
        assert set(fences[::2]) <= {"python", "sh"}
        assert set(fences[1::2]) <= {""}


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks_run(code, tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ.copy(),
    )
    assert result.returncode == 0, result.stderr


def test_ci_runs_the_two_commands_of_the_readme():
    commands = [block.values[0].strip() for block in blocks("sh")[:2]]
    assert all(
        command.startswith("python3 -m venv --without-pip .venv && ") for command in commands
    )
    lines = (ROOT / ".ci" / "run").read_text().strip().splitlines()
    assert lines[-3:] == [*commands, ".venv/bin/nox -t release"]


@pytest.mark.parametrize("code", blocks("sh"))
def test_shell_blocks_use_sessions_and_files_that_exist(code):
    for path in re.findall(r"(?:examples|benchmarks|tests)/[\w./]+", code):
        assert (ROOT / path).exists()
    for extra in re.findall(r"\.\[([\w-]+)\]", code):
        assert (
            extra
            in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
                "optional-dependencies"
            ]
        )
    noxfile = (ROOT / "noxfile.py").read_text()
    for session in re.findall(r'nox -s "?(\w+)', code):
        assert f"def {session}(" in noxfile
    for tag in re.findall(r"nox -t (\w+)", code):
        assert f'"{tag}"' in noxfile


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_exist(page):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
