"""Each module of kcore imports only what its layer allows, and the check itself can fail."""

import sys
from pathlib import Path

import pytest
from oracles import import_rules

import kcore

ROOT = Path(kcore.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
PRESENT = frozenset(import_rules.module_name(path, ROOT.parent) for path in FILES)
KNOWN = PRESENT | {f"kcore.{component}" for component in import_rules.LAYERS}
STANDARD = frozenset(sys.stdlib_module_names)


def check(source, module, is_package=False):
    return import_rules.violations(source, module, KNOWN, STANDARD, is_package)


def name_of(path):
    return import_rules.module_name(path, ROOT.parent)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_module_imports_only_what_it_may(path):
    is_package = path.name == "__init__.py"
    assert check(path.read_text(), name_of(path), is_package) == []


def test_every_component_has_a_layer():
    components = {name.split(".")[1] for name in PRESENT if "." in name}
    assert components == set(import_rules.LAYERS)


FORBIDDEN = [
    ("kcore.models.cnn", "import tensorflow as tf"),
    ("kcore.models.cnn", "import jax.numpy as jnp"),
    ("kcore.models.cnn", "def f():\n    import torch"),
    ("kcore.models.cnn", "def f():\n    from tensorflow.python import x"),
    ("kcore.models.cnn", "import keras.src.layers"),
    ("kcore.models.cnn", "from keras.src import layers"),
    ("kcore.models.cnn", "from keras import src"),
    ("kcore.models.cnn", "import keras\nkeras.src.layers.Dense"),
    ("kcore.models.cnn", "import importlib\nimportlib.import_module('jax')"),
    ("kcore.models.cnn", "import importlib\nimportlib.import_module('ja' + 'x')"),
    ("kcore.models.cnn", "__import__('torch')"),
    ("kcore.models.cnn", "try:\n    import jaxlib\nexcept ImportError:\n    pass"),
    ("kcore.models.cnn", "import scipy"),
    ("kcore.models.cnn", "def f():\n    import pandas"),
    ("kcore.models.cnn", "from kcore.inspect import trace"),
    ("kcore.models.cnn", "from kcore import inspect"),
    ("kcore.models.cnn", "from ..inspect import trace"),
    ("kcore.models.cnn", "import kcore.inspect._trace"),
    ("kcore.images", "import keras"),
    ("kcore.images", "from kcore import preprocess"),
    ("kcore.images", "from kcore.datasets import scenes"),
    ("kcore.images._saving", "from .. import models"),
    ("kcore.images._saving", "import kcore\nkcore.models.cnn()"),
    ("kcore.images._saving", "import kcore as k\nk.models.cnn()"),
    ("kcore.models.cnn", "import keras as k\nk.src.layers"),
    ("kcore.models.cnn", "from keras import _tf_keras"),
    ("kcore.models.cnn", "from keras.backend import tensorflow"),
    ("kcore.models.cnn", "from importlib import import_module as load"),
    ("kcore.models.cnn", "import importlib as i\ni.import_module('jax')"),
    ("kcore.datasets.scenes", "import keras"),
    ("kcore.shapes._window", "import numpy"),
    ("kcore._files", "import numpy"),
    ("kcore._files", "from kcore._progress import progress_bar"),
    ("kcore.shapes._window", "def f():\n    import keras"),
    ("kcore.visualize.grid", "import matplotlib.pyplot as plt"),
    ("kcore.visualize.grid", "import keras"),
    ("kcore.models.cnn", "def f():\n    import matplotlib"),
    ("kcore.visualize.grid", "if matplotlib:\n    import matplotlib"),
    ("kcore.unknown", "from kcore.images import load_img"),
]


@pytest.mark.parametrize(("module", "source"), FORBIDDEN, ids=[f"{m}: {s}" for m, s in FORBIDDEN])
def test_a_forbidden_import_is_found(module, source):
    assert len(check(source, module)) == 1


def test_relative_imports_of_a_package_are_resolved():
    assert len(check("from ..models import cnn", "kcore.images", is_package=True)) == 1
    assert check("from .saving import save_img", "kcore.images", is_package=True) == []


ALLOWED = [
    ("kcore.models.cnn", "import keras\nimport numpy as np\nfrom PIL import Image\nimport math"),
    ("kcore.models.cnn", "from kcore.models._initial_weights import seed_weights"),
    ("kcore.models.cnn", "from kcore import _arguments, images"),
    (
        "kcore.models.cnn",
        "from ._seeding import seed_weights\nfrom .. import _arguments",
    ),
    ("kcore.models.cnn", "# import tensorflow\ntext = 'import jax'"),
    ("kcore.images", "def f():\n    import keras\n    return keras.config.floatx()"),
    ("kcore.visualize._callbacks.writer", "import keras"),
    ("kcore.visualize.grid", "def f():\n    import matplotlib.pyplot as plt"),
    (
        "kcore.visualize.grid",
        "if TYPE_CHECKING:\n    from matplotlib.figure import Figure",
    ),
    ("kcore.data.feed", "import grain"),
    ("kcore", "import importlib\nimportlib.import_module(f'{__name__}.{name}')"),
]


@pytest.mark.parametrize(("module", "source"), ALLOWED, ids=[f"{m}: {s}" for m, s in ALLOWED])
def test_an_allowed_import_is_let_through(module, source):
    assert check(source, module) == []
