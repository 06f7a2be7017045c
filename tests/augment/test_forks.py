"""A forked process that would wait for its parent's threads without end is told to spawn."""

import subprocess
import sys

import pytest
from oracles import needs

SCRIPT = r"""
import os, sys, warnings
warnings.simplefilter("ignore")
import keras
import numpy as np
import kcore

folder = sys.argv[1]
images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype("uint8")
for number, image in enumerate(images):
    name = "ab"[number % 2]
    os.makedirs(f"{folder}/{name}", exist_ok=True)
    kcore.images.save_img(f"{folder}/{name}/{number}.png", image, scale=False)
L = keras.layers
model = keras.Sequential(
    [keras.Input((8, 8, 3)), L.Conv2D(2, 3, name="conv"), L.Flatten(), L.Dense(2, "softmax")]
)
matrices = np.tile(np.eye(2, 3), (4, 1, 1))
recipe = kcore.augment.Recipe(data_format="channels_last")
parameters = kcore.augment.Parameters.from_dicts([{"flip_horizontal": True}] * 4)

def loaded():
    x, y = kcore.data.from_directory(folder, image_size=(8, 8))[0]
    return x.shape

calls = {
    "warp": lambda: kcore.augment.warp(images, matrices, data_format="channels_last"),
    "apply": lambda: kcore.augment.apply(images, parameters, recipe),
    "grad_cam": lambda: kcore.explain.grad_cam(model, images / 255, "conv", 1),
    "activations": lambda: kcore.inspect.activations(model, images / 255),
    "classify": lambda: kcore.models.classify(model, [f"{folder}/a/0.png"]),
}
kcore.augment.warp(images, matrices, data_format="channels_last")
kcore.models.classify(model, [f"{folder}/a/0.png"])
child = os.fork()
if child:
    sys.exit(os.waitpid(child, 0)[1])
try:
    for name, call in calls.items():
        try:
            call()
            print("told", name, "computed", flush=True)
        except RuntimeError as error:
            print("told", name, error, flush=True)
    print("told", "loaded", loaded(), flush=True)
finally:
    os._exit(0)  # what a backend does at the end of a process may hang in a forked one
"""


@pytest.mark.slow
@needs.fork
def test_a_forked_process_is_refused_in_words_and_loads_images_all_the_same(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("told ")]
    told = dict(line.split(" ", 2)[1:] for line in lines)
    assert told.pop("loaded") == "(4, 8, 8, 3)"
    assert list(told) == ["warp", "apply", "grad_cam", "activations", "classify"]
    for message in told.values():
        assert "was forked from one that already did so" in message
        assert 'multiprocessing.get_context("spawn")' in message
