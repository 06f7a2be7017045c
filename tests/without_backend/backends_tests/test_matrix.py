import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from backends_tests.environment import Environment
from backends_tests.matrix import main, matrix
from backends_tests.report import Report, Result

STARTED = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture
def report():
    environment = Environment("jax", "cpu", {"Keras": "3.15.1", "jax": "0.10"})
    results = [
        Result("a", "Conv2D", "eager", "pass"),
        Result("b", "Conv2D", "eager", "known failure", "the bias [keras 3.15.1; #1]"),
        Result("c", "Conv2D", "gradient", "fail", "no gradient"),
        Result("d", "Conv1D", "eager", "pass"),
    ]
    return Report(environment, "default", STARTED, cpu_seconds=12.34, results=results)


def test_the_matrix_has_a_column_for_each_backend(report):
    other = Report(
        Environment("tensorflow", "cpu", {}), "full", STARTED, results=report.results[3:]
    )
    lines = matrix([report.as_data(), other.as_data()]).splitlines()
    assert "| jax | cpu | Keras 3.15.1, jax 0.10 | 4 | 2 | 1 | 1 | 12 |" in lines
    assert "| tensorflow | cpu, full |  | 1 | 1 | 0 | 0 | 0 |" in lines
    assert "| layer | property | jax | tensorflow |" in lines
    assert "| Conv2D | eager | 1 known of 2 | not run |" in lines
    assert "| Conv2D | gradient | **1 fail** of 1 | not run |" in lines
    assert "| Conv1D | eager | pass 1 | pass 1 |" in lines
    assert "- 1 × the bias [keras 3.15.1; #1]" in lines


def test_a_matrix_in_a_file_is_utf_8_on_every_system(report, tmp_path):
    report.results[1] = Result("b", "Conv2D", "eager", "known failure", "rounds → 猫")
    path = tmp_path / "conformance-jax.json"
    report.write(path)
    ended = subprocess.run(
        [sys.executable, "-m", "backends_tests.matrix", str(path)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"},
    )
    assert "- 1 × rounds → 猫" in ended.stdout.decode("utf-8")


def test_reports_of_one_backend_are_told_apart_by_the_version_of_keras(report):
    older = Report(Environment("jax", "cpu", {"Keras": "3.14.0"}), "default", STARTED)
    lines = matrix([report.as_data(), older.as_data()]).splitlines()
    assert "| layer | property | jax, Keras 3.15.1 | jax, Keras 3.14.0 |" in lines
    assert "### Known failures on jax, Keras 3.14.0" in lines


def test_reports_are_merged_from_the_command_line(report, tmp_path, capsys):
    path = tmp_path / "conformance-jax.json"
    report.write(path)
    main([str(path)])
    assert "| Conv2D | eager | 1 known of 2 |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="Give one or more"):
        main([])
