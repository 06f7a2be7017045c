"""A report names the version of Keras, whatever distribution installed it."""

import importlib.metadata

import pytest

from backends_tests import environment


@pytest.fixture
def only_a_nightly(monkeypatch):
    real = importlib.metadata.version

    def version(name):
        if name == "keras":
            raise importlib.metadata.PackageNotFoundError(name)
        return "3.99.dev1" if name == "keras-nightly" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)


def test_without_a_backend_the_nightly_is_named(only_a_nightly, monkeypatch):
    monkeypatch.setenv("KCORE_TEST_BACKEND", "none")
    monkeypatch.setattr(environment, "_installed", lambda modules: [])
    observed = environment.observe()
    assert observed.versions["Keras"] == "3.99.dev1"
    assert list(observed.versions) == ["Keras", "NumPy", "Python"]


def test_with_a_backend_keras_itself_tells_its_version(only_a_nightly, monkeypatch):
    class Keras:
        __version__ = "3.98"

        class backend:  # noqa: N801 as Keras calls it
            @staticmethod
            def backend():
                return "jax"

        class distribution:  # noqa: N801
            @staticmethod
            def list_devices():
                return ["cpu:0"]

    monkeypatch.delenv("KCORE_TEST_BACKEND", raising=False)
    monkeypatch.delenv("KCORE_TEST_DEVICE", raising=False)
    monkeypatch.setattr(environment, "_import_keras", lambda backend: Keras)
    observed = environment.observe()
    assert observed.versions["Keras"] == "3.98"
    assert (observed.backend, observed.device) == ("jax", "cpu")


def test_the_package_of_a_backend_is_named_beside_its_library(monkeypatch):
    versions = {"keras-mlx": "0.1", "mlx": "0.30", "jax": "0.10", "numpy": "2.4"}
    monkeypatch.setattr(
        environment, "_version_of", lambda *names: next(map(versions.get, names), None)
    )
    found = environment._versions("mlx", "3.98")
    assert list(found.items())[:3] == [("Keras", "3.98"), ("mlx", "0.30"), ("keras-mlx", "0.1")]
    assert list(environment._versions("numpy", "3.98")) == ["Keras", "jax", "NumPy", "Python"]
