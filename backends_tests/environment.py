"""Check that a test run uses the backend and the device that it claims.

Two environment variables state the claim; nox sets them for each of its sessions:

- `KCORE_TEST_BACKEND`: the name that `keras.backend.backend()` must return, or `none` for a run
  without any backend.
- `KCORE_TEST_DEVICE`: `cpu` or `gpu`.

Without them a run takes the backend that Keras chooses, and reports which one.
"""

import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

BACKEND_MODULES = ("tensorflow", "jax", "torch", "openvino")
"""The modules that Keras's backends import; each has the name of its backend."""

_LIBRARIES = {"numpy": "jax"}
"""Backend -> the library that computes convolutions and pools, if it has another name."""

_DISTRIBUTIONS = {"tensorflow": ("tensorflow", "tensorflow-cpu")}

ALONE = frozenset({"tensorflow", "jax"})
"""Backends that are tested with no other one installed. Keras's numpy backend needs JAX."""


class EnvironmentMismatchError(Exception):
    """The run is not what it claims to be."""


@dataclass(frozen=True)
class Environment:
    """The backend and the device that a run uses, with the versions that matter."""

    backend: str
    device: str
    versions: dict[str, str]

    def __str__(self) -> str:
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"backend: {self.backend}, device: {self.device}, {versions}"


def keep_float32_exact() -> None:
    """Switch TF32 off, which rounds float32 products to 10 bits on NVIDIA GPUs.

    Must run before a backend is imported: the libraries read these variables once.
    """
    os.environ["NVIDIA_TF32_OVERRIDE"] = "0"
    os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "float32"


def observe() -> Environment:
    """Import the backend that the run claims to use, and return what it really uses.

    Raises:
        EnvironmentMismatchError: if the backend can't be loaded, or if the backend or the device
            differs from the claimed one.
    """
    claimed_backend = os.environ.get("KCORE_TEST_BACKEND")
    if claimed_backend == "none":
        return _observe_without_backend()
    if claimed_backend is not None:
        os.environ["KERAS_BACKEND"] = claimed_backend
    keep_float32_exact()
    keras = _import_keras(os.environ.get("KERAS_BACKEND", "the default"))
    backend = keras.backend.backend()
    device = _device(keras)
    _compare("KCORE_TEST_BACKEND", claimed_backend, backend)
    if claimed_backend in ALONE:
        _refuse_other_backends(claimed_backend)
    _compare("KCORE_TEST_DEVICE", os.environ.get("KCORE_TEST_DEVICE"), device)
    return Environment(backend, device, _versions(backend, keras.__version__))


def _import_keras(backend: str) -> Any:
    try:
        import keras
    except (ImportError, ValueError) as error:  # ValueError for an unknown name
        raise EnvironmentMismatchError(
            f"Keras can't load its backend (KERAS_BACKEND={backend}): {error}. "
            "Install the backend or name another one; a run that can't load it must not pass."
        ) from error
    return keras


def _observe_without_backend() -> Environment:
    installed = _installed(BACKEND_MODULES)
    if installed:
        raise EnvironmentMismatchError(
            f"KCORE_TEST_BACKEND=none, but this environment has {', '.join(installed)} installed. "
            "Run `nox -s without_backend`, which makes an environment without any backend."
        )
    # Without a backend Keras can't be imported, so its distributions must tell its version.
    return Environment("none", "none", _versions("none", _version_of("keras", "keras-nightly")))


def _refuse_other_backends(claimed: str) -> None:
    others = _installed(module for module in BACKEND_MODULES if module != claimed)
    if others:
        raise EnvironmentMismatchError(
            f"KCORE_TEST_BACKEND={claimed}, but this environment has {', '.join(others)} installed "
            f"too. Run nox, which makes an environment with only {claimed}."
        )


def _installed(modules: Iterable[str]) -> list[str]:
    return [module for module in modules if importlib.util.find_spec(module)]


def _device(keras: Any) -> str:
    try:
        names = keras.distribution.list_devices()
    except (AttributeError, NotImplementedError):  # not every backend has a distribution API
        return "cpu"
    return "gpu" if any(name.startswith("gpu") for name in names) else "cpu"


def _compare(variable: str, claimed: str | None, observed: str) -> None:
    if claimed is not None and claimed != observed:
        raise EnvironmentMismatchError(f"{variable}={claimed}, but this run uses {observed!r}.")


def _versions(backend: str, keras_version: str | None) -> dict[str, str]:
    library = _LIBRARIES.get(backend, backend)
    package = f"keras-{backend}"  # of a backend that isn't part of Keras
    found = {
        "Keras": keras_version,
        library: _version_of(*_DISTRIBUTIONS.get(library, (library,))),
        package: _version_of(package),
        "NumPy": _version_of("numpy"),
        "Python": platform.python_version(),
    }
    return {name: version for name, version in found.items() if version is not None}


def _version_of(*distributions: str) -> str | None:
    """Return the version of the first distribution that is installed, None if none is."""
    for distribution in distributions:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None
