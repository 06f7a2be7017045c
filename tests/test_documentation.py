"""Run the Python code in README.md and docs/, and check the shell commands against CI."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import kcore

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
# Sphinx writes pages of its own into other subdirectories.
WRITTEN = (DOCS, *(DOCS / name for name in ("how_to", "upstream")))
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(page for directory in WRITTEN for page in sorted(directory.glob("*.md"))),
]


def name_of(page):
    """Return a name that holds no slash."""
    return page.relative_to(ROOT).as_posix().replace("/", "-")


# It needs additional packages, so tests/export runs it.
LEFT_TO_OTHERS = ROOT / "docs" / "export.md"


# Runs each block with names and a directory of its own, but those of several pages in one process,
# which saves the time to import a backend for each.
RUN_BLOCKS = """
import json, os, pathlib, sys, traceback

failed = False
for name, block in json.load(sys.stdin).items():
    directory = pathlib.Path(sys.argv[1], name)
    directory.mkdir()
    os.chdir(directory)
    try:
        exec(compile(block, f"<{name}>", "exec"), {"__name__": "__main__"})
    except Exception:
        traceback.print_exc()
        failed = True
sys.exit(failed)
"""


def blocks_of(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.M | re.S)


SHELL_BLOCKS = [
    pytest.param(block, id=f"{name_of(page)}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks_of(page, "sh"), start=1)
]
PAGES_WITH_PYTHON = [page for page in PAGES if page != LEFT_TO_OTHERS and blocks_of(page, "python")]
PROCESSES = 3


def test_every_block_is_in_a_tested_language():
    for page in PAGES:
        fences = re.findall(r"^```(\w*)$", page.read_text(), re.M)
        assert set(fences[::2]) <= {"python", "sh"}
        assert set(fences[1::2]) <= {""}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PROCESSES))
def test_python_blocks_run(part, tmp_path):
    blocks = {
        f"{name_of(page)}, python block {number}": block
        for page in PAGES_WITH_PYTHON[part::PROCESSES]
        for number, block in enumerate(blocks_of(page, "python"), start=1)
    }
    result = run_blocks(blocks, tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_block_that_fails_is_named_and_the_others_run(tmp_path):
    blocks = {"a": "import pathlib\npathlib.Path('made').touch()", "b": "name", "c": "pathlib"}
    result = run_blocks(blocks, tmp_path)
    assert result.returncode == 1
    assert (tmp_path / "a" / "made").exists()
    for name in ("b", "c"):
        assert f'File "<{name}>", line 1' in result.stderr


def run_blocks(blocks, directory):
    return subprocess.run(
        [sys.executable, "-c", RUN_BLOCKS, str(directory)],
        input=json.dumps(blocks),
        capture_output=True,
        text=True,
    )


def test_ci_runs_the_two_commands_of_the_readme():
    commands = [block.values[0].strip() for block in SHELL_BLOCKS[:2]]
    assert all(
        command.startswith("python3 -m venv --without-pip .venv && ") for command in commands
    )
    lines = (ROOT / ".ci" / "run").read_text().strip().splitlines()
    assert lines[-3:] == [*commands, ".venv/bin/nox -t release"]


@pytest.mark.parametrize("code", SHELL_BLOCKS)
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


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_that_exist(page):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_names_of_kcore_exist(page):
    for name in re.findall(r"`kcore((?:\.[A-Za-z]\w*)+)(?![\w*])", page.read_text()):
        value = kcore
        for part in name.split(".")[1:]:
            value = getattr(value, part)
