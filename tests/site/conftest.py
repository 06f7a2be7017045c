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
