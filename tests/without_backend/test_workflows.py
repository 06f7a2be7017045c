"""The workflows run sessions of noxfile.py that exist, on each supported Python and system."""

import itertools
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [
    found[1]
    for each in PROJECT["classifiers"]
    if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", each))
]
SYSTEMS = ["ubuntu-latest", "macos-latest", "windows-latest"]
BACKENDS = ["tensorflow", "jax"]


def jobs_of(name):
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))["jobs"]


JOBS = {
    f"{path.stem}-{name}": job
    for path in sorted(FOLDER.glob("*.yml"))
    for name, job in jobs_of(path.stem).items()
}
MATRICES = {name: job["strategy"]["matrix"] for name, job in JOBS.items() if "strategy" in job}


def nox_commands(name):
    """Return the calls of nox in a job, for each combination of its matrix."""
    steps = JOBS[name].get("steps", ())
    text = "\n".join(step["run"] for step in steps if "run" in step)
    found = set()
    for values in itertools.product(*MATRICES.get(name, {}).values()):
        filled = text
        for key, value in zip(MATRICES.get(name, ()), values, strict=True):
            filled = filled.replace(f"${{{{ matrix.{key} }}}}", value)
        found |= set(re.findall(r"^nox .*$", filled, re.M))
    return found


def pythons(name):
    """Return the Pythons that a job sets up, as they are written."""
    steps = JOBS[name].get("steps", ())
    return [step["with"]["python"] for step in steps if "python" in step.get("with", {})]


@pytest.fixture(scope="module")
def nox_listing(tmp_path_factory):
    """Return the names of all sessions, and their tags."""
    options = ["--script-mode", "none", "--envdir", str(tmp_path_factory.mktemp("nox"))]
    command = [sys.executable, "-m", "nox", "-f", str(ROOT / "noxfile.py"), *options, "-l"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^[*-] (\S+)(?: \[(.*?)\])? ->", lines, re.M)
    names = {name for name, _ in found}
    # nox also takes the name of a session without its Python and its parameters.
    names |= {re.match(r"\w+", name)[0] for name in names}
    return names, {tag for _, tags in found for tag in tags.split(",")}


@pytest.mark.parametrize("job", JOBS)
def test_sessions_and_tags_exist(job, nox_listing):
    names, tags = nox_listing
    for command in nox_commands(job):
        _, option, *wanted = re.findall(r'[^\s"]+', command)
        assert wanted
        assert set(wanted) <= {"-s": names, "-t": tags}[option]


def test_the_checks_run_all_sessions_that_must_pass():
    assert nox_commands("checks-quick") == {"nox -t quick"}
    sessions = ("tests({}-cpu)", "examples({})", "conformance_quick({})")
    assert nox_commands("checks-backend") == {
        f'nox -s "{session.format(backend)}"' for session in sessions for backend in BACKENDS
    }
    tags = ("release", "conformance", "nightly", "parity")
    assert nox_commands("checks-release") == {
        "nox -s notebooks",
        *(f"nox -t {tag}" for tag in tags),
    }
    assert nox_commands("docs-build") == {"nox -s docs"}


@pytest.mark.parametrize("job", MATRICES)
def test_each_matrix_has_all_pythons_and_systems(job):
    wanted = {"os": SYSTEMS, "python": PYTHONS}
    assert MATRICES[job] in (wanted, wanted | {"backend": BACKENDS})
    assert JOBS[job]["runs-on"] == "${{ matrix.os }}"
    assert pythons(job) == ["${{ matrix.python }}"]


@pytest.mark.parametrize("job", sorted(set(JOBS) - set(MATRICES)))
def test_other_jobs_set_up_pythons_that_are_supported(job):
    for given in pythons(job):
        assert set(given.split()) <= set(PYTHONS)


def test_the_sessions_before_a_release_find_every_python():
    for job in ("checks-release", "release-build"):
        (given,) = pythons(job)
        assert sorted(given.split()) == PYTHONS


def test_what_is_published_is_what_was_tested():
    assert JOBS["release-checks"]["uses"] == "./.github/workflows/checks.yml"
    assert JOBS["release-publish"]["needs"] == ["checks", "build"]
    assert nox_commands("release-build") == {"nox -s package install"}
    (upload,) = [step for step in JOBS["release-build"]["steps"] if "path" in step.get("with", {})]
    assert f'DIST = Path("{upload["with"]["path"]}")' in (ROOT / "noxfile.py").read_text(
        encoding="utf-8"
    )
