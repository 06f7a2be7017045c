# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]>=2025.5.1"]
# ///
"""Everything that must be true of kcore, as sessions of nox.

Bare `nox` runs what has to pass before a change is pushed, `nox -t release` what else has to pass
before a release. `nox -l` lists the sessions, `nox -s "tests(jax-cpu)"` runs one of them, and words
behind `--` go to pytest.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"
nox.options.stop_on_first_error = False

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
RUNNING_PYTHON = ".".join(map(str, sys.version_info[:2]))
MODULES_WITHOUT_BACKEND = (
    "kcore._arguments",
    "kcore.datasets",
    "kcore.images",
    "kcore.preprocess",
    "kcore.random",
    "kcore.shapes",
    "kcore.visualize",
)

BACKENDS = ("tensorflow", "jax")
ON_CPU = [nox.param(backend, id=backend) for backend in BACKENDS]
ON_EACH_DEVICE = [
    nox.param(backend, device, id=f"{backend}-{device}", tags=[device])
    for device in ("cpu", "gpu")
    for backend in BACKENDS
]

REPORTS = "outputs/conformance"
BENCHMARKS = ("import_time", "training", "augment", "directory", "looking_inside", "transfer")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_TESTS = "tests/without_backend/visualize/reporting/test_in_a_browser.py"
WITHOUT_BROWSER = f"--ignore={BROWSER_TESTS}"

# These have sessions of their own, or are the same whatever the backend is (see without_backend).
LEFT_TO_OTHERS = (
    WITHOUT_BROWSER,
    "--ignore=tests/attack",
    "--ignore=tests/between_backends",
    "--ignore=tests/examples",
    "--ignore=tests/export",
    "--ignore=tests/without_backend/backends_tests",
    "--ignore=tests/without_backend/shapes",
    "--ignore=tests/types",
)

# What runs with the oldest dependencies too, each subpackage under one backend, for time. Not
# tests/images, which pins what Keras does with the newest Pillow; other tests of kcore.images are
# in tests/without_backend.
MINIMUM_TESTS = {
    "tensorflow": ["tests/models", "tests/nn", "tests/training"],
    "jax": [
        "tests/augment",
        "tests/data",
        "tests/explain",
        "tests/without_backend",
        "tests/inspect",
        "tests/random",
    ],
}
# What meets most of Keras and of the backend, with the newest release of each.
NEWEST_TESTS = [
    "tests/augment",
    "tests/data",
    "tests/images",
    "tests/explain",
    "tests/inspect",
    "tests/nn",
    "tests/random",
    "tests/training",
]
# What could be missing in a wheel: modules, data files, and the suite that is run from it.
WHEEL_TESTS = [
    "tests/test_environment.py",
    "tests/test_public_names.py",
    "tests/without_backend/backends_tests",
    "tests/without_backend/test_public_api.py",
    "tests/without_backend/visualize",
]

# A file's tests stay together, so that they share what one of them has compiled. On a GPU one
# process takes most of the memory, so there tests don't run side by side.
SIDE_BY_SIDE = ("-n", "logical", "--maxprocesses=4", "--dist=loadfile")

HIDE_GPUS = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}


@nox.session(tags=["quick"])
def lint(session: nox.Session) -> None:
    """Check style and formatting with ruff."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(tags=["quick"])
def types(session: nox.Session) -> None:
    """Check the types of kcore with mypy, and those that a user's code sees with pyright too."""
    session.install(*group("types"), *group("test"), "-e", ".")
    session.run("mypy")
    env = {**QUIET, "KCORE_TEST_BACKEND": "none", "KCORE_TEST_DEVICE": "none"}
    session.run("pytest", "tests/types", *session.posargs, env=env)


@nox.session(tags=["quick"])
def without_backend(session: nox.Session) -> None:
    """Test what needs no backend."""
    test_without_backend(session)


@nox.session(
    default=False, tags=["release"], python=[each for each in PYTHONS if each != RUNNING_PYTHON]
)
def pythons(session: nox.Session) -> None:
    """Test what needs no backend, on each other Python that is present."""
    test_without_backend(session)


def test_without_backend(session: nox.Session) -> None:
    """Run the tests and docstring examples that need no backend."""
    session.install(*group("test"), "-e", ".")
    env = {**QUIET, "KCORE_TEST_BACKEND": "none", "KCORE_TEST_DEVICE": "none"}
    session.run(
        "pytest", *SIDE_BY_SIDE, WITHOUT_BROWSER, "tests/without_backend", *session.posargs, env=env
    )
    callbacks = "--ignore=kcore/visualize/_callbacks"  # they need Keras, and so a backend
    session.run(
        "pytest", "--doctest-modules", callbacks, "--pyargs", *MODULES_WITHOUT_BACKEND, env=env
    )


