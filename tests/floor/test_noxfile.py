"""A GPU session without a GPU says so, and fails where a GPU is required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NOXFILE = Path(__file__).parents[2] / "noxfile.py"


def nox(tmp_path, *arguments, **environment):
    # A PATH with nothing in it has no nvidia-smi either, whatever machine this is.
    env = {**os.environ, "PATH": str(tmp_path), "KCORE_REQUIRE_GPU": "0", **environment}
    return subprocess.run(
        [sys.executable, "-m", "nox", "-f", str(NOXFILE), "--envdir", str(tmp_path), *arguments],
        capture_output=True,
        text=True,
        env=env,
    )


@pytest.mark.parametrize("session", ["tests(jax-gpu)", "conformance(tensorflow-gpu)"])
def test_without_a_gpu_a_gpu_session_skips_with_the_reason(tmp_path, session):
    result = nox(tmp_path, "-s", session)
    assert result.returncode == 0, result.stderr
    assert f"Session {session} skipped: nvidia-smi lists no GPU on this machine" in result.stderr


def test_a_required_gpu_that_is_not_there_fails(tmp_path):
    result = nox(tmp_path, "-s", "tests(jax-gpu)", KCORE_REQUIRE_GPU="1")
    assert result.returncode != 0
    assert "KCORE_REQUIRE_GPU=1, but nvidia-smi lists no GPU" in result.stderr


def test_bare_nox_runs_all_but_the_benchmarks(tmp_path):
    lines = nox(tmp_path, "-l").stdout.splitlines()
    selected = [line.split()[1] for line in lines if line.startswith("* ")]
    left_out = [line.split()[1] for line in lines if line.startswith("- ")]
    assert {"lint", "types", "floor-3.11", "tests(jax-cpu)", "tests(tensorflow-cpu)"} <= set(
        selected
    )
    assert {"conformance(jax-cpu)", "examples(jax)", "wheel", "minimums(jax)"} <= set(selected)
    assert left_out == ["bench(tensorflow)", "bench(jax)"]
    assert all("->" in line for line in lines if line.startswith(("* ", "- "))), "a menu explains"


def test_without_a_browser_its_session_skips_or_fails_as_asked(tmp_path):
    skipped = nox(tmp_path, "-s", "browser", KCORE_REQUIRE_BROWSER="0")
    assert skipped.returncode == 0, skipped.stderr
    assert "Session browser skipped: none of chromium" in skipped.stderr
    failed = nox(tmp_path, "-s", "browser", KCORE_REQUIRE_BROWSER="1")
    assert failed.returncode != 0
    assert "KCORE_REQUIRE_BROWSER=1, but none of chromium" in failed.stderr
