"""Runs of the suite on the backend: the report, the summary, and lists of known failures."""

import json
import subprocess
import sys

import jsonschema
import pytest

from backends_tests.report import SCHEMA_FILE

# A few tests that every backend passes, and that take little time.
FEW = ("--quick", "-k", "GlobalMaxPooling1D and shapes and not kcore")
LIST = """
[[failure]]
cause = "a shape that is right"
versions = "1.0"
upstream = "not reported"
tests = ["test_grid.py::test_shapes[GlobalMaxPooling1D-*-nan]"]
"""


def run(directory, *options):
    return subprocess.run(
        [sys.executable, "-m", "backends_tests", *FEW, *options],
        capture_output=True,
        text=True,
        cwd=directory,
    )


def validated(path):
    data = json.loads(path.read_text())
    jsonschema.validate(data, json.loads(SCHEMA_FILE.read_text()))
    return data


def test_a_run_writes_a_report_as_its_schema_says(tmp_path, environment):
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    result = run(tmp_path)
    path = tmp_path / f"conformance-{environment.backend}.json"
    assert result.returncode == 0, result.stdout + result.stderr
    data = validated(path)
    assert (data["backend"], data["device"]) == (environment.backend, environment.device)
    assert data["versions"] == environment.versions
    assert data["run"] == "part"
    assert data["not_passed"] == []
    (counts,) = data["counts"].values()
    assert list(counts) == ["shapes"]
    assert f"Report: {path}\nAll tests passed. This was a part of the suite." in result.stdout
    assert f"Computing {counts['shapes']['pass']} cases" in result.stdout


def test_a_known_failure_that_passes_fails_the_run(tmp_path):
    (tmp_path / "list.toml").write_text(LIST)
    result = run(tmp_path, "--known-failures", "list.toml", "--report", "report.json")
    assert result.returncode == 1, result.stdout + result.stderr
    failed = validated(tmp_path / "report.json")["not_passed"]
    assert failed
    for each in failed:
        assert each["outcome"] == "fail"
        assert each["reason"] == (
            "passes, but is in the list of known failures: a shape that is right [1.0; not "
            "reported]"
        )
        assert each["test"] in result.stdout
    assert f"{len(failed)} test{'s' * (len(failed) > 1)} failed." in result.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "No such file"), ("[[failure]]\ncause = 'x'", "an entry has the keys ['cause']")],
)
def test_a_list_that_can_not_be_read_is_named(tmp_path, content, message):
    if content:
        (tmp_path / "list.toml").write_text(content)
    result = run(tmp_path, "--known-failures", "list.toml")
    assert result.returncode == 4
    assert "ERROR: Can't read the known failures: " in result.stderr
    assert message in result.stderr