@nox.session(default=False, tags=["release"])
def browser(session: nox.Session) -> None:
    """Look at the HTML report in a headless Chromium, where one is installed."""
    if not any(map(shutil.which, BROWSERS)):
        reason = f"none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("KCORE_REQUIRE_BROWSER") == "1":
            session.error(f"KCORE_REQUIRE_BROWSER=1, but {reason}.")
        session.skip(f"{reason}; set KCORE_REQUIRE_BROWSER=1 to fail instead of skipping.")
    session.install(*group("test"), "-e", ".")
    env = {**QUIET, "KCORE_TEST_BACKEND": "none", "KCORE_TEST_DEVICE": "none"}
    session.run("pytest", BROWSER_TESTS, *session.posargs, env=env)


@nox.session
@nox.parametrize(["backend", "device"], ON_EACH_DEVICE)
def tests(session: nox.Session, backend: str, device: str) -> None:
    """Run all tests and docstring examples with one backend installed."""
    gpu_or_skip(session, device)
    session.install(*group("test"), "-e", f".[{extra(backend, device)}]")
    if backend == "tensorflow":
        # The legacy Keras, which wrote what kcore reads; its dependencies would bring another build
        # of TensorFlow.
        session.install("--no-deps", "tf_keras>=2.20")
    env = claim(backend, device)
    workers = SIDE_BY_SIDE if device == "cpu" else ()
    session.run("pytest", *workers, *LEFT_TO_OTHERS, *session.posargs, env=env)
    session.run("pytest", *workers, "--doctest-modules", "--pyargs", "kcore", env=env)


@nox.session
@nox.parametrize("backend", ON_CPU)
def conformance_quick(session: nox.Session, backend: str) -> None:
    """Show each property of each convolution and pooling of the backend itself once."""
    session.install(*group("test"), "-e", f".[{extra(backend, 'cpu')}]")
    Path(REPORTS).mkdir(parents=True, exist_ok=True)
    report = f"{REPORTS}/quick-{backend}.json"
    command = ("python", "-m", "backends_tests", "--quick", "--report", report)
    session.run(*command, *session.posargs, env=claim(backend, "cpu"))


@nox.session(default=False, tags=["conformance", "release"])
@nox.parametrize(["backend", "device"], ON_EACH_DEVICE)
def conformance(session: nox.Session, backend: str, device: str) -> None:
    """Put every convolution and pooling of the backend itself through backends_tests."""
    gpu_or_skip(session, device)
    session.install(*group("test"), "-e", f".[{extra(backend, device)}]")
    report = f"{REPORTS}/conformance-{backend}-{device}.json"
    Path(REPORTS).mkdir(parents=True, exist_ok=True)
    env = claim(backend, device)
    session.run("python", "-m", "backends_tests", "--report", report, *session.posargs, env=env)


@nox.session(default=False, tags=["conformance", "release"])
def matrix(session: nox.Session) -> None:
    """Put the reports of the conformance sessions together: outputs/conformance/matrix.md."""
    reports = sorted(str(path) for path in Path(REPORTS).glob("conformance-*.json"))
    if not reports:
        session.skip("no conformance session has left a report")
    session.install("-e", ".", "pytest")
    path = Path(REPORTS) / "matrix.md"
    with path.open("w") as table:
        session.run("python", "-m", "backends_tests.matrix", *reports, stdout=table)
    session.log(f"Wrote {path}")


@nox.session
@nox.parametrize("backend", ON_CPU)
def examples(session: nox.Session, backend: str) -> None:
    """Run each example script and look at what it leaves behind."""
    session.install(*group("test"), "-e", f".[{extra(backend, 'cpu')}]")
    command = ("pytest", *SIDE_BY_SIDE, "tests/examples")
    session.run(*command, *session.posargs, env=claim(backend, "cpu"))


@nox.session(default=False, tags=["release"])
@nox.parametrize("backend", ON_CPU)
def export(session: nox.Session, backend: str) -> None:
    """Export models, and run the files with the programs that they are for."""
    session.install(*group("test"), "-e", f".[{backend},export-{backend}]")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": backend}
    session.run("pytest", "tests/export", *session.posargs, env=env)


@nox.session(default=False, tags=["release"])
@nox.parametrize("backend", [nox.param("none", id="none"), *ON_CPU])
def attack(session: nox.Session, backend: str) -> None:
    """Attack kcore with hostile files, servers, threads and kills: docs/reliability.md counts."""
    if backend == "none":
        session.install(*group("test"), "-e", ".")
        env = {**QUIET, "KCORE_TEST_BACKEND": "none", "KCORE_TEST_DEVICE": "none"}
        paths = ["tests/attack/without_backend"]
    else:
        session.install(*group("test"), "-e", f".[{extra(backend, 'cpu')}]")
        env = claim(backend, "cpu")
        paths = ["tests/attack", "--ignore=tests/attack/without_backend"]
    session.run("pytest", *SIDE_BY_SIDE, *paths, *session.posargs, env=env)


@nox.session(default=False, tags=["release"])
def between_backends(session: nox.Session) -> None:
    """Save models under one backend and load them under the other."""
    session.install(*group("test"), "-e", ".[tensorflow,jax]")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": "jax"}
    session.run("pytest", *SIDE_BY_SIDE, "tests/between_backends", *session.posargs, env=env)


