"""A training run that began under one backend continues under the other.

Needs both backends in one environment, so nox runs it in a session of its own.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

BACKENDS = ("tensorflow", "jax")

# The order of images and the dropout come from kcore.random, so all backends train alike.
TRAIN = """
import sys, numpy as np, keras, kcore
start, path = sys.argv[1:]
images = np.random.default_rng(0).integers(0, 256, (12, 10, 10, 3), dtype="uint8")
if start:
    model = kcore.models.load(start)
    assert int(model.optimizer.iterations) == 3
    optimizer = model.optimizer
else:
    base = kcore.models.cnn((10, 10, 3), 3, filters=(4,), seed=1)
    model = kcore.models.transfer(
        base, base.layers[1].name, 3, preprocessing="unit", hidden_units=6, seed=1
    )
    optimizer = keras.optimizers.Adam(0.01)
seed = 2 if start else 1
kcore.models.train_head(
    model, images, np.arange(12) % 3, batch_size=4, optimizer=optimizer, seed=seed, verbose=0
)
kcore.models.save(model, path)
state = [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables]
np.savez(path + ".npz", *model.get_weights(), *state)
print(keras.backend.backend(), int(model.optimizer.iterations))
"""


def train(backend, start, path):
    result = subprocess.run(
        [sys.executable, "-c", TRAIN, str(start), str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()[-2:]


@pytest.mark.parametrize(("first", "second"), [BACKENDS, BACKENDS[::-1]])
def test_training_goes_on_with_the_optimizers_state(tmp_path, first, second):
    begun = tmp_path / "begun.keras"
    assert train(first, "", begun) == [first, "3"]
    for backend in (first, second):
        assert train(backend, begun, tmp_path / f"{backend}.keras") == [backend, "6"]
    stayed, moved = (np.load(tmp_path / f"{backend}.keras.npz") for backend in (first, second))
    assert len(stayed.files) > 12
    for name in stayed.files:
        np.testing.assert_allclose(moved[name], stayed[name], rtol=1e-4, atol=1e-6)
