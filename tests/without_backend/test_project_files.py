"""The files for GitHub, PyPI and citations agree with pyproject.toml and with kcore."""

import platform
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import PIL
import yaml

import kcore

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
PYTHONS = [
    found[1]
    for each in PROJECT["classifiers"]
    if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", each))
]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def load(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


ADDRESS = re.compile(
    r"https://(?:github\.com|raw\.githubusercontent\.com|[\w-]+\.github\.io)/[\w./-]*"
)
TEXT = {".cff", ".html", ".md", ".py", ".rst", ".toml", ".yaml", ".yml"}


def addresses():
    """Yield each address of this project in its files, with the file."""
    files = [*ROOT.glob("*"), *ROOT.glob(".*")]
    for folder in (".github", "backends_tests", "benchmarks", "docs", "examples", "kcore", "tests"):
        files += (ROOT / folder).rglob("*")
    for path in files:
        if path.is_file() and path.suffix in TEXT and path != Path(__file__):
            for address in ADDRESS.findall(path.read_text(encoding="utf-8")):
                if re.search(r"/kcore(?![\w-])", address):
                    yield path.relative_to(ROOT).as_posix(), address


def test_every_address_is_that_of_pyproject():
    source, site = PROJECT["urls"]["Source"], PROJECT["urls"]["Documentation"]
    raw = source.replace("github.com", "raw.githubusercontent.com")
    found = list(addresses())
    assert {"CITATION.cff", "README.md", ".github/ISSUE_TEMPLATE/bug.yml"} <= dict(found).keys()
    for path, address in found:
        assert address.rstrip(".").startswith((source, site, raw)), (path, address)
    assert PROJECT["urls"] == {
        "Homepage": source,
        "Documentation": site,
        "Source": source,
        "Issues": f"{source}/issues",
        "Changelog": f"{source}/blob/main/CHANGELOG.md",
    }


def test_the_citation_and_the_changelog_have_the_version():
    citation = load("CITATION.cff")
    assert citation["version"] == kcore.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert f"## {kcore.__version__} ({citation['date-released']})" in changelog


def test_the_citation_repeats_pyproject():
    citation = load("CITATION.cff")
    assert citation["title"] == PROJECT["name"]
    assert citation["abstract"] == PROJECT["description"] + "."
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]
    assert citation["repository-code"] == PROJECT["urls"]["Source"]
    assert citation["url"] == PROJECT["urls"]["Documentation"]
    assert set(citation["keywords"]) <= set(PROJECT["keywords"])


def test_the_badges_of_the_readme_are_true():
    badges = re.findall(r"^\[!\[(.*?)\]\((.*?)\)\]\((.*?)\)$", README, re.M)
    source = PROJECT["urls"]["Source"]
    for name, picture, target in badges:
        if "img.shields.io" in picture:
            assert (ROOT / target).exists()
        else:
            workflow = Path(picture.partition("?")[0]).parent.name
            assert picture == f"{source}/actions/workflows/{workflow}/badge.svg?branch=main"
            assert load(f".github/workflows/{workflow}")["name"] == name
    shown = {name: picture.rpartition("/badge/")[2] for name, picture, _ in badges}
    first, last = PYTHONS[0], PYTHONS[-1]
    assert shown[f"Python {first} to {last}"] == f"python-{first}_to_{last}-blue"
    assert PROJECT["license"] == "Apache-2.0"
    assert shown["License: Apache 2.0"] == "license-Apache_2.0-blue"


def requirement(name, requirements):
    """Return the lowest version of a requirement, and the version that it excludes or None."""
    (specifiers,) = [
        found[1]
        for each in requirements
        if (found := re.fullmatch(rf"{name}([\d.,<>=!]+)(?:;.*)?", each.replace(" ", "")))
    ]
    found = re.fullmatch(r">=([\d.]+)(?:,!=([\d.]+))?", specifiers)
    return found[1], found[2]


def test_the_readme_states_the_supported_versions():
    rows = dict(re.findall(r"^\| (Python|Keras|TensorFlow|JAX) \| (.*) \|$", README, re.M))
    assert rows.pop("Python") == ", ".join(PYTHONS)
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
    extras = PROJECT["optional-dependencies"]
    wanted = {
        "Keras": requirement("keras", PROJECT["dependencies"]),
        "TensorFlow": requirement("tensorflow-cpu", extras["tensorflow"]),
        "JAX": requirement("jax", extras["jax"]),
    }
    assert wanted["TensorFlow"] == requirement("tensorflow", extras["tensorflow"])
    for name, (lowest, excluded) in wanted.items():
        exception = f", except {excluded}" if excluded else ""
        assert rows[name] == f"{lowest} and later{exception}"


def test_pre_commit_uses_the_requirements_of_the_session_lint():
    (local,) = load(".pre-commit-config.yaml")["repos"]
    used = set().union(*(hook["additional_dependencies"] for hook in local["hooks"]))
    shared = {each for each in used if not each.startswith("pre-commit-hooks")}
    assert {re.match(r"[\w-]+", each)[0] for each in shared} == {"jactionlint", "ruff"}
    assert shared <= set(PYPROJECT["dependency-groups"]["lint"])


def test_the_bug_form_asks_for_versions_with_a_command_that_works():
    fields = {field.get("id"): field for field in load(".github/ISSUE_TEMPLATE/bug.yml")["body"]}
    (code,) = re.findall(
        r'`python -c "(.*)"`', fields["versions"]["attributes"]["description"], re.S
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    system, *lines = output.stdout.strip().split("\n")
    assert system.startswith(platform.platform())
    shown = {name.lower(): value for name, value in (line.split() for line in lines)}
    assert (
        shown.items()
        >= {
            "kcore": version("kcore"),
            "keras": version("keras"),
            "numpy": np.__version__,
            "pillow": PIL.__version__,
        }.items()
    )
    backends = {"TensorFlow", "JAX"}
    assert backends < set(fields["backend"]["attributes"]["options"])
