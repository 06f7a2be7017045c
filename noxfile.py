# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]>=2025.5.1"]
# ///
"""Checks of kcore, as sessions of nox.

Bare `nox` runs everything that must pass before a change is pushed, `nox -t release` what must also
pass before a release, `nox -t conformance` the whole conformance suite. `nox -l` lists the
sessions, `nox -s "tests(jax-cpu)"` runs one of them, and arguments after `--` go to pytest.
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

DIST = Path("outputs/dist")
REPORTS = "outputs/conformance"
PARITY = "outputs/parity"
BENCHMARKS = (
    "import_time",
    "epochs",
    "training",
    "augment",
    "directory",
    "fit_folder",
    "looking_inside",
    "transfer",
    "dropout",
    "resume",
    "scaling",
)

FORMS = Path(".github/ISSUE_TEMPLATE")
FILES_WITH_SCHEMA = {
    "citation-file-format": ["CITATION.cff"],
    "dependabot": [".github/dependabot.yml"],
    "github-issue-config": [f"{FORMS}/config.yml"],
    "github-issue-forms": [str(each) for each in FORMS.glob("*.yml") if each.stem != "config"],
}

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SITE = "outputs/site"
BROWSER_TESTS = "tests/without_backend/visualize/reporting/test_in_a_browser.py"
WITHOUT_BROWSER = f"--ignore={BROWSER_TESTS}"

EXAMPLES = "--ignore=tests/examples"
# These have their own sessions, or don't depend on the backend (see `without_backend`).
LEFT_TO_OTHERS = (
    EXAMPLES,
    "--ignore=tests/attack",
    "--ignore=tests/between_backends",
    "--ignore=tests/export",
    "--ignore=tests/package",
    "--ignore=tests/site",
    "--ignore=tests/types",
    "--ignore=tests/without_backend",
)

# Tests that are marked as slow run before a release.
QUICK, SLOW = ("-m", "not slow"), ("-m", "slow")

# Tests that also run with the oldest dependencies, each on one backend to save time. They don't
# include tests/images, which pins what Keras does with the newest Pillow; other tests of
# kcore.images are in tests/without_backend.
MINIMUM_TESTS = {
    "tensorflow": ["tests/layers", "tests/models", "tests/nn", "tests/training"],
    "jax": [
        "tests/augment",
        "tests/data",
        "tests/explain",
        "tests/initializers",
        "tests/without_backend",
        "tests/inspect",
        "tests/random",
    ],
}
# Tests that use most of Keras and of the backend; they also run with the newest releases.
NEWEST_TESTS = [
    "tests/augment",
    "tests/data",
    "tests/images",
    "tests/explain",
    "tests/initializers",
    "tests/inspect",
    "tests/layers",
    "tests/nn",
    "tests/random",
    "tests/training",
]
# Tests that reach deepest into Keras. A nightly only warns early of what a release would break.
NIGHTLY_TESTS = ["tests/initializers", "tests/inspect", "tests/layers"]
# Tests of what the wheel or the sdist could lack: modules, data files, and the conformance suite.
PACKAGE_TESTS = [
    "tests/package",
    "tests/test_environment.py",
    "tests/test_public_names.py",
    "tests/without_backend/backends_tests",
    "tests/without_backend/test_public_api.py",
    "tests/without_backend/visualize",
]

# Each process gets one stretch of the tests, whose files share what they compile, and takes over a
# part of another stretch when it is done. On a GPU tests don't run in parallel, because one process
# takes most of the memory.
SIDE_BY_SIDE = ("-n", "logical", "--maxprocesses=4", "--dist=worksteal")

HIDE_GPUS = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}


def python_that_is_present(versions: list[str]) -> str:
    """Return the first of these Pythons that is present, or else the running one."""
    for version in versions:
        # pyenv has shims for inactive Pythons too, so only running one shows whether it works.
        command = shutil.which(f"python{version}")
        if command and not subprocess.run([command, "-c", ""], capture_output=True).returncode:
            return version
    return RUNNING_PYTHON


NEWEST_PYTHON = python_that_is_present(PYTHONS[::-1])
# One that is neither the oldest nor the newest.
MIDDLE_PYTHON = python_that_is_present(PYTHONS[1:-1])


@nox.session(tags=["quick"])
def lint(session: nox.Session) -> None:
    """Check style and formatting with ruff, and the files for GitHub with their linters."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("jactionlint", "--strict-exit", "--no-hints")
    for schema, files in FILES_WITH_SCHEMA.items():
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