@nox.session(default=False, tags=["release"])
def wheel(session: nox.Session) -> None:
    """Test the built wheel instead of the source tree."""
    session.install("build", *group("test"))
    dist = Path(session.create_tmp()) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--outdir", str(dist), silent=True)
    (built,) = dist.glob("*.whl")
    session.install(f"{built}[jax]")
    env = {**claim("jax", "cpu"), "KCORE_TEST_WHEEL": "1"}
    session.run(
        "pytest", *SIDE_BY_SIDE, WITHOUT_BROWSER, *(session.posargs or WHEEL_TESTS), env=env
    )


@nox.session(default=False, tags=["release"], python=PYTHONS[0])
@nox.parametrize("backend", ON_CPU)
def minimums(session: nox.Session, backend: str) -> None:
    """Test with the oldest release of each dependency that pyproject.toml allows."""
    if session.venv_backend != "uv":
        session.skip("only uv can resolve to the oldest releases: pip install 'nox[uv]'")
    session.install("--resolution", "lowest-direct", "-e", f".[{extra(backend, 'cpu')}]")
    session.install(*group("test"))  # keeps what is installed
    command = (
        "pytest",
        *SIDE_BY_SIDE,
        WITHOUT_BROWSER,
        *(session.posargs or MINIMUM_TESTS[backend]),
    )
    session.run(*command, env=claim(backend, "cpu"))


def newest_python() -> str:
    """Return the newest Python of pyproject.toml that is present."""
    for version in reversed(PYTHONS):
        # A shim of pyenv is there for Pythons that are not switched on, so it has to be run.
        command = shutil.which(f"python{version}")
        if command and not subprocess.run([command, "-c", ""], capture_output=True).returncode:
            return version
    return RUNNING_PYTHON


@nox.session(default=False, tags=["release"], python=newest_python())
@nox.parametrize(
    "keras", [nox.param("keras", id="keras"), nox.param("keras-nightly", id="nightly")]
)
def newest(session: nox.Session, keras: str) -> None:
    """Test with the newest JAX on the newest Python that is present."""
    dependencies = PROJECT["project"]["dependencies"]
    others = [each for each in dependencies if not each.startswith("keras")]
    session.install(*group("test"), *others, *PROJECT["project"]["optional-dependencies"]["jax"])
    # kcore asks for `keras`, whose files would lie on top of those of a nightly.
    session.install(keras)
    session.install("--no-deps", "-e", ".")
    command = ("pytest", *SIDE_BY_SIDE, *(session.posargs or NEWEST_TESTS))
    try:
        session.run(*command, env=claim("jax", "cpu"))
    except nox.command.CommandFailed:
        if keras == "keras" or os.environ.get("KCORE_REQUIRE_NIGHTLY") == "1":
            raise
        session.skip(
            "tests fail with this keras-nightly, see above; "
            "set KCORE_REQUIRE_NIGHTLY=1 to fail instead of skipping."
        )


@nox.session(default=False)
@nox.parametrize("backend", ON_CPU)
def bench(session: nox.Session, backend: str) -> None:
    """Measure kcore against its peers; prints ratios and writes benchmarks/results.

    The first word behind `--` names a script of benchmarks/, what follows is for the script.
    """
    session.install(*group("bench"), "-e", ".")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": backend}
    chosen, *options = session.posargs or [None]
    for name in [chosen] if chosen else BENCHMARKS:
        session.run("python", f"benchmarks/{name}.py", *options, env=env)


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group of pyproject.toml."""
    return nox.project.dependency_groups(PROJECT, name)


def extra(backend: str, device: str) -> str:
    """Return the extra that installs `backend` for `device`."""
    return f"{backend}-cuda" if device == "gpu" else backend


def claim(backend: str, device: str) -> dict[str, str]:
    """Return the environment variables that state what a session runs on, for pytest to check."""
    claims = {
        "KERAS_BACKEND": backend,
        "KCORE_TEST_BACKEND": backend,
        "KCORE_TEST_DEVICE": device,
    }
    return {**QUIET, **claims, **(HIDE_GPUS if device == "cpu" else {})}


def gpu_or_skip(session: nox.Session, device: str) -> None:
    """Skip a GPU session where there is no GPU, or fail it under KCORE_REQUIRE_GPU=1."""
    if device == "cpu" or has_nvidia_gpu():
        return
    reason = "nvidia-smi lists no GPU on this machine"
    if os.environ.get("KCORE_REQUIRE_GPU") == "1":
        session.error(f"KCORE_REQUIRE_GPU=1, but {reason}.")
    session.skip(f"{reason}; set KCORE_REQUIRE_GPU=1 to fail instead of skipping.")


def has_nvidia_gpu() -> bool:
    """Tell whether the driver lists a GPU."""
    if shutil.which("nvidia-smi") is None:
        return False
    listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    return "GPU 0" in listing.stdout


if __name__ == "__main__":
    nox.main()
