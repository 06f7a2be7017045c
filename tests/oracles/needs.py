"""Marks for tests that need something of the system, with the reason why they are skipped."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image, features

from oracles.browser import NAMES

__all__ = [
    "HAS_NAMED_PIPES",
    "MPIRUN",
    "any_file_names",
    "archives",
    "chosen_browser",
    "chromium",
    "clone",
    "flushed_directories",
    "fork",
    "ghostscript",
    "initializers_by_axes",
    "jax",
    "joined_processes",
    "limits_of_processes",
    "mpirun",
    "mpirun_works",
    "named_pipes",
    "open_files",
    "pillow_writes",
    "raqm",
    "signals",
    "tensorflow",
    "tf_keras",
]

HAS_NAMED_PIPES = hasattr(os, "mkfifo")
MPIRUN = ("mpirun", "--oversubscribe")
if hasattr(os, "geteuid") and os.geteuid() == 0:
    MPIRUN += ("--allow-run-as-root",)


def _takes_any_bytes_as_names():
    with tempfile.TemporaryDirectory() as folder:
        try:
            (Path(folder) / os.fsdecode(b"caf\xe9")).mkdir()
        except OSError:
            return False
    return True


def mpirun_works():
    """Tell whether Open MPI is installed and can start two processes on this machine."""
    command = [*MPIRUN, "-n", "2", sys.executable, "-c", ""]
    return (
        bool(shutil.which("mpirun")) and not subprocess.run(command, capture_output=True).returncode
    )


def pillow_writes(suffix):
    """Return the mark of a test that needs Pillow to write files with a suffix such as ".avif"."""
    Image.init()
    is_written = Image.registered_extensions().get(suffix) in Image.SAVE
    return pytest.mark.skipif(not is_written, reason=f"this Pillow does not write {suffix}")


archives = pytest.mark.skipif(
    "KCORE_TEST_SDIST" not in os.environ, reason="the session `package` builds the archives"
)
chosen_browser = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="the system opens pages itself, whatever BROWSER is"
)
clone = pytest.mark.skipif(
    not (Path(__file__).parents[2] / ".git").exists(), reason="this is no clone of the repository"
)
flushed_directories = pytest.mark.skipif(os.name == "nt", reason="Windows flushes no directories")
fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no os.fork")
# pytest evaluates the string for the tests that have the mark.
mpirun = pytest.mark.skipif(
    "not needs.mpirun_works()", reason="no mpirun starts processes here; install Open MPI"
)
named_pipes = pytest.mark.skipif(not HAS_NAMED_PIPES, reason="there are no named pipes")
open_files = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="the system doesn't list open files in /proc"
)
limits_of_processes = pytest.mark.skipif(
    os.name != "posix", reason="the system can't limit the files and memory of a process"
)
any_file_names = pytest.mark.skipif(
    not _takes_any_bytes_as_names(), reason="the file system takes no names that are not UTF-8"
)
raqm = pytest.mark.skipif(not features.check("raqm"), reason="Pillow is built without Raqm")
signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
ghostscript = pytest.mark.skipif(shutil.which("gs") is None, reason="there is no Ghostscript")
chromium = pytest.mark.skipif(
    not any(map(shutil.which, NAMES)) and os.environ.get("KCORE_REQUIRE_BROWSER") != "1",
    reason="there is no Chromium; set KCORE_REQUIRE_BROWSER=1 to fail instead",
)
# pytest evaluates these strings in the module of the test, which has imported Keras; this module
# must not import it.
tensorflow = pytest.mark.skipif(
    "keras.backend.backend() != 'tensorflow'", reason="this test is for TensorFlow only"
)
jax = pytest.mark.skipif("keras.backend.backend() != 'jax'", reason="this test is for JAX only")
joined_processes = pytest.mark.skipif(
    "keras.backend.backend() != 'jax' "
    "or not hasattr(keras.distribution.DataParallel, 'data_shard_id')",
    reason="only Keras 3.15 and later can join processes, on JAX",
)
initializers_by_axes = pytest.mark.skipif(
    "not hasattr(keras.initializers.VarianceScaling(), 'input_axes')",
    reason="this Keras has no input_axes",
)
tf_keras = pytest.mark.skipif(
    importlib.util.find_spec("tf_keras") is None,
    reason="there is no tf_keras; the session tests(tensorflow-cpu) installs it",
)