@nox.session(tags=["quick"])
def types(session: nox.Session) -> None:
    """Check types with mypy, and those that a user's code sees with pyright too."""
    session.install(*group("types"), *group("test"), "-e", ".")
    session.run("mypy")
    env = {**QUIET, "KCORE_TEST_BACKEND": "none", "KCORE_TEST_DEVICE": "none"}
    session.run("pytest", "tests/types", *session.posargs, env=env)


@nox.session(tags=["quick"])
def without_backend(session: nox.Session) -> None:
    """Run the tests that need no backend."""
    test_without_backend(session)


@nox.session(default=False, tags=["release"], python=NEWEST_PYTHON)
def newest_python(session: nox.Session) -> None:
    """Run the tests that need no backend on the newest Python that is present."""
    test_without_backend(session)


def test_without_backend(session: nox.Session) -> None:
    """Run the tests and docstring examples that need no backend."""
    session.install(*group("test"), "-e", ".")
    env = {**QUIET, "KCORE_TEST_BACKEND": "none", "KCORE_TEST_DEVICE": "none"}
    session.run(
        "pytest", *SIDE_BY_SIDE, WITHOUT_BROWSER, "tests/without_backend", *session.posargs, env=env
    )
    callbacks = "--ignore=kcore/visualize/_callbacks"  # they need Keras, which needs a backend
    session.run(
        "pytest", "--doctest-modules", callbacks, "--pyargs", *MODULES_WITHOUT_BACKEND, env=env
    )


@nox.session(default=False, tags=["release"])
def browser(session: nox.Session) -> None:
    """Open the HTML report in a headless Chromium, if one is installed."""
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
    """Run the tests that need a backend, and all docstring examples, with one installed."""
    gpu_or_skip(session, device)
    install_for_tests(session, backend, device)
    env = claim(backend, device)
    workers = SIDE_BY_SIDE if device == "cpu" else ()
    session.run("pytest", *workers, *LEFT_TO_OTHERS, *QUICK, *session.posargs, env=env)
    session.run("pytest", *workers, "--doctest-modules", "--pyargs", "kcore", env=env)


@nox.session(default=False, tags=["release"])
@nox.parametrize("backend", ON_CPU)
def slow(session: nox.Session, backend: str) -> None:
    """Run the tests and examples that take long, and the code of the documentation."""
    install_for_tests(session, backend, "cpu")
    ignored = [each for each in LEFT_TO_OTHERS if each != EXAMPLES]
    command = ("pytest", *SIDE_BY_SIDE, *ignored, *SLOW)
    session.run(*command, *session.posargs, env=claim(backend, "cpu"))


@nox.session
@nox.parametrize("backend", ON_CPU)
def conformance_quick(session: nox.Session, backend: str) -> None:
    """Test each property of each convolution and pooling layer of the backend once."""
    session.install(*group("test"), "-e", f".[{extra(backend, 'cpu')}]")
    Path(REPORTS).mkdir(parents=True, exist_ok=True)
    report = f"{REPORTS}/quick-{backend}.json"
    command = ("python", "-m", "backends_tests", "--quick", "--report", report)
    session.run(*command, *session.posargs, env=claim(backend, "cpu"))


