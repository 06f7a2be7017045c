"""Marks for tests that need something of the system, with the reason why they are skipped."""

import importlib.util
import os
import shutil

import pytest

from oracles.browser import NAMES

__all__ = [
    "HAS_NAMED_PIPES",
    "chromium",
    "fork",
    "ghostscript",
    "limits_of_processes",
    "named_pipes",
    "tensorflow",
    "tf_keras",
]

HAS_NAMED_PIPES = hasattr(os, "mkfifo")

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no os.fork")
named_pipes = pytest.mark.skipif(not HAS_NAMED_PIPES, reason="there are no named pipes")
limits_of_processes = pytest.mark.skipif(
    os.name != "posix", reason="the system can't limit the files and memory of a process"
)
ghostscript = pytest.mark.skipif(shutil.which("gs") is None, reason="there is no Ghostscript")
chromium = pytest.mark.skipif(
    not any(map(shutil.which, NAMES)) and os.environ.get("KCORE_REQUIRE_BROWSER") != "1",
    reason="there is no Chromium; set KCORE_REQUIRE_BROWSER=1 to fail instead",
)
# pytest evaluates this string in the module of the test, which has imported Keras; this module
# must not import it.
tensorflow = pytest.mark.skipif(
    "keras.backend.backend() != 'tensorflow'", reason="this test is for TensorFlow only"
)
tf_keras = pytest.mark.skipif(
    importlib.util.find_spec("tf_keras") is None,
    reason="there is no tf_keras; the session tests(tensorflow-cpu) installs it",
)
