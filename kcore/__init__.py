"""Image classification on Keras 3, from one code path for TensorFlow and JAX.

Choose the backend as Keras does, with the environment variable `KERAS_BACKEND` or in
`~/.keras/keras.json`, before the first import of Keras. kcore itself names no backend.

The rooms of the house are imported when they are first used, so that `import kcore` costs next to
nothing, and so that what needs no backend (`kcore.images`, `kcore.datasets`) works without one.
"""

import importlib
from types import ModuleType

__version__ = "0.1.0"

_MODULES = (
    "augment",
    "data",
    "datasets",
    "images",
    "inspect",
    "models",
    "nn",
    "preprocess",
    "random",
    "shapes",
    "training",
    "visualize",
)

__all__ = ["__version__", *_MODULES]


def __getattr__(name: str) -> ModuleType:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_MODULES)}"
    )


def __dir__() -> list[str]:
    return sorted(__all__)
