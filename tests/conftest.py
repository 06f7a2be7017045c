import os

from hypothesis import settings

from backends_tests import plugin
from backends_tests.plugin import environment, pytest_report_header

__all__ = ["environment", "pytest_configure", "pytest_report_header"]

# No deadline, because a busy machine is slow; tests that hang are ended by pytest's timeout.
settings.register_profile("kcore", deadline=None)
settings.load_profile("kcore")


def pytest_configure(config):
    keep_what_jax_compiles(config)
    plugin.pytest_configure(config)


def keep_what_jax_compiles(config):
    """Let JAX find what an earlier test, script or run has compiled, so that it compiles less."""
    if not hasattr(config, "cache"):  # -p no:cacheprovider
        return
    # JAX doesn't lock its files, so each process that runs tests has a directory of its own.
    directory = config.cache.mkdir("jax") / os.environ.get("PYTEST_XDIST_WORKER", "main")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = os.fspath(directory)
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
