"""Which sessions there are, and that those that lack a device or a program say so."""

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


def listed(tmp_path, *arguments):
    """Return the names of the sessions that would run, and of those that would not."""
    lines = nox(tmp_path, "-l", *arguments).stdout.splitlines()
    sessions = [line for line in lines if line.startswith(("* ", "- "))]
    assert all("->" in line for line in sessions), "a menu explains"
    selected = {line.split()[1] for line in sessions if line.startswith("* ")}
    return selected, {line.split()[1] for line in sessions} - selected


def each(session, *parameters):
    return {f"{session}({one})" for one in parameters}


ON_EACH_DEVICE = [
    f"{backend}-{kind}" for backend in ("tensorflow", "jax") for kind in ("cpu", "gpu")
]
BEFORE_A_RELEASE = {
    "browser",
    "between_backends",
    "matrix",
    "wheel",
    *each("attack", "none", "tensorflow", "jax"),
    *each("conformance", *ON_EACH_DEVICE),
    *each("export", "tensorflow", "jax"),
    *each("minimums", "tensorflow", "jax"),
    *each("newest", "keras", "nightly"),
}


def other_pythons(sessions):
    return {session for session in sessions if session.startswith("pythons")}


def test_bare_nox_runs_what_has_to_pass_before_a_push(tmp_path):
    selected, left_out = listed(tmp_path)
    assert selected == {
        *("lint", "types", "without_backend"),
        *each("tests", *ON_EACH_DEVICE),
        *each("conformance_quick", "tensorflow", "jax"),
        *each("examples", "tensorflow", "jax"),
    }
    assert left_out - other_pythons(left_out) == BEFORE_A_RELEASE | each(
        "bench", "tensorflow", "jax"
    )


def test_the_release_tag_runs_the_rest_but_the_benchmarks(tmp_path):
    selected, _ = listed(tmp_path, "-t", "release")
    assert selected - other_pythons(selected) == BEFORE_A_RELEASE


def test_each_python_runs_the_floor_once(tmp_path):
    running = f"pythons-{sys.version_info.major}.{sys.version_info.minor}"
    others = other_pythons(listed(tmp_path, "-t", "release")[0])
    assert others == {f"pythons-3.{minor}" for minor in (11, 12, 13)} - {running}


def test_without_a_browser_its_session_skips_or_fails_as_asked(tmp_path):
    skipped = nox(tmp_path, "-s", "browser", KCORE_REQUIRE_BROWSER="0")
    assert skipped.returncode == 0, skipped.stderr
    assert "Session browser skipped: none of chromium" in skipped.stderr
    failed = nox(tmp_path, "-s", "browser", KCORE_REQUIRE_BROWSER="1")
    assert failed.returncode != 0
    assert "KCORE_REQUIRE_BROWSER=1, but none of chromium" in failed.stderr
