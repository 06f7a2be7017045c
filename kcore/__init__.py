"""Image classification on Keras 3, from one code path for TensorFlow and JAX.

Choose the backend as in Keras, with the environment variable `KERAS_BACKEND` or in
`~/.keras/keras.json`, before Keras is first imported. kcore itself is tied to no backend.

Subpackages are imported when they are first used, so `import kcore` takes almost no time, and
subpackages that need no backend, such as `kcore.images` and `kcore.datasets`, work without one.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kcore import (
        augment,
        data,
        datasets,
        explain,
        images,
        initializers,
        inspect,
        layers,
        models,
        nn,
        preprocess,
        random,
        shapes,
        training,
        visualize,
    )

__version__ = "0.2.0"

__all__ = [
    "__version__",
    "augment",
    "data",
    "datasets",
    "explain",
    "images",
    "initializers",
    "inspect",
    "layers",
    "models",
    "nn",
    "preprocess",
    "random",
    "shapes",
    "training",
    "visualize",
]

# If a type checker saw `__getattr__`, it would accept any attribute of kcore.
if not TYPE_CHECKING:

    def __getattr__(name):
        subpackages = [each for each in __all__ if each != "__version__"]
        if name in subpackages:
            return importlib.import_module(f"{__name__}.{name}")
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; it has {', '.join(subpackages)}"
        )


def __dir__() -> list[str]:
    return sorted(__all__)
