"""The wheel and the sdist hold the files that git tracks, and nothing else.

The session `package` builds both and says where they are.
"""

import os
import re
import subprocess
import tarfile
import zipfile
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest
from oracles import needs

import kcore

ROOT = Path(__file__).parents[2]
NAME = f"kcore-{kcore.__version__}"
PACKAGES = ("kcore/", "backends_tests/")

pytestmark = [needs.archives, needs.clone]


@pytest.fixture(scope="module")
def tracked():
    """Return the paths that git tracks with the content of each file."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return {path: (ROOT / path).read_bytes() for path in listing.stdout.decode().split("\0")[:-1]}


@pytest.fixture(scope="module")
def wheel():
    """Return the paths in the wheel with the content of each file."""
    with zipfile.ZipFile(os.environ["KCORE_TEST_WHEEL"]) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def sdist():
    """Return the paths in the sdist with the content of each file."""
    with tarfile.open(os.environ["KCORE_TEST_SDIST"]) as archive:
        return {each.name: archive.extractfile(each).read() for each in archive}


def test_the_sdist_is_what_git_tracks(sdist, tracked):
    del sdist[f"{NAME}/PKG-INFO"]
    assert set(sdist) == {f"{NAME}/{path}" for path in tracked}
    assert sdist == {f"{NAME}/{path}": content for path, content in tracked.items()}


def test_the_wheel_is_the_two_packages(wheel, tracked):
    packages = {path: tracked[path] for path in tracked if path.startswith(PACKAGES)}
    metadata = f"{NAME}.dist-info"
    assert wheel[f"{metadata}/licenses/LICENSE"] == tracked["LICENSE"]
    names = {f"{metadata}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "licenses/LICENSE")}
    assert set(wheel) == {*packages, *names}
    assert {path: wheel[path] for path in packages} == packages


def test_the_wheel_has_more_than_modules(wheel):
    for path in ("kcore/py.typed", "backends_tests/py.typed"):
        assert path in wheel
    for pattern in (
        r"kcore/visualize/_reporting/templates/\w+\.html",
        r"backends_tests/known_failures/\w+\.toml",
    ):
        assert any(re.fullmatch(pattern, path) for path in wheel), pattern


def test_the_description_on_pypi_has_no_relative_links(wheel):
    metadata = BytesParser(policy=default).parsebytes(wheel[f"{NAME}.dist-info/METADATA"])
    description = metadata.get_payload(decode=True).decode()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pattern = r"(?<=\]\()[^)]*"
    links = re.findall(pattern, description)
    assert len(links) == len(re.findall(pattern, readme)) > 0
    assert all(link.startswith("https://") for link in links), links
    # What the links lead to is in the repository under the tag of this version.
    for link in links:
        found = re.search(rf"kcore/(?:blob/)?v{re.escape(kcore.__version__)}/([^#]*)", link)
        assert found is None or (ROOT / found[1]).exists(), link