@nox.session(default=False, tags=["conformance"])
@nox.parametrize(["backend", "device"], ON_EACH_DEVICE)
def conformance(session: nox.Session, backend: str, device: str) -> None:
    """Run all of backends_tests, on the convolution and pooling layers of the backend."""
    gpu_or_skip(session, device)
    session.install(*group("test"), "-e", f".[{extra(backend, device)}]")
    report = f"{REPORTS}/conformance-{backend}-{device}.json"
    Path(REPORTS).mkdir(parents=True, exist_ok=True)
    env = claim(backend, device)
    session.run("python", "-m", "backends_tests", "--report", report, *session.posargs, env=env)


@nox.session(default=False, tags=["conformance"])
def matrix(session: nox.Session) -> None:
    """Write the reports of the conformance sessions as a table, outputs/conformance/matrix.md."""
    reports = sorted(str(path) for path in Path(REPORTS).glob("conformance-*.json"))
    if not reports:
        session.skip("no conformance session has written a report")
    session.install("-e", ".", "pytest")
    path = Path(REPORTS) / "matrix.md"
    with path.open("w") as table:
        session.run("python", "-m", "backends_tests.matrix", *reports, stdout=table)
    session.log(f"Wrote {path}")


@nox.session
@nox.parametrize("backend", ON_CPU)
def examples(session: nox.Session, backend: str) -> None:
    """Run each example script and check what it writes; `slow` runs those that take long."""
    session.install(*group("test"), "-e", f".[{extra(backend, 'cpu')}]")
    command = ("pytest", *SIDE_BY_SIDE, "tests/examples", *QUICK)
    session.run(*command, *session.posargs, env=claim(backend, "cpu"))


@nox.session(default=False, tags=["release"])
@nox.parametrize("backend", ON_CPU)
def export(session: nox.Session, backend: str) -> None:
    """Export models, and run the files with the programs for which they are made."""
    session.install(*group("test"), "-e", f".[{backend},export-{backend}]")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": backend}
    session.run("pytest", "tests/export", *session.posargs, env=env)


@nox.session(default=False, tags=["release"])
@nox.parametrize("backend", [nox.param("none", id="none"), *ON_CPU])
def attack(session: nox.Session, backend: str) -> None:
    """Attack kcore with hostile files, servers, threads and kills; see docs/reliability.md."""
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
    """Save models on one backend and load them on the other."""
    session.install(*group("test"), "-e", ".[tensorflow,jax]")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": "jax"}
    session.run("pytest", *SIDE_BY_SIDE, "tests/between_backends", *session.posargs, env=env)


@nox.session(default=False, tags=["release"], python=MIDDLE_PYTHON)
def package(session: nox.Session) -> None:
    """Build wheel and sdist into outputs/dist, and test the wheel instead of the source tree."""
    session.install(*group("package"), *group("test"))
    shutil.rmtree(DIST, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(DIST), silent=True)
    wheel, sdist = built("whl"), built("tar.gz")
    session.run("twine", "check", "--strict", wheel, sdist)
    session.install(f"{wheel}[jax]")
    env = {**claim("jax", "cpu"), "KCORE_TEST_WHEEL": wheel, "KCORE_TEST_SDIST": sdist}
    session.run(
        "pytest", *SIDE_BY_SIDE, WITHOUT_BROWSER, *(session.posargs or PACKAGE_TESTS), env=env
    )


@nox.session(default=False, tags=["release"], python=PYTHONS, requires=["package"])
@nox.parametrize("suffix", [nox.param("whl", id="wheel"), nox.param("tar.gz", id="sdist")])
def install(session: nox.Session, suffix: str) -> None:
    """Install the wheel or the sdist on each Python that is present, and use kcore once."""
    session.install(f"{built(suffix)}[jax]")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": "jax"}
    # Isolated, so that it imports what is installed instead of the source tree.
    session.run("python", "-I", "tests/package/use_once.py", env=env)


