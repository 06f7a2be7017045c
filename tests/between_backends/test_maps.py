"""Maps of one image and one set of weights are the same on both backends.

Needs both backends in one environment, so nox runs it in a session of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BACKENDS = ("tensorflow", "jax")

DRAW = """
import sys, keras, numpy as np
from kcore import explain

L = keras.layers
inputs = keras.Input((12, 10, 2))
base = keras.Sequential(
    [
        keras.Input((12, 10, 2)),
        L.Conv2D(4, 3, activation="relu"),
        L.MaxPooling2D(2),
        L.SeparableConv2D(6, 3, padding="same", activation="swish", name="last"),
    ],
    name="base",
)
outputs = L.Dense(3, activation="softmax")(L.Flatten()(base(inputs)))
model = keras.Model(inputs, outputs)
rng = np.random.default_rng(4)  # with these weights each map has a positive value
model.set_weights([rng.normal(scale=0.4, size=one.shape) for one in model.get_weights()])
x = rng.normal(size=(3, 12, 10, 2)).astype("float32")
classes = [0, 2, 1]
maps = {
    "grad_cam": explain.grad_cam(model, x, "last", classes),
    "grad_cam_plus_plus": explain.grad_cam_plus_plus(model, x, "last", classes),
    "layer_cam": explain.layer_cam(model, x, "last", classes),
    "score_cam": explain.score_cam(model, x, "last", classes),
    "saliency": explain.saliency(model, x, classes),
    "smooth_grad": explain.smooth_grad(model, x, classes, samples=4),
    "integrated_gradients": explain.integrated_gradients(model, x, classes, steps=20).values,
    "occlusion": explain.occlusion(model, x, classes, patch_size=5, stride=5),
}
np.savez(sys.argv[1], **maps)
print(keras.backend.backend())
"""


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """What each backend drew, name -> array."""
    folder = tmp_path_factory.mktemp("maps")
    found = {}
    for backend in BACKENDS:
        path = folder / f"{backend}.npz"
        draw(backend, path)
        found[backend] = dict(np.load(path))
    return found


def draw(backend: str, path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", DRAW, str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[-1] == backend


def test_maps_agree(maps):
    first, second = (maps[backend] for backend in BACKENDS)
    assert len(first) == 8
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, atol=1e-4, rtol=0, err_msg=name)


def test_each_map_says_something(maps):
    for name, values in maps["jax"].items():
        assert np.ptp(values, axis=tuple(range(1, values.ndim))).min() > 0.1, name
