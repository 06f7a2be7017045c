"""Using kcore imports neither PyTorch nor a backend that Keras has not imported itself.

Needs both backends in one environment: where the other one is not installed, nobody could import
it. TensorFlow itself imports JAX where it can, so what counts is what kcore adds to `import keras`.
PyTorch is in no environment, so a module of its name stands in for it and records the attempt.
"""

import os
import subprocess
import sys

import pytest

import kcore

USE_IT = """
import sys
import keras
import numpy as np

def frameworks():
    return {{name.split(".")[0] for name in sys.modules}} & {{"tensorflow", "jax", "torch"}}

before = frameworks()
import kcore
import {modules}

model = kcore.models.compile_classifier(kcore.models.cnn((12, 12, 1), 3, seed=0))
stop = kcore.training.StopAtTarget("accuracy", 0.99)
model.fit(np.ones((8, 12, 12, 1)), np.zeros(8), verbose=0, callbacks=[stop])
image = kcore.images.array_to_img(np.ones((12, 12, 3)))
kcore.preprocess.preprocess_input(kcore.images.img_to_array(image))
kcore.visualize.gallery(kcore.datasets.scenes.load_data(4, 0)[0][0])
print(keras.backend.backend(), *frameworks() - before)
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_kcore_imports_no_framework(backend, tmp_path):
    attempts = tmp_path / "attempts"
    (tmp_path / "torch.py").write_text(f"open({str(attempts)!r}, 'a').close()\n")
    modules = ", ".join(f"kcore.{name}" for name in kcore.__all__ if name != "__version__")
    result = subprocess.run(
        [sys.executable, "-c", USE_IT.format(modules=modules)],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(tmp_path)},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == backend
    assert not attempts.exists()
