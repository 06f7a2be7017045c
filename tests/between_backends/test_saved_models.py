"""A model saved under one backend predicts the same under the other.

Needs both backends in one environment, so nox runs it in a session of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BACKENDS = ("tensorflow", "jax")

BUILD = {
    "linear": ("kcore.models.linear((4,), seed=1)", (4,)),
    "mlp": ("kcore.models.mlp(seed=1)", (28, 28)),
    "cnn": ("kcore.models.cnn(seed=1)", (28, 28, 1)),
    "binary_cnn": ("kcore.models.binary_cnn((64, 48, 3), seed=1)", (64, 48, 3)),
    "functional_mlp": ("kcore.models.functional_mlp(seed=1)", (784,)),
    "subclassed_mlp": ("kcore.models.subclassed_mlp((9,), seed=1)", (9,)),
    "transfer": (
        (
            "kcore.models.transfer(kcore.models.cnn((28, 28, 3), seed=1), 'pool_2', "
            "preprocessing='caffe', seed=1)"
        ),
        (28, 28, 3),
    ),
}

SAVE = """
import sys, numpy as np, keras, kcore
folder = sys.argv[1]
for name, (build, shape) in {build}.items():
    model = eval(build)
    x = np.random.default_rng(0).random((5, *shape), dtype=np.float32)
    np.savez(f"{{folder}}/{{name}}.npz", x=x, y=model.predict(x, verbose=0), *model.get_weights())
    model.save(f"{{folder}}/{{name}}.keras")
print(keras.backend.backend())
"""

LOAD = """
import sys, numpy as np, keras, kcore.models
folder, out = sys.argv[1:]
for name in {names}:
    x = np.load(f"{{folder}}/{{name}}.npz")["x"]
    model = keras.saving.load_model(f"{{folder}}/{{name}}.keras")
    np.save(f"{{out}}/{{name}}.npy", model.predict(x, verbose=0))
print(keras.backend.backend())
"""


def run(backend: str, code: str, *arguments: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[-1] == backend


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folders = {}
    for backend in BACKENDS:
        folders[backend] = tmp_path_factory.mktemp(backend)
        run(backend, SAVE.format(build=BUILD), folders[backend])
    return folders


def test_one_seed_gives_the_same_bits_on_both(saved):
    for name in BUILD:
        first, second = (np.load(saved[backend] / f"{name}.npz") for backend in BACKENDS)
        weights = [key for key in first if key.startswith("arr_")]
        assert weights
        for key in weights:
            np.testing.assert_array_equal(first[key], second[key])


@pytest.mark.parametrize("writer", BACKENDS)
@pytest.mark.parametrize("reader", BACKENDS)
def test_predictions_survive_the_move(saved, tmp_path, writer, reader):
    run(reader, LOAD.format(names=list(BUILD)), saved[writer], tmp_path)
    for name in BUILD:
        expected = np.load(saved[writer] / f"{name}.npz")["y"]
        np.testing.assert_allclose(
            np.load(tmp_path / f"{name}.npy"), expected, rtol=1e-5, atol=1e-6, err_msg=name
        )
