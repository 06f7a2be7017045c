"""Bare nox and each tag run the right sessions, and a session that can't run says why."""

import os
import subprocess
import sys
from pathlib import Path

NOXFILE = Path(__file__).parents[2] / "noxfile.py"


def nox(tmp_path, *arguments, **environment):
    # With an empty PATH there is no nvidia-smi and no browser, whatever machine this is.
    env = {**os.environ, "PATH": str(tmp_path), "KCORE_REQUIRE_GPU": "0"}
    env |= {"KCORE_REQUIRE_BROWSER": "0", **environment}
    # Without script mode, which would install nox anew for each call.
    options = ["-f", str(NOXFILE), "--script-mode", "none", "--envdir", str(tmp_path)]
    command = [sys.executable, "-m", "nox", *options, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env)


GPU_SESSIONS = ("tests(jax-gpu)", "conformance(tensorflow-gpu)")


def test_sessions_that_lack_a_device_or_a_program_are_skipped_with_the_reason(tmp_path):
    result = nox(tmp_path, "--no-venv", "-s", *GPU_SESSIONS, "browser")
    assert result.returncode == 0, result.stderr
    for session in GPU_SESSIONS:
        reason = "nvidia-smi lists no GPU on this machine"
        assert f"Session {session} skipped: {reason}" in result.stderr
    assert "Session browser skipped: none of chromium" in result.stderr


def test_sessions_that_lack_a_required_device_or_program_fail(tmp_path):
    required = {"KCORE_REQUIRE_GPU": "1", "KCORE_REQUIRE_BROWSER": "1"}
    result = nox(tmp_path, "--no-venv", "-s", "tests(jax-gpu)", "browser", **required)
    assert result.returncode != 0
    assert result.stderr.count(": aborted") == 2
    assert "KCORE_REQUIRE_GPU=1, but nvidia-smi lists no GPU" in result.stderr
    assert "KCORE_REQUIRE_BROWSER=1, but none of chromium" in result.stderr


def listed(tmp_path, *arguments):
    """Return the names of the sessions that would run, and of those that would not."""
    lines = nox(tmp_path, "-l", *arguments).stdout.splitlines()
    sessions = [line for line in lines if line.startswith(("* ", "- "))]
    assert all("->" in line for line in sessions), "a session has no docstring"
    selected = {line.split()[1] for line in sessions if line.startswith("* ")}
    return selected, {line.split()[1] for line in sessions} - selected


def each(session, *parameters):
    return {f"{session}({one})" for one in parameters}


ON_EACH_DEVICE = [
    f"{backend}-{kind}" for backend in ("tensorflow", "jax") for kind in ("cpu", "gpu")
]
PYTHONS = ("3.11", "3.12", "3.13")
BEFORE_A_RELEASE = {
    "browser",
    "between_backends",
    "docs",
    "newest_python",
    "package",
    *each("attack", "none", "tensorflow", "jax"),
    *each("export", "tensorflow", "jax"),
    *(name for python in PYTHONS for name in each(f"install-{python}", "wheel", "sdist")),
    *each("minimums", "tensorflow", "jax"),
    *each("newest", "keras"),
    *each("slow", "tensorflow", "jax"),
}


CONFORMANCE = {"matrix", *each("conformance", *ON_EACH_DEVICE)}
NIGHTLY = each("newest", "nightly")
DOCS = {"docs", *each("notebooks", "tensorflow", "jax")}
PARITY = {"parity", *each("record", "tensorflow", "jax")}
OF_A_TAG = {
    "release": BEFORE_A_RELEASE,
    "conformance": CONFORMANCE,
    "docs": DOCS,
    "nightly": NIGHTLY,
    "parity": PARITY,
}


def test_bare_nox_runs_what_must_pass_before_a_push(tmp_path):
    selected, left_out = listed(tmp_path)
    assert selected == {
        *("lint", "types", "without_backend"),
        *each("tests", *ON_EACH_DEVICE),
        *each("conformance_quick", "tensorflow", "jax"),
        *each("examples", "tensorflow", "jax"),
    }
    others = each("bench", "tensorflow", "jax") | CONFORMANCE | NIGHTLY | PARITY
    assert left_out == BEFORE_A_RELEASE | DOCS | others


def test_the_tags_run_the_rest_except_benchmarks(tmp_path):
    for tag, sessions in OF_A_TAG.items():
        selected, _ = listed(tmp_path, "-t", tag)
        assert selected == sessions