@nox.session(default=False, tags=["release"], python=PYTHONS[0])
@nox.parametrize("backend", ON_CPU)
def minimums(session: nox.Session, backend: str) -> None:
    """Test with the oldest release of each dependency that pyproject.toml allows."""
    if session.venv_backend != "uv":
        session.skip("only uv can resolve to the oldest releases: pip install 'nox[uv]'")
    session.install("--resolution", "lowest-direct", "-e", f".[{extra(backend, 'cpu')}]")
    session.install(*group("test"))  # keeps what is installed
    chosen = session.posargs or MINIMUM_TESTS[backend]
    command = ("pytest", *SIDE_BY_SIDE, *QUICK, WITHOUT_BROWSER, *chosen)
    session.run(*command, env=claim(backend, "cpu"))


@nox.session(default=False, python=NEWEST_PYTHON)
@nox.parametrize(
    "keras",
    [
        nox.param("keras", id="keras", tags=["release"]),
        nox.param("keras-nightly", id="nightly", tags=["nightly"]),
    ],
)
def newest(session: nox.Session, keras: str) -> None:
    """Test with the newest JAX on the newest Python that is present."""
    dependencies = PROJECT["project"]["dependencies"]
    others = [each for each in dependencies if not each.startswith("keras")]
    session.install(*group("test"), *others, *PROJECT["project"]["optional-dependencies"]["jax"])
    # kcore requires `keras`, whose files would overwrite those of the nightly.
    session.install(keras)
    session.install("--no-deps", "-e", ".")
    chosen = NEWEST_TESTS if keras == "keras" else NIGHTLY_TESTS
    command = ("pytest", *SIDE_BY_SIDE, *QUICK, *(session.posargs or chosen))
    try:
        session.run(*command, env=claim("jax", "cpu"))
    except nox.command.CommandFailed:
        if keras == "keras" or os.environ.get("KCORE_REQUIRE_NIGHTLY") == "1":
            raise
        session.skip(
            "tests fail with this keras-nightly, see above; "
            "set KCORE_REQUIRE_NIGHTLY=1 to fail instead of skipping."
        )


@nox.session(default=False, tags=["parity"])
@nox.parametrize("backend", ON_CPU)
def record(session: nox.Session, backend: str) -> None:
    """Record training runs from one seed on the backend, for the session `parity`."""
    session.install("-e", f".[{extra(backend, 'cpu')}]")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": backend}
    session.run("python", "benchmarks/parity/record.py", f"{PARITY}/{backend}", env=env)


@nox.session(default=False, tags=["parity"])
def parity(session: nox.Session) -> None:
    """Compare the training runs that the sessions `record` recorded; see docs/reproducibility.md.

    They must be recorded on this machine. It prints a table, writes outputs/parity/parity.png, and
    fails if a limit is exceeded.
    """
    folders = [f"{PARITY}/{backend}" for backend in BACKENDS]
    missing = [folder for folder in folders if not Path(folder).is_dir()]
    if missing:
        session.skip(f"{' and '.join(missing)} not found: run `nox -t parity`.")
    session.install("-e", ".[jax]")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": "jax"}
    picture = ("--picture", f"{PARITY}/parity.png")
    session.run("python", "benchmarks/parity/compare.py", *folders, *picture, env=env)


