"""The scripts in docs/upstream show their defects on the versions that the table names.

When a later Keras does better, this fails: then the table gets a "no", and once no supported
version has the defect, the page and its script go.
"""

import itertools
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import keras
import pytest
from oracles import needs

DIRECTORY = Path(__file__).parents[1] / "docs" / "upstream"
SCRIPTS = sorted(DIRECTORY.glob("*.py"))
STATES = {"yes": True, "no": False, "–": None}
NEWEST = "Keras 3.15"
"""The release whose output the pages show."""

# Runs scripts in one process, which saves the time to import a backend for each.
RUN_SCRIPTS = """
import pathlib, sys

for name in sys.argv[1:]:
    print("script:", name, flush=True)
    code = compile(pathlib.Path(name).read_text(), name, "exec")
    exec(code, {"__name__": "__main__", "__file__": name})
"""


@dataclass(frozen=True)
class Defect:
    """A row of the table: the script, its backends, and whether each version has the defect."""

    script: Path
    backends: frozenset[str]
    shown: dict[str, bool | None]


def defects():
    lines = (DIRECTORY / "index.md").read_text().splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]
    columns = rows[0][2:]
    for title, backends, *states in rows[2:]:
        page = re.search(r"\((\w+)\.md\)", title)[1]
        shown = {column: STATES[state] for column, state in zip(columns, states, strict=True)}
        yield Defect(DIRECTORY / f"{page}.py", frozenset(backends.split(", ")), shown)


DEFECTS = list(defects())


def column_of(version):
    if ".dev" in version:
        return "nightly"
    return f"Keras {'.'.join(version.split('.')[:2])}"


def run(command, directory):
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=directory,
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": keras.backend.backend()},
    )


def printed(script, text):
    """Return what a script says is expected, and what is actual; None if it didn't come to it."""
    lines = dict(re.findall(r"^(expected|actual): (.*)$", text, re.M))
    assert "expected" in lines, f"{script.name} printed {text!r}"
    return lines["expected"], lines.get("actual")


def outputs(scripts, directory):
    """Run scripts and return what each printed; a new process goes on after one that died."""
    found = {}
    left = list(scripts)
    while left:
        together = list(itertools.takewhile(lambda each: not starts_processes(each), left))
        command = ["-c", RUN_SCRIPTS, *together] if together else [left[0]]
        result = run(command, directory)
        assert result.returncode != 1, result.stderr
        text = result.stdout if together else f"script:\n{result.stdout}"
        parts = re.split("^script:.*$", text, flags=re.M)[1:]
        for script, part in zip(left, parts, strict=False):
            found[script] = printed(script, part)
        if result.returncode:
            last = left[len(parts) - 1]
            ending = f"the process ended with {signal.Signals(-result.returncode).name}"
            found[last] = (found[last][0], ending)
        left = left[len(parts) :]
    return found


def starts_processes(script):
    return "sys.argv" in script.read_text()


@pytest.mark.slow
@pytest.mark.timeout(1800)  # a minute on an idle machine
def test_the_scripts_show_the_defects_that_the_table_names(tmp_path):
    column = column_of(keras.__version__)
    if column not in DEFECTS[0].shown:
        pytest.skip(f"docs/upstream/index.md has no column {column}: add one")
    backend = keras.backend.backend()
    due = {
        defect.script: defect.shown[column]
        for defect in DEFECTS
        if backend in defect.backends and defect.shown[column] is not None
    }
    found = outputs(sorted(due, key=starts_processes), tmp_path)
    wrong = []
    for script, is_shown in due.items():
        expected, actual = found[script]
        if is_shown != (actual != expected):
            change = "is gone" if is_shown else "is back"
            wrong.append(f"{script.name}: the defect {change}; expected {expected}, got {actual}")
        elif is_shown and column == NEWEST:
            page = script.with_suffix(".md").read_text()
            for line in (f"    expected: {expected}\n", f"    actual: {actual}\n"):
                if line not in page:
                    wrong.append(f"{script.name}: its page must show {line!r}")
    assert not wrong, "\n".join([f"With {column} on {backend}:", *wrong])


def test_a_defect_that_is_gone_is_noticed(tmp_path):
    fixed, there = tmp_path / "fixed.py", tmp_path / "there.py"
    fixed.write_text("print('expected: 1')\nprint('actual:', 1)\n")
    there.write_text("print('expected: 1')\nprint('actual:', 2)\n")
    assert outputs([fixed, there], tmp_path) == {fixed: ("1", "1"), there: ("1", "2")}


@needs.signals
def test_scripts_after_one_that_ends_the_process_run(tmp_path):
    dies, after = tmp_path / "dies.py", tmp_path / "fine.py"
    dies.write_text("import os\nprint('expected: 1', flush=True)\nos.kill(os.getpid(), 8)\n")
    after.write_text("print('expected: 1')\nprint('actual: 1')\n")
    found = outputs([dies, after], tmp_path)
    assert found == {dies: ("1", "the process ended with SIGFPE"), after: ("1", "1")}


def test_each_script_has_a_page_and_a_row():
    assert sorted(defect.script for defect in DEFECTS) == SCRIPTS
    pages = {page.stem for page in DIRECTORY.glob("*.md")} - {"index"}
    assert pages == {script.stem for script in SCRIPTS}


@pytest.mark.parametrize("page", sorted(DIRECTORY.glob("*.md")), ids=lambda page: page.stem)
def test_links_lead_to_files_that_exist(page):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_scripts_are_short_and_use_the_public_api(script):
    text = script.read_text()
    assert len(text.splitlines()) <= 25
    imported = set(re.findall(r"^(?:import|from) (\S+)", text, re.M))
    assert imported - sys.stdlib_module_names <= {"keras", "numpy", "PIL"}
    assert "keras.src" not in text
    assert f"({script.name})" in script.with_suffix(".md").read_text()
