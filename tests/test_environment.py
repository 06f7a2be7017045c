"""A run uses the backend and the device that it claims, and a false claim is refused."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import kcore
from backends_tests.environment import EnvironmentMismatchError, observe


def pytest_with(**claims):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", __file__],
        capture_output=True,
        text=True,
        env={**os.environ, **claims},
    )


def test_the_claim_is_true(environment):
    assert environment.backend == keras.backend.backend()
    assert environment.backend == os.environ.get("KCORE_TEST_BACKEND", environment.backend)
    assert environment.device == os.environ.get("KCORE_TEST_DEVICE", environment.device)


def test_the_wheel_is_tested_if_that_is_claimed():
    claimed = "KCORE_TEST_WHEEL" in os.environ
    assert ("site-packages" in Path(kcore.__file__).parts) == claimed


def test_computation_happens_on_the_claimed_device(environment):
    tensor = keras.ops.ones((2, 2)) + 1
    device = str(tensor.device).lower()
    names = {"cpu": ("cpu",), "gpu": ("gpu", "cuda")}
    assert any(name in device for name in names[environment.device])


def test_an_environment_with_a_second_backend_is_refused(environment, monkeypatch):
    monkeypatch.setenv("KCORE_TEST_BACKEND", environment.backend)
    other = {"tensorflow": "jax", "jax": "tensorflow"}[environment.backend]
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == other or real(name))
    with pytest.raises(EnvironmentMismatchError, match=f"has {other} installed too"):
        observe()


def test_float32_products_are_exact_to_float32(environment):
    """TF32 keeps 10 bits of each factor, so the square of 1 + 2**-12 would be 1."""
    x = np.full((64, 64), 1 + 2.0**-12, dtype=np.float32)
    product = keras.ops.convert_to_numpy(keras.ops.matmul(x, x))
    np.testing.assert_allclose(product, x.astype(np.float64) @ x.astype(np.float64), rtol=1e-6)


def test_a_backend_that_cannot_be_loaded_fails(environment):
    result = pytest_with(KCORE_TEST_BACKEND="torch", KERAS_BACKEND="torch")
    assert result.returncode != 0
    assert "can't load its backend (KERAS_BACKEND=torch)" in result.stderr + result.stdout


@pytest.mark.slow
def test_a_false_claim_of_the_device_fails(environment):
    claim = {"cpu": "gpu", "gpu": "cpu"}[environment.device]
    result = pytest_with(KCORE_TEST_DEVICE=claim)
    assert result.returncode != 0
    expected = f"KCORE_TEST_DEVICE={claim}, but this run uses '{environment.device}'"
    assert expected in result.stderr + result.stdout


def test_none_is_refused_where_a_backend_is_installed(environment):
    result = pytest_with(KCORE_TEST_BACKEND="none")
    assert result.returncode != 0
    assert "but this environment has" in result.stderr + result.stdout


@pytest.mark.slow
def test_the_header_names_backend_device_and_versions(environment):
    result = pytest_with()
    for part in (f"backend: {environment.backend}", f"device: {environment.device}", "Keras 3."):
        assert part in result.stdout