@nox.session(default=False, tags=["docs", "release"])
def docs(session: nox.Session) -> None:
    """Build the site in outputs/site and walk through it; `-- linkcheck` checks external links."""
    session.install(*group("docs"), *group("test"), "-e", ".[jax]")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": "jax"}
    strictly = ("sphinx-build", "--fail-on-warning", "--keep-going", "-d", "outputs/doctrees")
    if session.posargs == ["linkcheck"]:
        session.run(*strictly, "--builder", "linkcheck", "docs", "outputs/linkcheck", env=env)
        return
    for made in (SITE, "outputs/doctrees"):  # what an older version of the extension made
        shutil.rmtree(made, ignore_errors=True)
    session.run(*strictly, "docs", SITE, env=env)
    tests = ["tests/site/test_pages.py"]
    if any(map(shutil.which, BROWSERS)):
        tests.append("tests/site/test_in_a_browser.py")
    elif os.environ.get("KCORE_REQUIRE_BROWSER") == "1":
        session.error(f"KCORE_REQUIRE_BROWSER=1, but none of {', '.join(BROWSERS)} is installed.")
    else:
        session.warn(f"The site isn't opened: none of {', '.join(BROWSERS)} is installed.")
    env["KCORE_TEST_SITE"] = str(Path(SITE).resolve())
    session.run("pytest", *tests, *session.posargs, env=env)


@nox.session(default=False, tags=["docs"])
@nox.parametrize("backend", ON_CPU)
def notebooks(session: nox.Session, backend: str) -> None:
    """Run the tutorials as notebooks."""
    session.install(*group("docs"), *group("test"), "-e", f".[{extra(backend, 'cpu')}]")
    command = ("pytest", *SIDE_BY_SIDE, "tests/site/test_tutorials.py")
    session.run(*command, *session.posargs, env=claim(backend, "cpu"))


@nox.session(default=False)
@nox.parametrize("backend", ON_CPU)
def bench(session: nox.Session, backend: str) -> None:
    """Compare the speed of kcore and its peers; prints ratios and writes benchmarks/results.

    The first word after `--` names a script in benchmarks/; the others are its options.
    """
    session.install(*group("bench"), "-e", ".")
    env = {**QUIET, **HIDE_GPUS, "KERAS_BACKEND": backend}
    chosen, *options = session.posargs or [None]
    for name in [chosen] if chosen else BENCHMARKS:
        session.run("python", f"benchmarks/{name}.py", *options, env=env)


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group of pyproject.toml."""
    return nox.project.dependency_groups(PROJECT, name)


def install_for_tests(session: nox.Session, backend: str, device: str) -> None:
    """Install what the tests of a backend need."""
    session.install(*group("test"), "-e", f".[{extra(backend, device)}]")
    if backend == "tensorflow":
        # Legacy Keras, whose files kcore reads. Its dependencies would install another build of
        # TensorFlow.
        session.install("--no-deps", "tf_keras>=2.20")


def built(suffix: str) -> str:
    """Return the absolute path of the wheel or the sdist that the session `package` has built."""
    (path,) = DIST.glob(f"*.{suffix}")
    return str(path.resolve())


def extra(backend: str, device: str) -> str:
    """Return the extra that installs `backend` for `device`."""
    return f"{backend}-cuda" if device == "gpu" else backend


def claim(backend: str, device: str) -> dict[str, str]:
    """Return environment variables with a session's backend and device, for pytest to check."""
    claims = {
        "KERAS_BACKEND": backend,
        "KCORE_TEST_BACKEND": backend,
        "KCORE_TEST_DEVICE": device,
    }
    return {**QUIET, **claims, **(HIDE_GPUS if device == "cpu" else {})}


def gpu_or_skip(session: nox.Session, device: str) -> None:
    """Skip a GPU session if there is no GPU, or fail it if KCORE_REQUIRE_GPU=1."""
    if device == "cpu" or has_nvidia_gpu():
        return
    reason = "nvidia-smi lists no GPU on this machine"
    if os.environ.get("KCORE_REQUIRE_GPU") == "1":
        session.error(f"KCORE_REQUIRE_GPU=1, but {reason}.")
    session.skip(f"{reason}; set KCORE_REQUIRE_GPU=1 to fail instead of skipping.")


def has_nvidia_gpu() -> bool:
    """Tell whether the NVIDIA driver lists a GPU."""
    if shutil.which("nvidia-smi") is None:
        return False
    listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    return "GPU 0" in listing.stdout


if __name__ == "__main__":
    nox.main()
