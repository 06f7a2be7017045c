import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def site():
    """Return the directory of the site that the session `docs` has built."""
    if "KCORE_TEST_SITE" not in os.environ:
        pytest.skip("`nox -s docs` builds the site and sets KCORE_TEST_SITE")
    directory = Path(os.environ["KCORE_TEST_SITE"])
    assert (directory / "index.html").exists()
    return directory


@pytest.fixture(scope="session")
def paths(site):
    """Return the files of all pages."""
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
